import Kernels
import Testing

/// Products in bf16 against the plain ones of operands rounded beforehand: only the order of sums is left between them. oneDNN
/// emulates on processors without instructions for bf16, so that these pass anywhere.
struct BFloat16ProductsTests {
  private static let shapes = [(1, 5, 3), (3, 1, 1), (16, 24, 61), (130, 64, 96), (257, 384, 33)]

  private static let zen5: CPUFeatures = [.avx2, .fma, .avx512f, .avx512bw, .avx512bf16]
  private static let rapids = zen5.union([.amxTile, .amxBF16])

  /// Processors whose way of products can be taken on this one: both where it has AVX-512.
  static let ways = CPUFeatures.detected.contains([.avx512f, .avx512bw]) ? [zen5, rapids] : [.detected]

  private func rounded(_ x: [Float]) -> [Float] {
    var half = [UInt16](repeating: 0, count: x.count), whole = x
    Conversion.floatToBFloat16(&half, x, count: x.count)
    Conversion.bfloat16ToFloat(&whole, half, count: x.count)
    return whole
  }

  /// y, dx and dW of a linear layer.
  private func passes(
    _ linear: Linear, _ weights: [Float], x: [Float], dy: [Float], rows: Int, _ products: BFloat16Products?
  ) -> [[Float]] {
    var y = [Float](repeating: 9, count: rows * linear.outputs), dx = [Float](repeating: 9, count: rows * linear.inputs)
    var gradients = [Float](repeating: 1, count: weights.count)
    weights.withUnsafeBufferPointer { buffer in
      let weights = Weights(buffer.baseAddress!, products: products)  // not empty
      linear.forward(&y, x, parameters: weights, rows: rows, on: pair)
      linear.backwardInput(&dx, dy, parameters: weights, rows: rows, on: pair)
      linear.backwardWeight(gradients: &gradients, parameters: weights, dy, x, rows: rows, on: pair)
    }
    return [y, dx, gradients]
  }

  @Test(arguments: [Linear.WeightLayout.outputsByInputs, .inputsByOutputs], ways)
  func the_three_products_are_those_of_rounded_operands(_ layout: Linear.WeightLayout, _ way: CPUFeatures) {
    for (rows, inputs, outputs) in Self.shapes {
      let linear = Linear(inputs: inputs, outputs: outputs, layout: layout, weight: 0, bias: inputs * outputs)
      var weights = numbers(inputs * outputs, "w")
      let bias = numbers(outputs, "b"), x = numbers(rows * inputs, "x"), dy = numbers(rows * outputs, "dy")
      let fast = passes(linear, weights + bias, x: x, dy: dy, rows: rows, BFloat16Products(parameters: 1, on: pair, features: way))
      weights = rounded(weights)
      var plain = passes(linear, weights + bias, x: rounded(x), dy: rounded(dy), rows: rows, nil)
      // The bias and its gradient are no products and not rounded.
      let exact = passes(linear, weights + bias, x: x, dy: dy, rows: rows, nil)
      for index in inputs * outputs..<plain[2].count { plain[2][index] = exact[2][index] }
      for (fast, plain) in zip(fast, plain) { expectClose(fast, doubles(plain), "\(layout) \(rows)×\(inputs)×\(outputs)") }
    }
  }

  @Test(arguments: ways)
  func a_weight_is_rounded_again_when_it_has_changed_and_only_then(_ way: CPUFeatures) {
    let linear = Linear(inputs: 32, outputs: 48, layout: .outputsByInputs, weight: 0), x = numbers(4 * 32, "x")
    var weights = numbers(32 * 48, "w")
    let products = BFloat16Products(parameters: 1, on: pair, features: way)
    weights.withUnsafeMutableBufferPointer { buffer in
      let base = buffer.baseAddress!  // not empty
      func forward() -> [Float] {
        var y = [Float](repeating: 0, count: 4 * 48)
        linear.forward(&y, x, parameters: Weights(base, products: products), rows: 4, on: pair)
        return y
      }
      let first = forward()
      for index in 0..<32 * 48 { base[index] *= 2 }
      #expect(forward() == first)
      products.weightsChanged()
      #expect(forward() == first.map { 2 * $0 })
    }
    #expect(products.byteCount >= 32 * 48 * 2)
  }

  @Test func the_plain_way_keeps_one_copy_of_a_weight_and_the_blocked_one_two() {
    let linear = Linear(inputs: 384, outputs: 640, layout: .outputsByInputs, weight: 0), count = 384 * 640
    let weights = numbers(count, "w"), x = numbers(8 * 384, "x"), dy = numbers(8 * 640, "dy"), operands = 2 * 8 * (384 + 640)
    for way in Self.ways {
      let products = BFloat16Products(parameters: 1, on: pair, features: way)
      _ = passes(linear, weights, x: x, dy: dy, rows: 8, products)
      #expect(products.byteCount <= BFloat16Products.weightByteCount(parameters: count, features: way) + operands)
    }
    #expect(BFloat16Products.weightByteCount(parameters: count, features: Self.zen5) == 2 * count)
    #expect(BFloat16Products.weightByteCount(parameters: count, features: Self.rapids) == 4 * count)
    #expect(BFloat16Products.weightByteCount(parameters: count, features: [.avx2, .fma]) == 4 * count)
  }

