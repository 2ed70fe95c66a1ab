import Domain

/// What a file is once its compression is taken off, told from its bytes and not from its name.
package enum ContentLayers {
  case text(PeekedSource, isCompressed: Bool)
  /// `isCompressed` tells whether it lies bare in its file, as a zip or a 7z must to be read.
  case archive(ArchiveKind, PeekedSource, isCompressed: Bool)

  /// A file that was compressed more often than that was not compressed by mistake.
  private static let maximumLayers = 3

  /// - Parameter name: the file's, for error texts.
  /// - Throws: `Problem` for content that is none of these.
  package init(_ source: any ByteSource, name: String, meter: ExpansionMeter) throws {
    var source = source
    for layer in 0...Self.maximumLayers {
      let peeked = try PeekedSource(source)
      switch ContentSignature(of: peeked.head) {
      case .compressed(let compression):
        source =
          compression == .gzip
          ? GzipSource(peeked, name: name, meter: meter)
          : try DecompressedSource(peeked, compression, name: name, meter: meter)
      case .archive(let kind):
        self = .archive(kind, peeked, isCompressed: layer > 0)
        return
      case .text:
        self = .text(peeked, isCompressed: layer > 0)
        return
      case .foreign(let foreign): throw Problem(foreign: foreign, named: name)
      case .utf16(let isBigEndian): throw Self.wide(.utf16(isBigEndian: isBigEndian), peeked.head, name)
      case .utf32: throw Self.wide(.utf32, peeked.head, name)
      case .binary: throw Problem(binary: name, byte: peeked.head.firstIndex(of: 0) ?? 0)
      }
    }
    throw Problem(
      "archive.layers", "it is compressed more than \(Self.maximumLayers) times over", at: .init(file: name),
      mend: "Unpack it yourself and drop the result.")
  }

  private static func wide(_ encoding: TextEncoding, _ head: [UInt8], _ name: String) -> Problem {
    let hasMark = head[0] >= 0xFE || head.starts(with: [0, 0, 0xFE])
    let byte = hasMark ? 0 : head.firstIndex(of: 0) ?? 0
    return Problem(encoding: encoding, name: name, offending: head[byte], at: .init(file: name, byte: byte))
  }
}
