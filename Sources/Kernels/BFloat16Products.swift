import CDNNL
import CKernels

/// Products in bf16 for one model: the weights in bf16, the products made for its shapes, and the operands while they are rounded.
///
/// Where products are made in blocks a weight is packed twice, for the forward product and for the gradient of its input; the plain
/// products take one rounded copy for both. Either is made when it is first used after `weightsChanged()`: once a step, however many
/// micro-batches a step has. A great model's copies are not kept at all for plain products: a weight is rounded into a buffer that all
/// share each time it is used, which costs one reading of it, at some 40 GB/s: a thirteenth of a product with 512 rows. Results are f32.
package final class BFloat16Products {
  private struct Place: Hashable {
    let weight: UnsafePointer<Float>
    /// Of a packed weight; a copy that lies as the weight does serves both directions, and counts as forward.
    let isForward: Bool
  }

  private struct Packed {
    let memory: Arena
    var version: Int
    /// oneDNN chooses a layout for a shape; another number of rows may want another. Nil for a copy that lies as the weight does.
    var layout: dnnl_memory_desc_t?
  }

  package let team: ThreadTeam
  private let way: BFloat16Product.Way
  private var products: [BFloat16Product.Shape: BFloat16Product] = [:]
  private var weights: [Place: Packed] = [:]
  private var version = 0
  /// Rounded operands of the product in progress, left and right, and the part of a weight that is not kept.
  private var operands: [Arena?] = [nil, nil, nil]

  /// Copies of up to so many bytes are kept: about what the processor's last cache holds anyway.
  private static let keptBytes = 64 << 20
  /// Numbers of a weight that are rounded at a time where copies are not kept; a greater weight goes in parts.
  private static let partCount = 4 << 20
  private let keepsCopies: Bool

  /// - parameters: of the model.
  /// - features: what the way of products is chosen by.
  package init(parameters: Int, on team: ThreadTeam, features: CPUFeatures = .detected) {
    self.team = team
    way = BFloat16Product.Way.chosen(on: features)
    keepsCopies = Self.keepsCopies(parameters: parameters, features: features)
  }

  /// Whether the weights of a model of so many parameters stay rounded for a step, rather than being rounded for each product.
  package static func keepsCopies(parameters: Int, features: CPUFeatures = .known) -> Bool {
    BFloat16Product.Way.chosen(on: features) == .blocked || 2 * parameters <= keptBytes
  }

  /// Bytes of rounded weights that a model of so many parameters takes.
  package static func weightByteCount(parameters: Int, features: CPUFeatures = .detected) -> Int {
    switch BFloat16Product.Way.chosen(on: features) {
    case .plain: keepsCopies(parameters: parameters, features: features) ? 2 * parameters : 2 * partCount
    case .blocked: 4 * parameters
    }
  }

  /// The rounded weights are out of date.
  package func weightsChanged() { version += 1 }

  /// Bytes of the rounded weights and operands.
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
    // The weight's element (input i, output o) lies at i + o · inputs or at i · outputs + o.
    let alongInputs = linear.layout == .outputsByInputs ? 1 : linear.outputs
    let alongOutputs = linear.layout == .outputsByInputs ? linear.inputs : 1
    let strides = isForward ? [alongInputs, alongOutputs] : [alongOutputs, alongInputs]
    if way == .plain {
      return plain(y, x, weight, isForward: isForward, linear, strides: strides, rows: rows, strideX: strideX, strideY: strideY ?? n)
    }
    let product = product(
      BFloat16Product.Shape(
        m: rows, n: n, k: k, stridesA: [strideX, 1], stridesB: nil, strideC: strideY ?? n, accumulates: false, threads: team.count,
        way: way))
    let packed = packed(weight, isForward: isForward, product, k: k, n: n, strides: strides)
    WorkClock.count(.products) { product.run(y, x, packed, threads: team.count) }
  }

  /// The same with the weight as it lies: whole where its copy is kept, else in parts of its rows. Those are columns of the result, or
  /// columns of x whose shares add up.
  private func plain(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<UInt16>, _ weight: UnsafePointer<Float>, isForward: Bool, _ linear: Linear,
    strides: [Int], rows: Int, strideX: Int, strideY: Int
  ) {
    let isOutputMajor = linear.layout == .outputsByInputs
    let weightRows = isOutputMajor ? linear.outputs : linear.inputs, width = isOutputMajor ? linear.inputs : linear.outputs
    let size = keepsCopies ? weightRows : max(1, Self.partCount / width)
    for start in stride(from: 0, to: weightRows, by: size) {
      let count = min(size, weightRows - start), isOfResult = isForward == isOutputMajor
      let product = product(
        BFloat16Product.Shape(
          m: rows, n: isOfResult ? count : width, k: isOfResult ? width : count, stridesA: [strideX, 1], stridesB: strides,
          strideC: strideY, accumulates: !isOfResult && start > 0, threads: team.count, way: way))
      let part = copy(weight + start * width, count: count * width)
      WorkClock.count(.products) {
        product.run(y + (isOfResult ? start : 0), x + (isOfResult ? 0 : start), part, threads: team.count)
      }
    }
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
        m: m, n: n, k: rows, stridesA: [1, strideA], stridesB: [n, 1], strideC: n, accumulates: true, threads: team.count,
        way: way))
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
    var wanted = product.layoutB
    return rounded(Place(weight: weight, isForward: isForward), byteCount: product.byteCountB, wanted) { layout in
      layout.map { layout in
        var layout = layout
        return dnnl_memory_desc_equal(&layout, &wanted) != 0
      } ?? false
    } fill: { memory in
      product.pack(memory, weight, k: k, n: n, strides: strides, threads: team.count)
    }
  }

  /// The weight in bf16, lying as it does; valid until the next copy where these are not kept.
  private func copy(_ weight: UnsafePointer<Float>, count: Int) -> UnsafeRawPointer {
    if !keepsCopies {
      let part = operand(count: count, side: 2)
      Conversion.floatToBFloat16(part, weight, count: count, on: team)
      return UnsafeRawPointer(part)
    }
    return rounded(Place(weight: weight, isForward: true), byteCount: 2 * count, nil) {
      $0 == nil
    } fill: { memory in
      Conversion.floatToBFloat16(memory.assumingMemoryBound(to: UInt16.self), weight, count: count, on: team)
    }
  }

  /// What is kept of a weight, filled again where it is stale or lies otherwise than it is to.
  private func rounded(
    _ place: Place, byteCount: Int, _ layout: dnnl_memory_desc_t?, isFitting: (dnnl_memory_desc_t?) -> Bool,
    fill: (UnsafeMutableRawPointer) -> Void
  ) -> UnsafeRawPointer {
    let kept = weights[place].flatMap { $0.memory.byteCount >= byteCount ? $0 : nil }
    var entry = kept ?? Packed(memory: Self.memory(byteCount), version: version - 1, layout: layout)
    let memory = UnsafeMutableRawPointer(entry.memory.pointer(ArenaSlot(byteOffset: 0, count: byteCount), as: UInt8.self))
    if entry.version != version || !isFitting(entry.layout) {
      fill(memory)
      entry.version = version
      entry.layout = layout
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
