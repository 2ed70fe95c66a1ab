import Domain
import Platform
import StrictJSON
import SystemPackage
import Testing

@testable import Ingestion

struct SamplesTests {
  private let rows = (1...50).map { #"{"text":"row \#($0)"}"# }
  private let name = SafeName(from: "rows")

  private func page(_ drop: Drop, _ page: Int, split: String? = nil, rows: Int = 20) throws -> JSONNode {
    try JSONParser.parse(
      try SamplePage.text(
        of: drop.layout, dataset: name, version: 1, split: split, page: page, rowsAPage: rows, fileSystem: LinuxFileSystem()))
  }

  @Test func any_page_is_read_by_the_index() throws {
    let drop = try Drop("rows.jsonl", rows.joined(separator: "\n"))
    let last = try page(drop, 3)
    #expect(last["schema"] == "dropforge.samples/1" && last["pages"] == 3 && last["rows"] == 50)
    #expect(last["items"]?.array?.map { $0["row"]?.int } == (41...50).map { $0 })
    #expect(last["items"]?.array?.last?["data"] == ["text": "row 50"])
    #expect(try page(drop, 50, rows: 1)["items"]?.array?.count == 1)
  }

  @Test func a_page_that_is_not_there_is_refused_with_what_there_is() throws {
    let drop = try Drop("rows.jsonl", rows.joined(separator: "\n"))
    func words(_ body: () throws -> JSONNode) -> String {
      do { return "\(try body().text())" } catch { return "\(error)" }
    }
    #expect(
      words { try page(drop, 4) }
        == "page: there is no page 4 of 'train' of 'rows', version 1. Its 50 rows are 3 pages of 20. Give a number from 1 to 3.")
    #expect(words { try page(drop, 1, split: "tset") } == "split: 'rows', version 1, has no split 'tset'. Its splits are train.")
  }

  @Test func the_first_pages_are_written_as_files_a_folder_for_each_further_split() throws {
    let drop = try Drop(
      folder: "rows", ["train.jsonl": rows.joined(separator: "\n"), "test.jsonl": rows.prefix(5).joined(separator: "\n")])
    try Survey(fileSystem: LinuxFileSystem(), preview: { _, _ in DatasetPreview(method: nil, rows: [], note: nil) })
      .survey(SurveyOrder(dataset: name, version: 1, folder: drop.layout.folder.string), drop.layout)
    let written = try drop.listing.map { String($0.split(separator: " ")[0]) }.filter { $0.hasPrefix("samples/") }
    #expect(
      written == ["samples/page-000001.json", "samples/page-000002.json", "samples/page-000003.json", "samples/test/page-000001.json"])
    let second = try drop.contents(drop.layout.samples(split: nil, page: 2))
    #expect(
      second
        == (try SamplePage.text(
          of: drop.layout, dataset: name, version: 1, split: nil, page: 2, rowsAPage: 20, fileSystem: LinuxFileSystem())))
  }

  @Test func a_huge_row_is_shown_cut() throws {
    let drop = try Drop("rows.jsonl", rows[0] + "\n" + #"{"text":"\#(String(repeating: "ä", count: 50_000))"}"# + "\n")
    let item = try #require(try page(drop, 1)["items"]?.array?.last)
    #expect(item["bytes"]?.int == 100_011 && item["data"] == nil)
    #expect(item["begins"]?.string?.utf8.count ?? 0 > 4_000)
  }
}
