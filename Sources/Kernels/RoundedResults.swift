/// Where the backward pass of a norm puts what products in bf16 take.
package struct RoundedResults {
  /// dx as it is after the addition, (rows, width).
  package let dx: UnsafeMutablePointer<UInt16>
  /// The norm's output y, (rows, width), in the place of that in `dy`.
  package let y: UnsafeMutablePointer<UInt16>

  package init(dx: UnsafeMutablePointer<UInt16>, y: UnsafeMutablePointer<UInt16>) {
    self.dx = dx
    self.y = y
  }
}
