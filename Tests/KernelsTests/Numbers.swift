import Kernels
import Testing

/// Normal numbers from a stream of the given name.
func numbers(_ count: Int, _ name: String, deviation: Double = 1) -> [Float] {
  let random = CounterRandom(seed: 7, name: name)
  return (0..<count).map { Float(random.normals(at: UInt64($0)).0 * deviation) }
}

func doubles(_ values: [Float]) -> [Double] { values.map(Double.init) }

/// The gradient of f at x by central differences.
func differences(at x: [Double], of f: ([Double]) -> Double) -> [Double] {
  let step = 1e-5
  return x.indices.map { index in
    var above = x, below = x
    above[index] += step
    below[index] -= step
    return (f(above) - f(below)) / (2 * step)
  }
}

func dot(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }

/// Equal up to `tolerance` times the greatest expected number (at least 1e-3 of it).
func expectClose(
  _ actual: [Float], _ expected: [Double], tolerance: Double = 1e-5, _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  let scale = max(expected.reduce(0) { max($0, abs($1)) }, 1e-3)
  let worst = zip(actual, expected).enumerated().max { abs(Double($0.1.0) - $0.1.1) < abs(Double($1.1.0) - $1.1.1) }
  guard let (index, (is_, should)) = worst else { return }
  let isClose = abs(Double(is_) - should) <= tolerance * scale  // false for NaN
  #expect(isClose, "\(what) element \(index): \(is_), not \(should)", sourceLocation: sourceLocation)
  #expect(actual.allSatisfy { $0.isFinite }, "\(what)", sourceLocation: sourceLocation)
}

let pair = ThreadTeam(count: 2)
let teams = [1, 2, 3, 7].map(ThreadTeam.init)

/// Runs the operation with each number of threads and expects the same bits from all.
func expectSameBits(_ sourceLocation: SourceLocation = #_sourceLocation, _ operation: (ThreadTeam) -> [Float]) {
  let results = teams.map { operation($0).map(\.bitPattern) }
  for (team, result) in zip(teams, results) {
    #expect(result == results[0], "\(team.count) threads", sourceLocation: sourceLocation)
  }
}
