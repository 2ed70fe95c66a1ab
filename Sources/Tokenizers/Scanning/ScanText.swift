/// A piece of well-formed UTF-8 that a pre-tokenizer walks over, with the tables the walk needs.
///
/// A plain value of pointers, so that it lives in registers; it is valid only while the buffer and the tables are.
struct ScanText {
  let bytes: UnsafePointer<UInt8>
  /// Offset after the piece's last byte: nothing there or behind it belongs to the text that the patterns see.
  let end: Int
  /// Offset after the last byte that may be read. At least `end`; where the piece is a part of a longer buffer, more: words
  /// of eight bytes are loaded across `end` and what lies behind it is masked off.
  let readableEnd: Int
  /// The base of `ScalarClasses.patterns.table`.
  let classes: UnsafePointer<UInt8>

  init(_ bytes: UnsafePointer<UInt8>, end: Int, readableEnd: Int, classes: UnsafePointer<UInt8>) {
    self.bytes = bytes
    self.end = end
    self.readableEnd = readableEnd
    self.classes = classes
  }

  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(bytes + offset).loadUnaligned(as: UInt64.self))
  }

  /// The class of the scalar at `offset`, which must be before `end`, and its length in bytes.
  @inline(__always)
  func scalar(at offset: Int) -> (scalarClass: ScalarClass, length: Int) {
    let first = bytes[offset]
    if first < 0x80 { return (asciiClass(first), 1) }
    return multiByteScalar(at: offset)
  }

  /// As `scalar(at:)`, for a scalar that is not ASCII.
  @inline(__always)
  func multiByteScalar(at offset: Int) -> (scalarClass: ScalarClass, length: Int) {
    let (value, length) = Self.decode(bytes + offset)
    return (ScalarClasses.scalarClass(of: value, classes), length)
  }

  /// The scalar of two to four bytes that starts at `pointer`; the text is well-formed, so its bytes are all there.
  @inline(__always)
  static func decode(_ pointer: UnsafePointer<UInt8>) -> (value: UInt32, length: Int) {
    let first = UInt32(pointer[0])
    let second = UInt32(pointer[1] & 0x3F)
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(pointer[2] & 0x3F)
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(pointer[3] & 0x3F), 4)
  }

  @inline(__always)
  func asciiClass(_ byte: UInt8) -> ScalarClass {
    ScalarClass(bits: classes[Int(byte >> 2)] >> (byte & 3 &* 2) & 3)
  }
}

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
