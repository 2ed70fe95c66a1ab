import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage

/// The work of a `RowsOrder`: rows of a stored version as files in another form, in a folder of their own whose `result.json` is written
/// last. Rows are streamed; an attempt that was cut off is begun anew.
package struct RowsExport {
  private let order: RowsOrder
  private let layout: DatasetVersionLayout
  private let output: FilePath
  private let fileSystem: any FileSystem
  private let progress: (Int, Int) throws -> Void

  /// - Parameter progress: told rows so far and in all now and then; may throw to end the work.
  package init(order: RowsOrder, fileSystem: any FileSystem, progress: @escaping (Int, Int) throws -> Void = { _, _ in }) {
    self.order = order
    self.fileSystem = fileSystem
    self.progress = progress
    layout = DatasetVersionLayout(folder: FilePath(order.folder))
    output = FilePath(order.output)
  }

  /// - Throws: `Problem` where the rows cannot be said so.
  package func run() throws -> RowsResult {
    let ingest = try PublishedJSON.decode(IngestResult.self, from: try fileSystem.contents(of: layout.result))
    try fileSystem.removeTree(output)
    try fileSystem.makeFolders(output)
    do {
      let result = try write(ingest)
      try fileSystem.syncTree(output)
      try fileSystem.publish(try PublishedJSON.bytes(of: result), to: output.appending(RowsOrder.resultName))
      return result
    } catch {
      try? fileSystem.removeTree(output)  // the error is the one to tell
      throw error
    }
  }

  private func write(_ ingest: IngestResult) throws -> RowsResult {
    var files: [RowsResult.File] = []
    var refused: [RowsResult.Refusal] = []
    var done = 0
    func tick(_ rows: Int) throws { try progress(done + rows, ingest.rows) }
    for split in ingest.splits {
      let name = "\(split.name).\(order.form == .csv ? "csv" : "jsonl")"
      let writer = try RowFileWriter(output.appending(name), fileSystem: fileSystem)
      do {
        switch order.form {
        case .converted(let target):
          var work = SplitConversion(try RowConversion(ingest, to: target, dataset: order.dataset), fileSystem)
          try work.run(split.name, at: layout.rows(split: split.name), index: layout.index(split: split.name), into: writer, progress: tick)
          refused += work.refused
        case .jsonl: try copy(split, into: writer, tick)
        case .csv: try CSVExport(ingest.columns.map(\.name), writer).write(rows(of: split), tick)
        }
        try writer.finish()
      } catch {
        writer.abandon()
        throw error
      }
      done += split.rows
      if writer.rows == 0, case .converted = order.form {
        try fileSystem.removeFile(writer.path)
      } else {
        files.append(.init(name: name, rows: writer.rows, bytes: writer.bytes))
      }
    }
    try progress(ingest.rows, ingest.rows)
    if files.isEmpty, case .converted(let target) = order.form { throw Problem(nothingConverted: order.dataset, to: target, refused) }
    return RowsResult(files: files, read: ingest.rows, refused: refused)
  }

  private func rows(of split: IngestResult.Split) -> StoredRows { StoredRows(layout.rows(split: split.name), fileSystem: fileSystem) }

  private func copy(_ split: IngestResult.Split, into writer: RowFileWriter, _ tick: (Int) throws -> Void) throws {
    try rows(of: split).forEach { row, number in
      writer.append(row.bytes)
      writer.append(0x0A)
      try writer.endRow()
      if number % 4_096 == 0 { try tick(number) }
    }
  }
}

/// Rows as CSV by RFC 4180: lines end in CR LF, fields are quoted where they must be. A string is written as it is, anything else as JSON;
/// null and what is missing are empty.
struct CSVExport {
  private let names: [String]
  private let fields: [FieldName]
  private let writer: RowFileWriter

  init(_ names: [String], _ writer: RowFileWriter) {
    self.names = names
    self.writer = writer
    fields = names.map(FieldName.init)
  }

  func write(_ rows: StoredRows, _ tick: (Int) throws -> Void) throws {
    var text: [UInt8] = []
    for (index, name) in names.enumerated() {
      if index > 0 { writer.append(UInt8(ascii: ",")) }
      append(Array(name.utf8))
    }
    writer.append([0x0D, 0x0A])
    try rows.forEach { row, number in
      for (index, value) in row.values(fields).enumerated() {
        if index > 0 { writer.append(UInt8(ascii: ",")) }
        text.removeAll(keepingCapacity: true)
        if let value, !value.isNull {
          if value.isString { value.appendText(to: &text) } else { text.append(contentsOf: value.bytes) }
        }
        append(text)
      }
      writer.append([0x0D, 0x0A])
      try writer.endRow()
      if number % 4_096 == 0 { try tick(number) }
    }
  }

  private func append(_ text: [UInt8]) {
    // An empty line would be no row.
    guard needsQuotes(text) || text.isEmpty && names.count == 1 else { return writer.append(text) }
    writer.append(0x22)
    for byte in text {
      if byte == 0x22 { writer.append(0x22) }
      writer.append(byte)
    }
    writer.append(0x22)
  }

  private func needsQuotes(_ text: [UInt8]) -> Bool {
    if let first = text.first, let last = text.last, first == 0x20 || last == 0x20 { return true }  // some readers trim
    return text.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
  }
}
