import Kernels

/// Rotary tables as a workspace needs them: made once, longer when longer sequences come.
struct RotaryCache {
  private let configuration: RotaryConfiguration
  private let headSize: Int
  private var table: RotaryTable

  init(_ configuration: RotaryConfiguration, headSize: Int, length: Int) {
    self.configuration = configuration
    self.headSize = headSize
    var length = length
    if case .dynamic(_, let maximum) = configuration.scaling { length = maximum }
    table = RotaryTable(headSize: headSize, base: configuration.base, scaling: configuration.scaling, length: length)
  }

  /// The table for the input's positions. Dynamic scaling takes its base from the greatest length in use, as transformers'
  /// dynamic_rope_update does: beyond the maximum the table is made anew for each greater length, and back within it the
  /// frequencies of training hold again. Keys in a cache are not turned again.
  mutating func table(for input: PassInput) -> RotaryTable {
    var greatest: Int32 = 0
    for row in 0..<input.rows { greatest = max(greatest, input.positions[row]) }
    let length = Int(greatest) + 1
    if case .dynamic(_, let maximum) = configuration.scaling {
      if length > table.length { make(length) } else if length < maximum, table.length > maximum { make(maximum) }
    } else if length > table.length {
      make(max(length, 2 * table.length))
    }
    return table
  }

  private mutating func make(_ length: Int) {
    table = RotaryTable(headSize: headSize, base: configuration.base, scaling: configuration.scaling, length: length)
  }
}
