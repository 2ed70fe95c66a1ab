import CDNNL
import CKernels

/// Products in bf16 for one model: the packed weights, the products made for its shapes, and the operands while they are rounded.
///
/// A weight is packed twice, for the forward product and for the gradient of its input, when it is first used after
/// `weightsChanged()`: once a step, however many micro-batches a step has. Results are f32.
package final class BFloat16Products {
  private struct Place: Hashable {
    let weight: UnsafePointer<Float>
    let isForward: Bool
  }

  private struct Packed {
    let memory: Arena
    var version: Int
    /// oneDNN chooses a layout for a shape; another number of rows may want another.
    var layout: dnnl_memory_desc_t
  }

  package let team: ThreadTeam
  private var products: [BFloat16Product.Shape: BFloat16Product] = [:]
  private var weights: [Place: Packed] = [:]
  private var version = 0
  /// Rounded operands of the product in progress, left and right.
  private var operands: [Arena?] = [nil, nil]

  package init(on team: ThreadTeam) { self.team = team }

  /// The packed copies are out of date.
  package func weightsChanged() { version += 1 }

  /// Bytes of the packed copies and the rounded operands.
  package var byteCount: Int {
    weights.values.reduce(0) { $0 + $1.memory.byteCount } + operands.reduce(0) { $0 + ($1?.byteCount ?? 0) }
  }

  /// y (rows, outputs) = x (rows, inputs) W, or dx = dy Wᵀ with `isForward` false; strideY is y's distance of rows.
  func multiply(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ linear: Linear, _ weight: UnsafePointer<Float>, isForward: Bool,
    rows: Int, strideY: Int? = nil
  ) {
    let k = isForward ? linear.inputs : linear.outputs
    multiply(y, rounded(x, count: rows * k, side: 0), linear, weight, isForward: isForward, rows: rows, strideX: k, strideY: strideY)
  }

  /// The same from an x that is rounded already.
  func multiply(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<UInt16>, _ linear: Linear, _ weight: UnsafePointer<Float>, isForward: Bool,
    rows: Int, strideX: Int, strideY: Int? = nil
  ) {
    let (n, k) = isForward ? (linear.outputs, linear.inputs) : (linear.inputs, linear.outputs)
    let product = product(
      BFloat16Product.Shape(
        m: rows, n: n, k: k, stridesA: [strideX, 1], stridesB: nil, strideC: strideY ?? n, accumulates: false, threads: team.count))
    // The weight's element (input i, output o) lies at i + o · inputs or at i · outputs + o.
    let alongInputs = linear.layout == .outputsByInputs ? 1 : linear.outputs
    let alongOutputs = linear.layout == .outputsByInputs ? linear.inputs : 1
    let packed = packed(
      weight, isForward: isForward, product, k: k, n: n,
      strides: isForward ? [alongInputs, alongOutputs] : [alongOutputs, alongInputs])
    WorkClock.count(.products) { product.run(y, x, packed, threads: team.count) }
  }

  /// dW += dyᵀ x, in the weight's layout.
  func accumulate(
    dWeight: UnsafeMutablePointer<Float>, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ linear: Linear, rows: Int
  ) {
    accumulate(
      dWeight: dWeight, rounded(dy, count: rows * linear.outputs, side: 0), rounded(x, count: rows * linear.inputs, side: 1), linear,
      rows: rows)
  }

  /// The same from operands that are rounded already.
  func accumulate(
    dWeight: UnsafeMutablePointer<Float>, _ dy: UnsafePointer<UInt16>, _ x: UnsafePointer<UInt16>, _ linear: Linear, rows: Int
  ) {
    switch linear.layout {
    case .outputsByInputs:
      accumulate(dWeight, dy, x, m: linear.outputs, n: linear.inputs, rows: rows, strideA: linear.outputs)
    case .inputsByOutputs:
      accumulate(dWeight, x, dy, m: linear.inputs, n: linear.outputs, rows: rows, strideA: linear.inputs)
    }
  }

  /// C (m, n) += Aᵀ B with A (rows, m) and B (rows, n).
  func accumulate(
    _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, m: Int, n: Int, rows: Int, strideA: Int
  ) {
    let product = product(
      BFloat16Product.Shape(
        m: m, n: n, k: rows, stridesA: [1, strideA], stridesB: [n, 1], strideC: n, accumulates: true, threads: team.count))
    WorkClock.count(.products) { product.run(c, a, b, threads: team.count) }
  }

  /// x rounded to bf16, valid until the next product with an operand on that side.
  func rounded(_ x: UnsafePointer<Float>, count: Int, side: Int) -> UnsafePointer<UInt16> {
    let y = operand(count: count, side: side)
    Conversion.floatToBFloat16(y, x, count: count, on: team)
    return UnsafePointer(y)
  }

  private func operand(count: Int, side: Int) -> UnsafeMutablePointer<UInt16> {
    if let arena = operands[side], arena.byteCount >= 2 * count {
      return arena.pointer(ArenaSlot(byteOffset: 0, count: count), as: UInt16.self)
    }
    operands[side] = nil  // before the next is taken: never both
    let arena = Self.memory(2 * count)
    operands[side] = arena
    return arena.pointer(ArenaSlot(byteOffset: 0, count: count), as: UInt16.self)
  }

  private func product(_ shape: BFloat16Product.Shape) -> BFloat16Product {
    if let product = products[shape] { return product }
    let product = BFloat16Product(shape)
    products[shape] = product
    return product
  }

  private func packed(
    _ weight: UnsafePointer<Float>, isForward: Bool, _ product: BFloat16Product, k: Int, n: Int, strides: [Int]
  ) -> UnsafeRawPointer {
    let place = Place(weight: weight, isForward: isForward), size = product.byteCountB
    var wanted = product.layoutB
    var entry = weights[place] ?? Packed(memory: Self.memory(size), version: version - 1, layout: wanted)
    if entry.memory.byteCount < size { entry = Packed(memory: Self.memory(size), version: version - 1, layout: wanted) }
    let memory = entry.memory.pointer(ArenaSlot(byteOffset: 0, count: size), as: UInt8.self)
    if entry.version != version || dnnl_memory_desc_equal(&entry.layout, &wanted) == 0 {
      product.pack(memory, weight, k: k, n: n, strides: strides, threads: team.count)
      entry.version = version
      entry.layout = wanted
      weights[place] = entry
    }
    return UnsafeRawPointer(memory)
  }

  /// A pass is no place for errors, and Linux hands out address space without counting: a refusal is the end of the job, as the
  /// killer of processes would make it.
  private static func memory(_ size: Int) -> Arena {
    do { return try Arena(byteCount: size) } catch { preconditionFailure(error.description) }
  }
}
