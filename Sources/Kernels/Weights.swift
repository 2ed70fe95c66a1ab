/// The parameters as the layers of a pass read them: f32 at an offset, and, where products are made in bf16, the keeper of the
/// packed copies.
package struct Weights {
  package let base: UnsafePointer<Float>
  package let products: BFloat16Products?

  package init(_ base: UnsafePointer<Float>, products: BFloat16Products? = nil) {
    self.base = base
    self.products = products
  }

  /// The floats at an offset of the parameter arena.
  @inline(__always)
  package static func + (weights: Weights, offset: Int) -> UnsafePointer<Float> { weights.base + offset }
}
