/// What a text held that its writer must know.
struct TextTraits {
  /// All its bytes, ORed: a set high bit says that it is not all ASCII.
  var anyBytes: UInt64 = 0
  var isASCII: Bool { anyBytes & ByteScan.highs == 0 }
}

extension CanonicalWriter {
  /// Appends text as the content of a JSON string: what RFC 8259 section 7 demands is escaped, all else stands as it is.
  /// The text must be readable for a word past its end.
  func appendEscaped(_ text: UnsafePointer<UInt8>, _ count: Int) throws {
    var index = 0
    while index < count {
      // In pieces, so that the room for the worst case (six bytes for one) stays small.
      let stop = min(index + 16_384, count)
      try reserve((stop - index) * 6)
      var output = base + used
      while index < stop {
        let word = ByteScan.load(text + index)
        UnsafeMutableRawPointer(output).storeBytes(of: word, as: UInt64.self)
        let clear = min(ByteScan.clear(ByteScan.escaped(word)), stop - index)
        output += clear
        index += clear
        if clear < 8, index < stop { output = Self.escape(text[index], to: output); index += 1 }
      }
      used = output - base
    }
  }

  /// Stores the escape of a quote, a backslash or a control character, and returns where it ends.
  @inline(__always) static func escape(_ byte: UInt8, to output: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    output[0] = UInt8(ascii: "\\")
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output[1] = byte
    case 0x0A: output[1] = UInt8(ascii: "n")
    case 0x0D: output[1] = UInt8(ascii: "r")
    case 0x09: output[1] = UInt8(ascii: "t")
    default:
      output[1] = UInt8(ascii: "u")
      output[2] = UInt8(ascii: "0")
      output[3] = UInt8(ascii: "0")
      output[4] = 0x30 + byte >> 4
      output[5] = byte & 15 < 10 ? 0x30 + byte & 15 : 0x57 + byte & 15
      return output + 6
    }
    return output + 2
  }
}

extension CanonicalWriter {
  /// Takes over a row of another canonical file, without its line feed.
  package func add(_ row: UnsafeBufferPointer<UInt8>) throws {
    if let base = row.baseAddress { try append(base, row.count) }
    try endRow()
  }
}
