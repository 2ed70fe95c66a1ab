// Runs of one class. Each begins at `start` (which may itself be of another class: the run is then empty) and returns the
// offset of the first scalar of another class, or `end`.
extension ScanText {
  private static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// Eight bytes at a time while they are ASCII letters: a byte's high bit is set in the result where it is none.
  /// Lower-casing by setting bit 5, then two comparisons per byte by carries into the high bit; exact for every byte value.
  @inline(__always)
  private static func nonLetters(_ word: UInt64) -> UInt64 {
    let lowered = (word & 0x7F7F_7F7F_7F7F_7F7F) | 0x2020_2020_2020_2020
    let atLeastA = lowered &+ 0x1F1F_1F1F_1F1F_1F1F  // 0x80 - "a"
    let aboveZ = lowered &+ 0x0505_0505_0505_0505  // 0x7F - "z"
    return (~atLeastA | aboveZ | word) & highBits
  }

  @inline(__always)
  func letterRunEnd(from start: Int) -> Int {
    var offset = start
    while offset + 8 <= readableEnd {
      let stops = Self.nonLetters(word(at: offset))
      if stops == 0 {
        offset &+= 8
        if offset >= end { return end }
        continue
      }
      offset &+= stops.trailingZeroBitCount >> 3
      if offset >= end { return end }
      return bytes[offset] < 0x80 ? offset : mixedRunEnd(of: .letter, from: offset)
    }
    return mixedRunEnd(of: .letter, from: offset)
  }

  /// A run of letters that begins at `start` and ends within seven bytes at an ASCII character: the common word, found by
  /// one load and without a branch on its length. Nil for every other case.
  @inline(__always)
  func shortWordEnd(from start: Int) -> Int? {
    guard start &+ 8 <= readableEnd else { return nil }
    let word = word(at: start)
    let stops = Self.nonLetters(word)
    let firstStop = stops & (0 &- stops)
    // 0 where the first byte is no letter, or where all eight are.
    let length = firstStop.trailingZeroBitCount >> 3
    guard length &- 1 < 7, length > 0, word & firstStop == 0 else { return nil }
    return min(start &+ length, end)
  }

  /// A run of any class, scalar by scalar.
  func mixedRunEnd(of wanted: ScalarClass, from start: Int) -> Int {
    var offset = start
    while offset < end {
      let (scalarClass, length) = scalar(at: offset)
      if scalarClass != wanted { return offset }
      offset &+= length
    }
    return end
  }

  @inline(__always)
  func numberRunEnd(from start: Int) -> Int {
    var offset = start
    while offset < end, bytes[offset] &- 0x30 < 10 { offset &+= 1 }
    if offset >= end || bytes[offset] < 0x80 { return offset }
    return mixedRunEnd(of: .number, from: offset)
  }

  @inline(__always)
  func otherRunEnd(from start: Int) -> Int {
    var offset = start
    while offset < end, bytes[offset] < 0x80 {
      if asciiClass(bytes[offset]) != .other { return offset }
      offset &+= 1
    }
    return offset >= end ? end : mixedRunEnd(of: .other, from: offset)
  }

  /// A run of white space, and where its last scalar begins.
  @inline(__always)
  func spaceRun(from start: Int) -> (end: Int, lastScalar: Int) {
    var offset = start
    while offset + 8 <= readableEnd, word(at: offset) == 0x2020_2020_2020_2020 { offset &+= 8 }
    if offset > end { offset = end }
    var last = offset > start ? offset &- 1 : start
    while offset < end {
      let (scalarClass, length) = scalar(at: offset)
      if scalarClass != .space { break }
      last = offset
      offset &+= length
    }
    return (offset, last)
  }
}
