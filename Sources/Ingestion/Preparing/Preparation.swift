import DatasetFormats
import Domain
import Platform
import SystemPackage

/// What a sidecar wants done with the rows once they are read: said in another schema, divided into splits.
final class Preparation {
  private let order: IngestOrder
  private let layout: DatasetVersionLayout
  private let fileSystem: any FileSystem
  private(set) var splits: [IngestResult.Split]
  private(set) var remarks: [String] = []

  init(_ order: IngestOrder, _ layout: DatasetVersionLayout, _ fileSystem: any FileSystem, _ splits: [IngestResult.Split]) {
    (self.order, self.layout, self.fileSystem, self.splits) = (order, layout, fileSystem, splits)
  }

  private var byteLimit: Int { order.limits.totalBytes }
  private var aside: DatasetVersionLayout { DatasetVersionLayout(folder: layout.folder.appending("unprepared")) }

  /// Where the rows of a split lie now: in the drop itself where they are canonical as they came.
  func path(of split: IngestResult.Split) -> FilePath {
    split.isOriginal == true ? FilePath(order.source) : layout.rows(split: split.name)
  }

  // MARK: another schema

  /// - Parameter ingest: as the rows were read.
  /// - Returns: columns of the converted rows, and how many of them there are; nil where nothing is to be converted.
  func convert(_ ingest: IngestResult) throws -> (columns: [DatasetColumn], rows: Int)? {
    guard let target = order.sidecar?.convert, target != ingest.detected else { return nil }
    let dataset = SafeName(from: DroppedFileName(order.fileName).stem)
    var work = SplitConversion(try RowConversion(ingest, to: target, dataset: dataset), fileSystem)
    let columns = ColumnTable()
    let badRows = BadRowLog(aside.badRows, fileSystem)
    try fileSystem.makeFolders(aside.data)
    var converted: [IngestResult.Split] = []
    for split in splits {
      let lines = try RowFileWriter(aside.rows(split: split.name), fileSystem: fileSystem, byteLimit: byteLimit)
      do {
        try work.run(split.name, at: path(of: split), index: layout.index(split: split.name), into: lines)
        try lines.finish()
      } catch {
        lines.abandon()
        throw error
      }
      try fileSystem.removeTree(layout.rows(split: split.name))
      try fileSystem.removeTree(layout.index(split: split.name))
      guard lines.rows > 0 else { continue }
      converted.append(try read(lines.path, split.name, columns, badRows))
    }
    guard !converted.isEmpty else { throw Problem(nothingConverted: dataset, to: target, work.refused) }
    splits = converted
    remarks += work.refused.map { $0.sentence + "." }
    try fileSystem.removeTree(aside.folder)
    return (columns.result(), converted.reduce(0) { $0 + $1.rows })
  }

  /// Lines of ours, read as any: they are canonical, and their columns are counted.
  private func read(_ path: FilePath, _ split: String, _ columns: ColumnTable, _ badRows: BadRowLog) throws -> IngestResult.Split {
    let writer = try CanonicalWriter(split: split, layout: layout, fileSystem: fileSystem, byteLimit: byteLimit)
    let source = try FileSource(path, name: order.fileName, fileSystem: fileSystem)
    let sink = RowSink(file: order.fileName, output: writer, columns: columns, badRows: badRows, limits: order.limits)
    try DatasetFormat.jsonl.reader.read(
      try ByteWindow(source, rowLimit: .max), FormatSettings(.jsonl, drop: order.fileName), into: sink)
    return try writer.finish()
  }

  // MARK: splits by ratio

  func divide(_ columns: [DatasetColumn]) throws {
    guard let sidecar = order.sidecar else { return }
    guard !sidecar.splits.isEmpty else {
      if let field = [("seed", sidecar.seed != nil), ("stratify", sidecar.stratify != nil)].first(where: \.1)?.0 {
        throw Problem(
          "sidecar.unfit", "the sidecar says '\(field)', but no 'splits' to make", at: .init(field: field),
          mend: "Say which: {\"splits\": {\"validation\": 0.1}}.")
      }
      return
    }
    let ratio = try RatioSplit(sidecar)
    if let column = ratio.stratify, !columns.contains(where: { $0.name == column }) {
      let names = columns.map(\.name)
      let hint = NearestKey.suggestion(for: column, among: names).map { " Did you mean \"\($0)\"?" } ?? ""
      throw Problem(
        "sidecar.column", "the sidecar stratifies by a column '\(column)', which the rows do not have", at: .init(field: "stratify"),
        mend: "The columns are \(names.prefix(12).joined(separator: ", ")).\(hint)")
    }
    if let taken = ratio.parts.first(where: { part in splits.contains { $0.name == part.name } }) {
      throw Problem(
        "sidecar.splits", "the sidecar wants a split '\(taken.name)' made by lot, but files of the drop are named for it",
        at: .init(field: "splits"), mend: "Take 'splits' out of the sidecar, or the files out of the drop.")
    }
    guard let train = splits.first(where: { $0.name == SplitName.train }) else {
      throw Problem(
        "sidecar.splits", "the sidecar divides the split 'train', and there is none", at: .init(field: "splits"),
        why: "the splits are \(splits.map(\.name).joined(separator: ", "))", mend: "Take 'splits' out of the sidecar.")
    }
    try divide(train, by: ratio)
  }

  private func divide(_ train: IngestResult.Split, by ratio: RatioSplit) throws {
    try fileSystem.makeFolders(aside.data)
    var rows = path(of: train)
    try fileSystem.removeTree(layout.index(split: train.name))
    if train.isOriginal != true {
      try fileSystem.rename(rows, to: aside.rows(split: train.name))
      rows = aside.rows(split: train.name)
    } else {
      try fileSystem.removeTree(layout.rows(split: train.name))
    }
    let writers = try ([SplitName.train] + ratio.parts.map(\.name)).map {
      try CanonicalWriter(split: $0, layout: layout, fileSystem: fileSystem, byteLimit: byteLimit)
    }
    try ratio.divide(rows, into: writers, fileSystem: fileSystem)
    var made: [IngestResult.Split] = []
    for writer in writers {
      let split = try writer.finish()
      if split.rows > 0 {
        made.append(split)
      } else {
        try fileSystem.removeTree(layout.rows(split: split.name))
        try fileSystem.removeTree(layout.index(split: split.name))
        remarks.append("The split '\(split.name)' is left out: its share is less than a row.")
      }
    }
    try fileSystem.removeTree(aside.folder)
    splits = (made + splits.filter { $0.name != train.name }).sorted { SplitName.isInOrder($0.name, $1.name) }
    remarks.append("Divided by lot\(ratio.stratify.map { ", alike in every '\($0)'" } ?? "").")
  }
}

extension Problem {
  init(nothingConverted dataset: SafeName, to target: DatasetSchema, _ refused: [RowsResult.Refusal]) {
    self.init(
      "convert.nothing", "none of the rows of '\(dataset)' can be converted to \(target.rawValue)", at: .init(field: "to"),
      why: refused.first?.sentence, mend: "Convert them to another schema; the dataset's card says to which.")
  }
}
