import Kernels
import Testing

struct ResidualGateTests {
  @Test(arguments: [(1, 1), (3, 17), (40, 64)])
  func the_gate_scales_the_skipped_path_and_has_the_gradient_of_finite_differences(_ rows: Int, _ width: Int) {
    let x = numbers(rows * width, "x"), branch = numbers(rows * width, "branch"), gate = numbers(width, "gate"),
      dy = numbers(rows * width, "dy")
    var y = branch, dx = dy, dGate = [Float](repeating: 2, count: width)
    var scratch = [Float](repeating: .nan, count: ResidualGate.scratchCount(width: width))
    ResidualGate.forward(&y, x, gate: gate, rows: rows, width: width, on: pair)
    ResidualGate.backward(dyThenDx: &dx, dGate: &dGate, x, gate: gate, rows: rows, width: width, scratch: &scratch, on: pair)
    func plain(_ x: [Double], _ gate: [Double]) -> [Double] { x.indices.map { Double(branch[$0]) + gate[$0 % width] * x[$0] } }
    expectClose(y, plain(doubles(x), doubles(gate)))
    expectClose(dx, differences(at: doubles(x)) { dot(plain($0, doubles(gate)), doubles(dy)) })
    expectClose(dGate, differences(at: doubles(gate)) { dot(plain(doubles(x), $0), doubles(dy)) }.map { $0 + 2 })
  }
}
