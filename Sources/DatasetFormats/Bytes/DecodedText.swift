import Domain

/// A text as UTF-8, and what it was written in.
///
/// JSON is UTF-8 (RFC 8259, section 8.1), whatever comes: another encoding is read only where the sidecar says so. CSV and plain
/// text say nothing of it, and are read in UTF-16 and Windows-1252 too, with a remark.
package struct DecodedText {
  package let source: any ByteSource
  private let told: String?
  private let western: WesternSource?
  private let remarkOfFound: String?
  private let name: String
  private let sidecarName: String

  /// - Parameters:
  ///   - text: its bytes; `wide` says what they were seen to be, where they are not one byte a letter of ASCII.
  ///   - isJSON: JSON, or nobody knows what.
  ///   - encoding: what the sidecar says.
  /// - Throws: `Problem` where it is not written in what it may be.
  package init(
    _ text: PeekedSource, wide: TextEncoding?, told encoding: DatasetEncoding?, isJSON: Bool, name: String, sidecarName: String
  ) throws {
    self.name = name
    self.sidecarName = sidecarName
    if let isBigEndian = Self.utf16(encoding, wide, isJSON: isJSON) {
      source = TranscodedSource(text, .utf16(isBigEndian: isBigEndian), name: name)
      told = isBigEndian ? "utf-16be" : "utf-16le"
      remarkOfFound = encoding == nil ? "\(name): it is written in UTF-16 (\(isBigEndian ? "big" : "little")-endian) and was read so." : nil
      western = nil
      return
    }
    if let wide { throw Self.refusal(wide, text.head, name) }
    remarkOfFound = nil
    switch encoding {
    case .utf16, .utf16LittleEndian, .utf16BigEndian:
      throw Problem(
        "sidecar.encoding", "the sidecar says that it is UTF-16, but it does not look so: there is no byte order mark",
        at: .init(file: name),
        mend: "Say \"utf-16le\" or \"utf-16be\" in \(sidecarName), or leave \"encoding\" out: it is found by looking.")
    case .windows1252, .latin1:
      source = TranscodedSource(text, encoding == .latin1 ? .latin1 : .windows1252, name: name)
      (told, western) = (encoding?.rawValue, nil)
    case nil where !isJSON:
      let western = WesternSource(text, name: name, sidecarName: sidecarName)
      source = western
      (told, self.western) = (nil, western)
    case .utf8, nil:
      source = text
      (told, western) = (nil, nil)
    }
  }

  /// Which end comes first, where it is to be read as UTF-16.
  private static func utf16(_ told: DatasetEncoding?, _ wide: TextEncoding?, isJSON: Bool) -> Bool? {
    switch (told, wide) {
    case (.utf16LittleEndian, _): false
    case (.utf16BigEndian, _): true
    case (.utf16, .utf16(let isBigEndian)): isBigEndian
    case (nil, .utf16(let isBigEndian)): isJSON ? nil : isBigEndian
    default: nil
    }
  }

  /// No byte of it changes.
  package var isAsItCame: Bool { told == nil && western == nil }

  /// To be asked when the text was read.
  package var title: String { told ?? (western?.offending == nil ? "utf-8" : "windows-1252") }

  /// What a user should know; to be asked when the text was read.
  package var remark: String? {
    guard let offending = western?.offending else { return remarkOfFound }
    let digits = String(offending.byte, radix: 16, uppercase: true)
    return "\(name): it is no UTF-8 (the first byte that is none is 0x\(digits), byte \(offending.position)) and was read as Windows-1252. "
      + "If letters look wrong, say \"encoding\" in \(sidecarName)."
  }

  private static func refusal(_ encoding: TextEncoding, _ head: [UInt8], _ name: String) -> Problem {
    let hasMark = head[0] >= 0xFE || head.starts(with: [0, 0, 0xFE])
    let byte = hasMark ? 0 : head.firstIndex(of: 0) ?? 0
    return Problem(encoding: encoding, name: name, offending: head[byte], at: .init(file: name, byte: byte))
  }
}
