import Domain

/// A form of dataset file. To add one: a file beside this one, and a line in `registered`.
package protocol RowFormat: SendableMetatype {
  /// Reads the window from its start to its end and puts every row into the sink. A byte order mark is gone already.
  ///
  /// - Throws: `Problem` where the file as a whole cannot be read; a row that cannot is put into the sink as a bad one.
  static func read(_ window: ByteWindow, _ settings: FormatSettings, into sink: RowSink) throws
}

/// What the dropped name and the sidecar say about how to read.
package struct FormatSettings: Sendable, Equatable {
  package var format: DatasetFormat
  package var textRows = DatasetSidecar.TextRows.document
  package var delimiter: String?
  package var quote: String?
  package var header: Bool?
  /// What a sidecar for this drop would be called, for messages.
  package var sidecarName: String

  /// - Parameter drop: the drop's name.
  package init(_ format: DatasetFormat, drop: String, sidecar: DatasetSidecar? = nil) {
    self.format = format
    sidecarName = DroppedFileName(drop).stem + DatasetSidecar.ending
    guard let sidecar else { return }
    textRows = sidecar.textRows
    delimiter = sidecar.delimiter
    quote = sidecar.quote
    header = sidecar.header
  }
}

extension DatasetFormat {
  private static let registered: [DatasetFormat: any RowFormat.Type] = [
    .csv: CSVFormat.self,
    .tsv: CSVFormat.self,
    .jsonl: JSONLinesFormat.self,
    .json: JSONFormat.self,
    .plainText: PlainTextFormat.self,
  ]

  package var reader: any RowFormat.Type {
    guard let reader = Self.registered[self] else { preconditionFailure("\(rawValue) is not registered") }
    return reader
  }
}
