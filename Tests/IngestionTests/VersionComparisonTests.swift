import Domain
import Platform
import Testing

@testable import Ingestion

struct VersionComparisonTests {
  private func compare(_ before: Drop, _ after: Drop, mostHeld: Int = VersionComparison.mostHeld) throws -> DatasetDifference {
    let name = SafeName(from: "rows")
    return try VersionComparison(fileSystem: LinuxFileSystem(), mostHeld: mostHeld).difference(
      from: .init(dataset: name, version: 1, layout: before.layout), to: .init(dataset: name, version: 2, layout: after.layout))
  }

  private func rows(_ range: Range<Int>) -> String { range.map { #"{"text":"row \#($0)"}"# }.joined(separator: "\n") }

  @Test(arguments: [VersionComparison.mostHeld, 7])
  func rows_are_told_as_same_added_and_removed(_ mostHeld: Int) throws {
    let difference = try compare(try Drop("a.jsonl", rows(0..<50)), try Drop("a.jsonl", rows(3..<60)), mostHeld: mostHeld)
    #expect((difference.sameRows, difference.addedRows, difference.removedRows) == (47, 10, 3))
    #expect(difference.firstRemoved.map(\.row) == [1, 2, 3])
    #expect(difference.firstAdded.first == .init(split: "train", row: 48, text: #"{"text":"row 50"}"#))
    #expect(
      difference.text.hasPrefix("rows@1 -> rows@2\nrows: 47 the same, 10 added, 3 removed (50 -> 57)\nsplit train: 50 -> 57\n- train 1: "))
  }

  @Test func order_does_not_matter_and_equal_rows_count_each() throws {
    let twice = rows(0..<20) + "\n" + rows(0..<5)
    let difference = try compare(try Drop("a.jsonl", twice), try Drop("a.jsonl", rows(10..<20) + "\n" + rows(0..<10)))
    #expect((difference.sameRows, difference.addedRows, difference.removedRows) == (20, 0, 5))
    #expect(try compare(try Drop("a.jsonl", twice), try Drop("b.jsonl", twice)).isEmpty)
  }

  @Test func columns_and_schema_are_compared() throws {
    let before = try Drop("a.jsonl", (0..<12).map { #"{"prompt":"a","completion":"b","id":\#($0),"old":1}"# }.joined(separator: "\n"))
    let after = try Drop("a.jsonl", (0..<12).map { #"{"text":"a","id":"\#($0)"}"# }.joined(separator: "\n"))
    let difference = try compare(before, after)
    #expect(difference.addedColumns == ["text"] && difference.removedColumns == ["prompt", "completion", "old"])
    #expect(difference.changedColumns.map(\.name) == ["id"])
    #expect(
      difference.text.contains(
        "schema: prompt/completion -> text\ncolumns added: text\ncolumns removed: prompt, completion, old\ncolumn id: number -> string"))
  }
}
