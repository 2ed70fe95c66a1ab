/// How often each length occurs: exact, in a table for usual lengths and a dictionary for the few beyond.
struct LengthCounts {
  private var usual = [Int](repeating: 0, count: 4_096)
  private var long: [Int: Int] = [:]

  mutating func add(_ length: Int, count: Int = 1) {
    if length < usual.count { usual[length] += count } else { long[length, default: 0] += count }
  }

  mutating func add(_ other: LengthCounts) {
    for (length, count) in other.ascending { add(length, count: count) }
  }

  /// Each length that occurs, with how often.
  var ascending: [(length: Int, count: Int)] {
    usual.indices.filter { usual[$0] > 0 }.map { ($0, usual[$0]) } + long.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
