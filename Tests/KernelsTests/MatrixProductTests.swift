import Kernels
import Testing

struct MatrixProductTests {
  static let sizes = [(1, 1, 1), (1, 5, 1), (3, 5, 7), (1, 64, 100), (17, 33, 65), (64, 64, 64), (130, 70, 31), (5, 200, 3)]

  @Test(arguments: MatrixProduct.Form.allCases)
  func products_equal_the_plain_version_at_all_sizes(_ form: MatrixProduct.Form) {
    for (m, n, k) in Self.sizes {
      let a = numbers(m * k, "a"), b = numbers(k * n, "b"), before = numbers(m * n, "c")
      for accumulate in [false, true] {
        var fast = before, plain = before
        MatrixProduct.multiply(form, &fast, a, b, m: m, n: n, k: k, accumulate: accumulate, on: pair)
        MatrixProduct.plain(form, &plain, a, b, m: m, n: n, k: k, accumulate: accumulate)
        expectClose(fast, doubles(plain), "\(form) \(m)×\(n)×\(k)")
      }
    }
  }

  /// The products of decoding: one to sixteen rows, in blocks of 8, 4, 2 and 1; rows so long that they go in runs, with and without a rest.
  @Test func few_rows_equal_the_plain_version_and_the_bits_do_not_depend_on_threads() {
    for m in [1, 2, 3, 7, 8, 13, 16] {
      for (n, k) in [(1, 1), (17, 33), (65, 384), (131, 1_000), (16, 6_200), (400, 777)] {
        let a = numbers(m * k, "a"), b = numbers(k * n, "b")
        var plain = [Float](repeating: 0, count: m * n)
        MatrixProduct.plain(.nt, &plain, a, b, m: m, n: n, k: k)
        let results = teams.map { team in
          var fast = [Float](repeating: 9, count: m * n)
          MatrixProduct.multiply(.nt, &fast, a, b, m: m, n: n, k: k, on: team)
          return fast
        }
        expectClose(results[0], doubles(plain), "\(m)×\(n)×\(k)")
        for other in results { #expect(other.map(\.bitPattern) == results[0].map(\.bitPattern), "\(m)×\(n)×\(k)") }
      }
    }
  }

  @Test func the_plain_version_is_the_definition() {
    var c: [Float] = [1, 1, 1, 1]
    MatrixProduct.plain(.nn, &c, [1, 2, 3, 4, 5, 6], [1, 0, 0, 1, 1, 1], m: 2, n: 2, k: 3)
    #expect(c == [4, 5, 10, 11])
    MatrixProduct.plain(.nt, &c, [1, 2, 3, 4, 5, 6], [1, 0, 1, 0, 1, 1], m: 2, n: 2, k: 3, accumulate: true)
    #expect(c == [8, 10, 20, 22])
    MatrixProduct.plain(.tn, &c, [1, 4, 2, 5, 3, 6], [1, 0, 0, 1, 1, 1], m: 2, n: 2, k: 3)
    #expect(c == [4, 5, 10, 11])
  }

  @Test func strides_pick_a_part_out_of_wider_rows() {
    let (m, n, k) = (6, 5, 4), (strideA, strideB, strideC) = (9, 11, 7)
    let a = numbers(m * strideA, "a"), b = numbers(n * strideB, "b")
    var c = [Float](repeating: 3, count: m * strideC)
    MatrixProduct.multiply(.nt, &c, a, b, m: m, n: n, k: k, strideC: strideC, strideA: strideA, strideB: strideB, on: pair)
    for i in 0..<m {
      for j in 0..<strideC {
        let product = (0..<k).reduce(0.0) { $0 + Double(a[i * strideA + $1]) * Double(j < n ? b[j * strideB + $1] : 0) }
        #expect(abs(Double(c[i * strideC + j]) - (j < n ? product : 3)) < 1e-5)
      }
    }
  }

  @Test func the_same_product_gives_the_same_bits_again() {
    let (m, n, k) = (384, 257, 1024)
    let a = numbers(m * k, "a"), b = numbers(k * n, "b")
    for form in MatrixProduct.Form.allCases {
      var first = [Float](repeating: 0, count: m * n), second = first
      MatrixProduct.multiply(form, &first, a, b, m: m, n: n, k: k, on: pair)
      MatrixProduct.multiply(form, &second, a, b, m: m, n: n, k: k, on: pair)
      #expect(first.map(\.bitPattern) == second.map(\.bitPattern))
      var single = first
      MatrixProduct.multiply(form, &single, a, b, m: m, n: n, k: k, on: ThreadTeam(count: 1))
      expectClose(single, doubles(first), tolerance: 1e-6, "one thread, \(form)")
    }
  }

  @Test(arguments: [Linear.WeightLayout.outputsByInputs, .inputsByOutputs])
  func a_linear_layers_gradients_are_finite_differences(_ layout: Linear.WeightLayout) {
    let (rows, inputs, outputs) = (3, 5, 4)
    let x = numbers(rows * inputs, "x"), parameters = numbers(inputs * outputs + outputs, "w"), dy = numbers(rows * outputs, "dy")
    let linear = Linear(inputs: inputs, outputs: outputs, layout: layout, weight: 0, bias: inputs * outputs)
    func plain(_ x: [Double], _ p: [Double]) -> [Double] {
      (0..<rows * outputs).map { index in
        let (row, output) = (index / outputs, index % outputs)
        return (0..<inputs).reduce(p[inputs * outputs + output]) { sum, input in
          sum + x[row * inputs + input] * p[layout == .outputsByInputs ? output * inputs + input : input * outputs + output]
        }
      }
    }
    var y = [Float](repeating: 9, count: rows * outputs), dx = [Float](repeating: 9, count: x.count)
    var gradients = [Float](repeating: 1, count: parameters.count)
    parameters.withUnsafeBufferPointer { buffer in
      let weights = Weights(buffer.baseAddress!)  // not empty
      linear.forward(&y, x, parameters: weights, rows: rows, on: pair)
      linear.backwardInput(&dx, dy, parameters: weights, rows: rows, on: pair)
      linear.backwardWeight(gradients: &gradients, parameters: weights, dy, x, rows: rows, on: pair)
    }
    expectClose(y, plain(doubles(x), doubles(parameters)))
    expectClose(dx, differences(at: doubles(x)) { dot(plain($0, doubles(parameters)), doubles(dy)) })
    expectClose(gradients, differences(at: doubles(parameters)) { dot(plain(doubles(x), $0), doubles(dy)) }.map { $0 + 1 })
  }
}
