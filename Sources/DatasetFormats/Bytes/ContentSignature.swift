import Domain

/// What the first bytes of a file say it is, whatever its name says.
package enum ContentSignature: Sendable, Equatable {
  case compressed(Compression)
  case archive(ArchiveKind)
  case foreign(Foreign)
  case utf16(isBigEndian: Bool)
  case utf32
  /// Bytes that occur in no text.
  case binary
  case text

  /// Known forms that hold no rows for us, or hold them in a way that is not read.
  package enum Foreign: String, Sendable, CaseIterable {
    case pdf, parquet, arrow, feather, oldOffice, sqlite, hdf5, numpy, pickle, gguf, picture, program, rar, lz4, webPage, lfsPointer
  }

  /// - Parameter head: the first bytes, `PeekedSource.headBytes` of them where there are as many.
  package init(of head: [UInt8]) {
    if let known = Self.magic.first(where: { head.starts(with: $0.bytes) }) {
      self = known.signature
    } else if Self.isTar(head) {
      self = .archive(.tar)
    } else if let wide = Self.wideText(head) {
      self = wide
    } else if head.contains(0) {
      self = .binary
    } else {
      self = Self.ofText(head)
    }
  }

  private static let magic: [(bytes: [UInt8], signature: ContentSignature)] = [
    ([0x1F, 0x8B], .compressed(.gzip)),
    ([0x28, 0xB5, 0x2F, 0xFD], .compressed(.zstd)),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .compressed(.xz)),
    (Array("BZh".utf8), .compressed(.bzip2)),
    (Array("PK".utf8) + [3, 4], .archive(.zip)),
    (Array("PK".utf8) + [5, 6], .archive(.zip)),  // without entries
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .archive(.sevenZip)),
    (Array("%PDF-".utf8), .foreign(.pdf)),
    (Array("PAR1".utf8), .foreign(.parquet)),
    (Array("ARROW1".utf8), .foreign(.arrow)),
    (Array("FEA1".utf8), .foreign(.feather)),
    ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], .foreign(.oldOffice)),
    (Array("SQLite format 3".utf8) + [0], .foreign(.sqlite)),
    ([0x89] + Array("HDF\r\n".utf8), .foreign(.hdf5)),
    ([0x93] + Array("NUMPY".utf8), .foreign(.numpy)),
    ([0x80, 0x02], .foreign(.pickle)), ([0x80, 0x03], .foreign(.pickle)), ([0x80, 0x04], .foreign(.pickle)),
    ([0x80, 0x05], .foreign(.pickle)),
    (Array("GGUF".utf8), .foreign(.gguf)),
    ([0x89] + Array("PNG".utf8), .foreign(.picture)), ([0xFF, 0xD8, 0xFF], .foreign(.picture)), (Array("GIF8".utf8), .foreign(.picture)),
    ([0x7F] + Array("ELF".utf8), .foreign(.program)),
    (Array("Rar!".utf8) + [0x1A, 0x07], .foreign(.rar)),
    ([0x04, 0x22, 0x4D, 0x18], .foreign(.lz4)),
  ]

  /// A tar header's checksum is the sum of its 512 bytes with the eight of the checksum itself taken as spaces (POSIX
  /// ustar); tars from before 1988 have no other mark.
  private static func isTar(_ head: [UInt8]) -> Bool {
    guard head.count >= 512, head[0] != 0 else { return false }
    let digits = head[148..<156].drop { $0 == 0x20 }.prefix { $0 >= 0x30 && $0 <= 0x37 }
    guard !digits.isEmpty else { return false }
    let stated = digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }
    let sum = head[..<512].indices.reduce(0) { $0 + (148..<156 ~= $1 ? 0x20 : Int(head[$1])) }
    return sum == stated
  }

  private static func wideText(_ head: [UInt8]) -> ContentSignature? {
    if head.starts(with: [0xFF, 0xFE, 0, 0]) || head.starts(with: [0, 0, 0xFE, 0xFF]) { return .utf32 }
    if head.starts(with: [0xFF, 0xFE]) { return .utf16(isBigEndian: false) }
    if head.starts(with: [0xFE, 0xFF]) { return .utf16(isBigEndian: true) }
    // Without a byte order mark: Western text in UTF-16 has a zero in every second place and nearly none in the others.
    guard head.count >= 16 else { return nil }
    let zeros = head.indices.reduce(into: (even: 0, odd: 0)) { if head[$1] == 0 { $1 % 2 == 0 ? ($0.even += 1) : ($0.odd += 1) } }
    let half = head.count / 2
    if zeros.odd > half * 7 / 10, zeros.even < half / 10 { return .utf16(isBigEndian: false) }
    if zeros.even > half * 7 / 10, zeros.odd < half / 10 { return .utf16(isBigEndian: true) }
    return nil
  }

  private static func ofText(_ head: [UInt8]) -> ContentSignature {
    let start = String(decoding: head.prefix(512), as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return .foreign(.webPage) }
    if start.hasPrefix("version https://git-lfs.github.com/spec/") { return .foreign(.lfsPointer) }
    return .text
  }
}
