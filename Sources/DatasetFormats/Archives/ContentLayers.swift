import Domain

/// What a file is once its compression is taken off, told from its bytes and not from its name.
package enum ContentLayers {
  /// `wide` tells that it is text of two or four bytes a letter.
  case text(PeekedSource, isCompressed: Bool, wide: TextEncoding?)
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
        self = .text(peeked, isCompressed: layer > 0, wide: nil)
        return
      case .foreign(let foreign): throw Problem(foreign: foreign, named: name)
      case .utf16(let isBigEndian):
        self = .text(peeked, isCompressed: layer > 0, wide: .utf16(isBigEndian: isBigEndian))
        return
      case .utf32:
        self = .text(peeked, isCompressed: layer > 0, wide: .utf32)
        return
      case .binary: throw Problem(binary: name, byte: peeked.head.firstIndex(of: 0) ?? 0)
      }
    }
    throw Problem(
      "archive.layers", "it is compressed more than \(Self.maximumLayers) times over", at: .init(file: name),
      mend: "Unpack it yourself and drop the result.")
  }
}
