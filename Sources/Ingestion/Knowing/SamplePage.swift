import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage

/// A page of rows for looking at: `dropforge.samples/1`.
package struct SamplePage {
  package static let rowsAPage = 20
  /// Pages that are written as files, of each split; every page can be read by the command.
  package static let pagesWritten = 50
  /// Of a row; what is longer is shown cut.
  static let rowLimit = 65_536

  private let head: String
  private var items: [String] = []

  /// - Parameter page: from 1.
  init(dataset: SafeName, version: Int, split: String, page: Int, rows: Int, rowsAPage: Int = rowsAPage) {
    let fields: [(String, JSONNode)] = [
      ("schema", "dropforge.samples/1"), ("dataset", dataset.text.node), ("version", version.node), ("split", split.node),
      ("page", page.node), ("pages", Self.pages(rows, rowsAPage).node), ("rows_a_page", rowsAPage.node), ("rows", rows.node),
    ]
    head = fields.map { "  \"\($0.0)\": \($0.1.text())" }.joined(separator: ",\n")
  }

  static func pages(_ rows: Int, _ rowsAPage: Int) -> Int { (rows + rowsAPage - 1) / rowsAPage }

  /// - Parameter number: of the row in its split, from 1.
  mutating func add(_ row: UnsafeBufferPointer<UInt8>, number: Int) {
    guard row.count <= Self.rowLimit else {
      var end = Self.rowLimit / 16
      while end > 0, row[end] & 0xC0 == 0x80 { end -= 1 }
      let text = String(decoding: UnsafeBufferPointer(rebasing: row[..<end]), as: UTF8.self)
      items.append("    {\"row\": \(number), \"bytes\": \(row.count), \"begins\": \(text.node.text())}")
      return
    }
    items.append("    {\"row\": \(number), \"data\": \(String(decoding: row, as: UTF8.self))}")
  }

  var text: String { "{\n\(head),\n  \"items\": [\n\(items.joined(separator: ",\n"))\n  ]\n}\n" }

  /// Any page of a stored version, by its offset index.
  ///
  /// - Throws: `Problem` where there is no such page or split.
  package static func text(
    of layout: DatasetVersionLayout, dataset: SafeName, version: Int, split: String?, page: Int, rowsAPage: Int, fileSystem: any FileSystem
  ) throws -> String {
    let ingest = try PublishedJSON.decode(IngestResult.self, from: try fileSystem.contents(of: layout.result))
    guard let found = split.map({ name in ingest.splits.first { $0.name == name } }) ?? ingest.splits.first else {
      throw Problem(
        "samples.no-split", "'\(dataset)', version \(version), has no split '\(split ?? "")'", at: .init(field: "split"),
        mend: "Its splits are \(ingest.splits.map(\.name).joined(separator: ", ")).")
    }
    let pages = pages(found.rows, rowsAPage)
    guard page >= 1, page <= pages else {
      throw Problem(
        "samples.no-page", "there is no page \(page) of '\(found.name)' of '\(dataset)', version \(version)", at: .init(field: "page"),
        why: "its \(Figures.grouped(found.rows)) rows are \(Figures.grouped(pages)) pages of \(rowsAPage)",
        mend: "Give a number from 1 to \(pages).")
    }
    var made = SamplePage(dataset: dataset, version: version, split: found.name, page: page, rows: found.rows, rowsAPage: rowsAPage)
    let rows = try RowsByOffset(layout.rows(split: found.name), index: layout.index(split: found.name), fileSystem: fileSystem)
    for number in (page - 1) * rowsAPage..<min(page * rowsAPage, found.rows) {
      let bytes = try rows.row(number, limit: .max) ?? []
      bytes.withUnsafeBufferPointer { made.add($0, number: number + 1) }
    }
    return made.text
  }
}
