/// The letters in which byte-level vocabularies write bytes: every byte is a printable scalar, so that a token of any bytes
/// is a word without spaces.
///
/// Source: `bytes_to_unicode` of openai/gpt-2 (src/encoder.py). The bytes `!`…`~`, 0xA1…0xAC and 0xAE…0xFF stand for
/// themselves as scalars; the other 68, in their order, are U+0100, U+0101, …; a space is so U+0120, "Ġ".
package enum ByteAlphabet {
  /// The scalar of every byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(UInt8(byte))
      default:
        defer { next += 1 }
        return Unicode.Scalar(next)!  // because 0x100 to 0x143 are scalars
      }
    }
  }()

  /// The byte of every scalar up to U+0143, or -1.
  private static let bytes = FrozenTable<Int16>(count: 0x144, repeating: -1) { bytes in
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
  }

  /// The bytes that a token's text stands for, or nil where one of its scalars is no letter of this alphabet.
  package static func bytes(of text: String) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard scalar.value < bytes.count, bytes[Int(scalar.value)] >= 0 else { return nil }
      result.append(UInt8(bytes[Int(scalar.value)]))
    }
    return result
  }

  /// Writes the bytes that a token's text stands for to `output`, which has room for as many as the text has; returns how many they are,
  /// or nil where one of its scalars is no letter of this alphabet. The text is well-formed UTF-8.
  static func decode(_ text: UnsafeBufferPointer<UInt8>, to output: UnsafeMutablePointer<UInt8>) -> Int? {
    let table = bytes.base
    var (index, count) = (0, 0)
    while index < text.count {
      var scalar = Int(text[index])
      index &+= 1
      if scalar >= 0x80 {
        // Letters of this alphabet have two bytes at most: 0xC2 to 0xC5 begin them.
        guard scalar < 0xC6, index < text.count else { return nil }
        scalar = (scalar & 0x1F) << 6 | Int(text[index] & 0x3F)
        index &+= 1
      }
      guard scalar < 0x144, table[scalar] >= 0 else { return nil }
      output[count] = UInt8(truncatingIfNeeded: table[scalar])
      count &+= 1
    }
    return count
  }

  /// The text of a token of these bytes.
  package static func text(of bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(scalars[Int(byte)]) }
    return String(text)
  }
}
