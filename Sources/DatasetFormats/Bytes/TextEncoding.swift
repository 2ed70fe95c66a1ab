import Domain

/// Guesses what a text is written in that is not UTF-8, to say which command mends it.
package enum TextEncoding: Sendable, Equatable {
  case utf16(isBigEndian: Bool)
  case utf32
  /// One byte a letter, mostly ASCII: Western Europe.
  case windows1252
  /// Mostly letters beyond ASCII: which alphabet, bytes alone do not say.
  case eastern

  /// - Parameter sample: bytes about the first one that is no UTF-8.
  package init(ofEightBit sample: some Collection<UInt8>) {
    let letters = sample.count { $0 >= 0x80 || ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z")) }
    let high = sample.count { $0 >= 0x80 }
    self = high * 3 > letters && high > 2 ? .eastern : .windows1252
  }

  /// What iconv(1) calls it.
  var iconvName: String {
    switch self {
    case .utf16: "UTF-16"
    case .utf32: "UTF-32"
    case .windows1252: "WINDOWS-1252"
    case .eastern: "ENCODING"
    }
  }

  var title: String {
    switch self {
    case .utf16(isBigEndian: false): "UTF-16 (little-endian)"
    case .utf16(isBigEndian: true): "UTF-16 (big-endian)"
    case .utf32: "UTF-32"
    case .windows1252: "Windows-1252, the old encoding of Western Europe"
    case .eastern: "Windows-1251 or KOI8-R (Cyrillic), GB18030 (Chinese), Shift_JIS (Japanese) or the like"
    }
  }
}

extension Problem {
  /// A text that is not UTF-8.
  ///
  /// - Parameters:
  ///   - name: the file's name for people; its last part stands in the command.
  ///   - place: file and byte, and row and line where they are known.
  package init(encoding: TextEncoding, name: String, offending: UInt8?, at place: Place) {
    let file = String(name.split(separator: "/").last ?? "data")
    let plain = DroppedFileName(file).compression.map { String(file.dropLast($0.ending.count)) } ?? file
    let byte = offending.map { "the byte 0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true)) is not valid UTF-8" }
    let choose = encoding == .eastern ? " Put the right name in the place of ENCODING (iconv -l lists them)." : ""
    let unpack = plain == file ? "" : "Unpack it first. "
    self.init(
      "text.not-utf8", byte ?? "it is not written in UTF-8", at: place, why: "the text is probably written in \(encoding.title)",
      mend: "\(unpack)Convert it and drop the result: iconv -f \(encoding.iconvName) -t UTF-8 '\(plain)' > 'utf8-\(plain)'.\(choose)")
  }
}
