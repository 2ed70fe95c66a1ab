import Domain

/// Turns text of another encoding into UTF-8.
final class TranscodedSource: ByteSource {
  enum Encoding: Equatable {
    case utf16(isBigEndian: Bool)
    case windows1252
    case latin1
  }

  private let upstream: any ByteSource
  private let encoding: Encoding
  private let name: String
  private let input = BufferPair(byteCount: chunk)
  private var output: [UInt8] = []
  private var served = 0
  private var isAtEnd = false
  /// Bytes of the text before the chunk that is being turned, for error texts.
  private var position: Int
  /// The first byte of a unit of UTF-16 that a chunk cut in two, and a high surrogate whose other half is to come.
  private var half: UInt8?
  private var high: UInt16?
  private var evidence: MixedEncodings?

  private static let chunk = 1 << 16

  /// - Parameters:
  ///   - position: bytes of the text that came before.
  ///   - guess: where the encoding is a guess, the byte that it was made from: text that looks like UTF-8 after all is refused.
  init(_ upstream: any ByteSource, _ encoding: Encoding, name: String, position: Int = 0, guess: MixedEncodings? = nil) {
    self.upstream = upstream
    self.encoding = encoding
    self.name = name
    self.position = position
    evidence = guess
    output.reserveCapacity(3 * Self.chunk + 4)
  }

  deinit { upstream.settle() }  // its bytes lie in `input`

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      if served == output.count {
        guard !isAtEnd else { break }
        try turnChunk()
        continue
      }
      let count = min(output.count - served, buffer.count - filled)
      output.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[served..<served + count]))
      }
      served += count
      filled += count
    }
    return filled
  }

  private func turnChunk() throws {
    upstream.turn()
    let buffer = input.next()
    let count = try upstream.read(into: buffer)
    isAtEnd = count < buffer.count
    output.removeAll(keepingCapacity: true)
    served = 0
    let bytes = UnsafeBufferPointer(rebasing: buffer.bindMemory(to: UInt8.self)[..<count])
    switch encoding {
    case .utf16(let isBigEndian): try turnUTF16(bytes, isBigEndian)
    case .windows1252:
      try evidence?.look(at: bytes, isLast: isAtEnd, name: name)
      try turnEightBit(bytes) { byte in
        guard byte & 0xE0 == 0x80 else { return UInt16(byte) }
        let unit = Windows1252.upper[Int(byte & 0x1F)]
        return unit == 0 ? nil : unit
      }
    case .latin1: try turnEightBit(bytes) { UInt16($0) }
    }
    position += count
  }

  private func turnEightBit(_ bytes: UnsafeBufferPointer<UInt8>, _ unit: (UInt8) -> UInt16?) throws {
    for (index, byte) in bytes.enumerated() {
      if byte < 0x80 {
        output.append(byte)
      } else if let unit = unit(byte) {
        append(UInt32(unit))
      } else {
        throw Problem(noLetter: byte, name: name, byte: position + index)
      }
    }
  }

  private func turnUTF16(_ bytes: UnsafeBufferPointer<UInt8>, _ isBigEndian: Bool) throws {
    for (index, byte) in bytes.enumerated() {
      guard let first = half.take() else {
        half = byte
        continue
      }
      let unit = isBigEndian ? UInt16(first) << 8 | UInt16(byte) : UInt16(byte) << 8 | UInt16(first)
      let at = position + index - 1
      if let high = high.take() {
        guard unit & 0xFC00 == 0xDC00 else { throw Problem(loneSurrogate: high, name: name, byte: at - 2) }
        append(0x10000 + UInt32(high & 0x3FF) << 10 + UInt32(unit & 0x3FF))
      } else if unit & 0xFC00 == 0xD800 {
        high = unit
      } else if unit & 0xFC00 == 0xDC00 {
        throw Problem(loneSurrogate: unit, name: name, byte: at)
      } else {
        append(UInt32(unit))
      }
    }
    guard isAtEnd else { return }
    if let high { throw Problem(loneSurrogate: high, name: name, byte: position + bytes.count - 2) }
    if half != nil {
      throw Problem(
        "text.cut", "it ends in the middle of a letter: text in UTF-16 has an even number of bytes",
        at: .init(file: name, byte: position + bytes.count - 1),
        mend: "The copy or download was probably cut off: fetch it again, compare the sizes, and drop the whole file.")
    }
  }

  private func append(_ scalar: UInt32) {
    switch scalar {
    case 0..<0x80: output.append(UInt8(scalar))
    case 0x80..<0x800:
      output.append(UInt8(0xC0 | scalar >> 6))
      output.append(UInt8(0x80 | scalar & 0x3F))
    case 0x800..<0x10000:
      output.append(UInt8(0xE0 | scalar >> 12))
      output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      output.append(UInt8(0x80 | scalar & 0x3F))
    default:
      output.append(UInt8(0xF0 | scalar >> 18))
      output.append(UInt8(0x80 | scalar >> 12 & 0x3F))
      output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      output.append(UInt8(0x80 | scalar & 0x3F))
    }
  }
}

/// Where Windows-1252 differs from ISO 8859-1: 0x80 to 0x9F. 0 stands for the five bytes that are no letter.
/// Source: the WHATWG's and Microsoft's table cp1252.
enum Windows1252 {
  static let upper: [UInt16] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
    0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
  ]

  static func hasLetter(for byte: UInt8) -> Bool { byte & 0xE0 != 0x80 || upper[Int(byte & 0x1F)] != 0 }
}

extension Problem {
  fileprivate init(noLetter byte: UInt8, name: String, byte offset: Int) {
    self.init(
      "text.no-letter", "the byte 0x\(String(byte, radix: 16, uppercase: true)) is no letter in Windows-1252",
      at: .init(file: name, byte: offset),
      why: "the text is probably written in another encoding",
      mend:
        "Find out which one it is (iconv -l lists them), convert it (iconv -f ENCODING -t UTF-8 '\(name)' > 'utf8-\(name)') and drop the result."
    )
  }

  fileprivate init(loneSurrogate unit: UInt16, name: String, byte: Int) {
    self.init(
      "text.lone-surrogate", "the unit 0x\(String(unit, radix: 16, uppercase: true)) is half a letter, and its other half is not beside it",
      at: .init(file: name, byte: byte), why: "in UTF-16 letters beyond U+FFFF are written as two halves",
      mend: "The program that wrote the text is at fault, or the file was cut and joined: export it anew, in UTF-8 where there is a choice."
    )
  }
}
