import DatasetFormats
import Domain
import Platform
import SystemPackage

/// The first pages of a split as files, written while its rows go by.
struct SamplePages {
  private let order: SurveyOrder
  private let layout: DatasetVersionLayout
  private let split: IngestResult.Split
  private let isFirst: Bool
  private let fileSystem: any FileSystem
  private var current: SamplePage?
  private var page = 0

  init(_ order: SurveyOrder, _ layout: DatasetVersionLayout, _ split: IngestResult.Split, isFirst: Bool, _ fileSystem: any FileSystem) {
    (self.order, self.layout, self.split, self.isFirst, self.fileSystem) = (order, layout, split, isFirst, fileSystem)
  }

  /// - Parameter number: from 0, one after another.
  mutating func add(_ row: DatasetRow, _ number: Int) throws {
    guard number < SamplePage.rowsAPage * SamplePage.pagesWritten else { return }
    if number % SamplePage.rowsAPage == 0 {
      try finish()
      page = number / SamplePage.rowsAPage + 1
      current = SamplePage(dataset: order.dataset, version: order.version, split: split.name, page: page, rows: split.rows)
    }
    current?.add(row.bytes, number: number + 1)
    if number == SamplePage.rowsAPage * SamplePage.pagesWritten - 1 { try finish() }
  }

  /// Writes the page that is begun.
  mutating func finish() throws {
    guard let made = current.take() else { return }
    let path = DatasetVersionLayout.page(page, split: isFirst ? nil : split.name, in: layout.samplesMaking)
    if page == 1 { try fileSystem.makeFolders(path.removingLastComponent()) }
    let file = try fileSystem.open(path, .writing)
    try fileSystem.closing(file) { () throws(SystemError) in
      let bytes = Array(made.text.utf8)
      let result = bytes.withUnsafeBytes { bytes in Result { () throws(SystemError) in try fileSystem.writeAll(file, bytes) } }
      try result.get()
    }
  }
}
