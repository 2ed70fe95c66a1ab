/// Words of a text as they are compared: letters, marks and digits, small, without apostrophes.
///
/// What is no UTF-8 parts words: as many bytes of it as its first byte announces.
enum NormalizedText {
  /// Room that `write` needs for so many bytes: a small letter may be longer than its capital (U+023A), but less than twice.
  static func capacity(for count: Int) -> Int { 2 * count + 8 }

  /// Appends the words of a text, a space behind each.
  static func appendWords(of text: UnsafeBufferPointer<UInt8>, to words: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity(for: text.count)) { scratch in
      guard let output = scratch.baseAddress else { return }
      words.append(contentsOf: UnsafeBufferPointer(start: output, count: write(text, to: output)))
    }
  }

  /// Writes the words of a text, a space behind each; returns how many bytes it wrote.
  static func write(_ text: UnsafeBufferPointer<UInt8>, to output: UnsafeMutablePointer<UInt8>) -> Int {
    var (index, count) = (0, 0)
    var isWithin = false
    while index < text.count {
      if let written = writeCharacter(of: text, at: &index, to: output + count) {
        count &+= written
        isWithin = isWithin || written > 0
      } else if isWithin {
        output[count] = 0x20
        count &+= 1
        isWithin = false
      }
    }
    if isWithin {
      output[count] = 0x20
      count &+= 1
    }
    return count
  }

  /// Writes what becomes of the character at `index`, which it moves behind it (or, where bytes are missing, behind the text's end).
  ///
  /// - Returns: bytes written, 0 for a character that words are compared without; nil for one that parts words.
  @inline(__always)
  static func writeCharacter(
    of text: UnsafeBufferPointer<UInt8>, at index: inout Int, to output: UnsafeMutablePointer<UInt8>
  ) -> Int? {
    let byte = text[index]
    guard byte >= 0x80 else {
      index &+= 1
      let small = byte | 0x20
      if small &- 0x61 < 26 || byte &- 0x30 < 10 {
        output[0] = small  // digits have that bit already
        return 1
      }
      return byte == 0x27 ? 0 : nil  // "don't" is one word
    }
    let start = index
    index &+= byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
    guard index <= text.count, let base = text.baseAddress, let scalar = scalar(at: base + start, count: index &- start) else { return nil }
    switch LetterTable.code(of: scalar) {
    case LetterTable.separator: return nil
    case LetterTable.ignored: return 0
    case LetterTable.kept:
      for offset in 0..<index &- start { output[offset] = text[start &+ offset] }
      return index &- start
    case LetterTable.mapped:
      var count = 0
      for unit in Unicode.Scalar(scalar)?.properties.lowercaseMapping.utf8 ?? "".utf8 {
        output[count] = unit
        count += 1
      }
      return count
    case let small: return write(small, to: output)
    }
  }

  /// Writes a character of U+0080 to U+FFFF.
  @inline(__always)
  private static func write(_ scalar: UInt16, to output: UnsafeMutablePointer<UInt8>) -> Int {
    if scalar < 0x800 {
      output[0] = 0xC0 | UInt8(truncatingIfNeeded: scalar >> 6)
      output[1] = 0x80 | UInt8(truncatingIfNeeded: scalar) & 0x3F
      return 2
    }
    output[0] = 0xE0 | UInt8(truncatingIfNeeded: scalar >> 12)
    output[1] = 0x80 | UInt8(truncatingIfNeeded: scalar >> 6) & 0x3F
    output[2] = 0x80 | UInt8(truncatingIfNeeded: scalar) & 0x3F
    return 3
  }

  /// The scalar of so many bytes, 2 to 4; nil where they are not well-formed (Unicode 16, table 3-7).
  @inline(__always)
  private static func scalar(at bytes: UnsafePointer<UInt8>, count: Int) -> UInt32? {
    var scalar = UInt32(bytes[0]) & (0x7F >> UInt32(truncatingIfNeeded: count))
    for offset in 1..<count {
      guard bytes[offset] & 0xC0 == 0x80 else { return nil }
      scalar = scalar << 6 | UInt32(bytes[offset] & 0x3F)
    }
    switch count {
    case 2: return bytes[0] >= 0xC2 ? scalar : nil
    case 3: return scalar >= 0x800 && scalar & 0xF800 != 0xD800 ? scalar : nil
    default: return bytes[0] <= 0xF4 && scalar >= 0x1_0000 && scalar <= 0x10_FFFF ? scalar : nil
    }
  }
}
