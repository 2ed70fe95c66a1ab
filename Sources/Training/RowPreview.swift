import DatasetFormats
import Domain
import Platform
import SystemPackage

/// What the trainer makes of a dataset's first rows, by the very readers that make tokens of them; without a tokenizer, so that
/// conversations stand in the plain form of those that have no template.
package struct RowPreview {
  private static let rows = 3
  /// Of a piece of text.
  private static let pieceBytes = 2_000

  private let fileSystem: any FileSystem

  package init(fileSystem: any FileSystem) { self.fileSystem = fileSystem }

  package func preview(_ ingest: IngestResult, _ layout: DatasetVersionLayout) throws -> DatasetPreview {
    let method = DatasetPreview.method(for: ingest.detected)
    guard method != nil, let split = ingest.splits.first else { return DatasetPreview(method: nil, rows: [], note: nil) }
    let reader: any SequenceReader =
      ingest.detected == .preference ? PreferenceReader(DataSection(), ingest: ingest) : try RowReader(DataSection(), ingest: ingest)
    struct Enough: Error {}
    var rows: [DatasetPreview.Row] = []
    do {
      try StoredRows(layout.rows(split: split.name), fileSystem: fileSystem).forEach { row, number in
        let sequences = (reader.sequences(of: row) ?? []).map { $0.map(Self.piece) }
        rows.append(.init(split: split.name, row: number + 1, sequences: sequences))
        if rows.count == Self.rows { throw Enough() }
      }
    } catch is Enough {}
    let note =
      reader.isConversation
      ? "Conversations are shown as <|role|> and content; a model with a chat template renders them by that." : nil
    return DatasetPreview(method: method, rows: rows, note: note)
  }

  private static func piece(_ segment: Segment) -> DatasetPreview.Piece {
    guard segment.text.count > pieceBytes else {
      return .init(text: String(decoding: segment.text, as: UTF8.self), isTrained: segment.isTrained)
    }
    var end = pieceBytes
    while end > 0, segment.text[end] & 0xC0 == 0x80 { end -= 1 }
    return .init(text: String(decoding: segment.text[..<end], as: UTF8.self) + "…", isTrained: segment.isTrained)
  }
}