  /// A great model's weights are rounded as they are used, in parts of 4 Mi numbers: the same results but for the order of sums.
  @Test(arguments: [Linear.WeightLayout.outputsByInputs, .inputsByOutputs])
  func weights_that_are_not_kept_give_the_same_products(_ layout: Linear.WeightLayout) {
    let (rows, inputs, outputs) = (5, 2_100, 4_200), linear = Linear(inputs: inputs, outputs: outputs, layout: layout, weight: 0)
    let weights = numbers(inputs * outputs, "w"), x = numbers(rows * inputs, "x"), dy = numbers(rows * outputs, "dy")
    for way in Self.ways {
      let great = BFloat16Products(parameters: 200_000_000, on: pair, features: way)
      let kept = passes(linear, weights, x: x, dy: dy, rows: rows, BFloat16Products(parameters: 1, on: pair, features: way))
      let passing = passes(linear, weights, x: x, dy: dy, rows: rows, great)
      for (passing, kept) in zip(passing, kept) { expectClose(passing, doubles(kept), "\(layout)") }
      #expect(
        great.byteCount <= BFloat16Products.weightByteCount(parameters: inputs * outputs * 8, features: way) + 2 * rows * (inputs + outputs)
      )
      guard way == Self.zen5 else { continue }
      #expect(great.byteCount <= 2 * (4 << 20) + 2 * rows * (inputs + outputs))
    }
  }

  @Test(arguments: ways)
  func the_same_products_give_the_same_bits_again(_ way: CPUFeatures) {
    let linear = Linear(inputs: 384, outputs: 640, layout: .outputsByInputs, weight: 0)
    let weights = numbers(384 * 640, "w"), x = numbers(512 * 384, "x"), dy = numbers(512 * 640, "dy")
    let first = passes(linear, weights, x: x, dy: dy, rows: 512, BFloat16Products(parameters: 1, on: pair, features: way))
    let second = passes(linear, weights, x: x, dy: dy, rows: 512, BFloat16Products(parameters: 1, on: pair, features: way))
    #expect(first.map { $0.map(\.bitPattern) } == second.map { $0.map(\.bitPattern) })
  }

  @Test(arguments: ways)
  func the_heads_loss_in_bf16_is_near_that_in_f32(_ way: CPUFeatures) throws {
    let (rows, width, vocabulary) = (70, 48, 300)
    let x = numbers(rows * width, "x"), weight = numbers(vocabulary * width, "w").map { $0 * 0.3 }
    let targets = (0..<rows).map { $0 % 7 == 0 ? HeadLoss.ignoredTarget : Int32($0 * 4 % vocabulary) }
    func run(_ products: BFloat16Products?) throws -> (LossSum, dx: [Float], dWeight: [Float]) {
      let head = try HeadLoss(vocabulary: vocabulary, width: width, capacity: rows)
      var dx = x, dWeight = [Float](repeating: 0, count: weight.count)
      let sum = weight.withUnsafeBufferPointer { weight in
        dx.withUnsafeMutableBufferPointer { dx in
          dWeight.withUnsafeMutableBufferPointer { dWeight in
            head.run(
              x, weight: weight.baseAddress!, products: products, targets: targets, rows: rows,  // none is empty
              gradients: HeadLoss.Gradients(dx: dx.baseAddress!, dWeight: dWeight.baseAddress!, scale: 0.1), on: pair)
          }
        }
      }
      return (sum, dx, dWeight)
    }
    let exact = try run(nil), near = try run(BFloat16Products(parameters: 1, on: pair, features: way))
    #expect(near.0.targets == exact.0.targets && abs(near.0.loss - exact.0.loss) < 0.003 * exact.0.loss)
    // bf16 keeps 8 bits: an operand is off by at most 1 in 256, a sum of many by less.
    for (near, exact) in [(near.dx, exact.dx), (near.dWeight, exact.dWeight)] {
      let greatest = exact.map(abs).max() ?? 0
      #expect(zip(near, exact).allSatisfy { abs($0 - $1) < 0.02 * greatest })
    }
  }

  @Test func the_path_of_products_follows_what_the_processor_has() {
    let zen5 = Self.zen5, rapids = Self.rapids
    #expect(Precision.bfloat16.path(on: rapids) == "AMX bf16" && Precision.float32.path(on: rapids) == "AVX-512")
    #expect(Precision.bfloat16.path(on: zen5) == "AVX-512 bf16")
    #expect(Precision.float32.path(on: [.avx2, .fma]) == "AVX2" && Precision.float32.path(on: []) == "plain")
    #expect(Precision.chosen(wantsBFloat16: true, on: zen5) == .bfloat16 && Precision.chosen(wantsBFloat16: false, on: zen5) == .float32)
    #expect(Precision.chosen(wantsBFloat16: true, on: [.avx2, .fma, .avx512f, .avx512bw]) == .float32)
    let version = CPUFeatures.productLibraryVersion
    #expect(Precision.paths(on: rapids) == "f32 by AVX-512, bf16 by AMX bf16; oneDNN \(version)")
    #expect(Precision.paths(on: [.avx2, .fma]) == "f32 by AVX2, bf16 by no instructions, f32 in its place; oneDNN \(version)")
  }
}
