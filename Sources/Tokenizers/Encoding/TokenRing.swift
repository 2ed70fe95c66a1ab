/// Memory for what does not fit into a cache's entries, written round and round: the oldest content is overwritten, and who
/// remembers a place asks whether it still holds.
///
/// Counted in words of 64 bits from the beginning of time, so that a place is never mistaken for a later one.
struct TokenRing {
  private static let capacity = 1 << 20
  private static let mask = UInt64(capacity - 1)
  /// Behind the content, in memory and not in a variable so that copies of this value are one ring: the next place.
  private static let positionIndex = capacity

  private let words: UnsafeMutablePointer<UInt64>

  init() {
    words = .allocate(capacity: Self.capacity + 1)
    words[Self.positionIndex] = UInt64(Self.capacity)
  }

  func deallocate() { words.deallocate() }

  /// What was written at a place, or nil where the ring has come round since.
  @inline(__always)
  func content(at place: UInt64) -> UnsafeMutableRawPointer? {
    guard words[Self.positionIndex] &- place <= UInt64(Self.capacity) else { return nil }
    return UnsafeMutableRawPointer(words + Int(truncatingIfNeeded: place & Self.mask))
  }

  /// Room for some words, in one piece.
  func reserve(words count: Int) -> (place: UInt64, content: UnsafeMutableRawPointer) {
    var place = words[Self.positionIndex]
    let left = UInt64(Self.capacity) - place & Self.mask
    if left < UInt64(count) { place += left }
    words[Self.positionIndex] = place + UInt64(count)
    return (place, UnsafeMutableRawPointer(words + Int(place & Self.mask)))
  }
}
