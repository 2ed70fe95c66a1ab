import DatasetFormats
import Domain
import Ingestion
import Platform
import SystemPackage
import Testing

/// Mended copies of `bad-rows.jsonl`, read beside the original.
struct MendedRowsTests {
  private let files = LinuxFileSystem()

  /// Reads a drop, has its bad rows mended, and reads it again.
  private func mended(_ name: String, _ text: String, limits: IngestLimits = IngestLimits(), _ mend: (String) -> [String]) throws -> (
    rows: [String], bad: String, result: IngestResult
  ) {
    let folder = try TemporaryFolder()
    let source = folder.path.appending(name)
    try folder.write(Array(text.utf8), to: source)
    func read(_ staging: String, _ mends: [FilePath]) throws -> (DatasetVersionLayout, IngestResult) {
      let layout = DatasetVersionLayout(folder: folder.path.appending(staging))
      let order = IngestOrder(
        drop: DropID(at: Timestamp(seconds: 0), random: 1), source: source.string, fileName: name, staging: layout.folder.string,
        sidecar: nil,
        limits: limits, mended: mends.map(\.string))
      return (layout, try Ingestor(order: order, fileSystem: files, report: { _ in }).run())
    }
    let bad = { (layout: DatasetVersionLayout) in
      files.exists(layout.badRows) ? String(decoding: try files.contents(of: layout.badRows), as: UTF8.self) : ""
    }
    let first = try bad(read("first", []).0)
    var mends: [FilePath] = []
    for (number, copy) in mend(first).enumerated() {
      mends.append(folder.path.appending("\(number + 1)-rows.bad-rows.jsonl"))
      try folder.write(Array(copy.utf8), to: mends[number])
    }
    let (layout, result) = try read("second", mends)
    let rows = try DatasetRows(layout, split: "train")
    return ((0..<rows.count).map { String(decoding: rows[$0].bytes, as: UTF8.self) }, try bad(layout), result)
  }

  private func problem(_ mend: String) -> String {
    do {
      return "no problem, but \(try mended("rows.csv", csv, { _ in [mend] }).rows.count) rows"
    } catch {
      return "\(error)"
    }
  }

  private let csv = "a,b\n" + (1...40).map { $0 == 20 ? "20,x,y" : "\($0),text" }.joined(separator: "\n") + "\n"

  @Test func a_row_of_csv_goes_into_its_place() throws {
    let made = try mended("rows.csv", csv) { [$0.replacing("20,x,y", with: "20,\\\"x, \\\\ \\\"\\\"y\\\"\\\"\\\"")] }
    #expect(made.rows.count == 40)
    #expect(made.rows[18...20] == [#"{"a":"19","b":"text"}"#, #"{"a":"20","b":"x, \\ \"y\""}"#, #"{"a":"21","b":"text"}"#])
    #expect(made.bad.isEmpty)
    #expect(made.result.warnings.first == "1 mended row is in its place.")
    #expect(made.result.columns.map(\.rows) == [40, 40])
  }

  @Test func rows_of_json_go_into_their_places() throws {
    let lines = (1...40).map { $0 % 20 == 0 ? "{\"text\": \"row \($0)\",}" : "{\"text\": \"row \($0)\"}" }
    let mend = { (bad: String) in [bad.replacing("\\\",}", with: "\\\", \\\"more\\\": [1]}")] }
    let made = try mended("rows.jsonl", lines.joined(separator: "\n") + "\n", mend)
    #expect(made.rows[19] == #"{"text": "row 20", "more": [1]}"#)
    #expect(made.rows[39] == #"{"text": "row 40", "more": [1]}"#)
    #expect(made.result.columns == [.init(name: "text", kinds: [.string], rows: 40), .init(name: "more", kinds: [.list], rows: 2)])
    let elements = (1...40).map { $0 == 7 ? "null" : "{\"text\": \"row \($0)\"}" }
    let list = try mended("rows.json", "[" + elements.joined(separator: ",") + "]") {
      [$0.replacing(#""raw":"null""#, with: "\"raw\":\"{\\n  \\\"text\\\": \\\"seven\\\"\\n}\"")]
    }
    #expect(list.rows[6] == #"{"text":"seven"}"#)
    #expect(list.rows.count == 40)
  }

  @Test func a_row_that_is_still_wrong_stays_bad_and_says_why() throws {
    let made = try mended("rows.csv", csv) { [$0.replacing("20,x,y", with: "20")] }
    #expect(made.rows.count == 39)
    #expect(
      made.bad == #"{"file":"rows.csv","row":20,"reason":"the mended row: 1 field where the header has 2","raw":"20"}"#.replacing(
        "\"row\":20", with: "\"row\":21") + "\n")
    #expect(
      try mended("rows.csv", csv) { [$0.replacing("20,x,y", with: "1,2\\n3,4")] }.bad.contains("the mended row: it is more than one row"))
    #expect(
      try mended("rows.csv", csv) { [$0.replacing("20,x,y", with: "1,\\\"2")] }.bad.contains(
        "the mended row: a quote that is opened is never closed"))
  }

  @Test func the_later_of_two_mends_wins() throws {
    let made = try mended("rows.csv", csv) { [$0.replacing("20,x,y", with: "20,first"), $0.replacing("20,x,y", with: "20,second")] }
    #expect(made.rows[19] == #"{"a":"20","b":"second"}"#)
  }

  @Test func what_mends_nothing_is_refused() {
    let mend = "Take the lines of bad-rows.jsonl with their file and row as they are, and mend only \"raw\"."
    #expect(
      problem(#"{"file":"rows.csv","row":5,"raw":"1,2"}"# + "\n")
        == "1-rows.bad-rows.jsonl (line 1): row 5 of rows.csv is not among the bad rows. \(mend)")
    #expect(
      problem("\n" + #"{"row":21,"raw":"1,2"}"#)
        == "1-rows.bad-rows.jsonl (line 2): the line is none of bad-rows.jsonl. Its \"file\", \"row\" and \"raw\" say which row is mended, and how it reads now. \(mend)"
    )
    #expect(
      problem(#"{"file":"rows.csv","row":21,"raw":"1,2","note":"raw is cut: the first 4096 of 9000 bytes"}"#)
        == "1-rows.bad-rows.jsonl (line 1): the row is not whole. Raw is cut: the first 4096 of 9000 bytes. Put the whole row into \"raw\", take \"note\" out, and drop it again."
    )
    #expect(
      problem(#"{"file":"rows.csv","row":21,"raw":"1,2",}"#)
        == "1-rows.bad-rows.jsonl (line 1, character 40): it is not valid JSON. A comma stands before the closing }; JSON allows none there. "
        + "Mend that place in the file and drop it again.")
  }
}
