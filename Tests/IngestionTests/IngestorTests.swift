import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage
import Testing

@testable import Ingestion

struct IngestorTests {
  @Test func a_file_becomes_a_version() throws {
    let text = (1...12).map { "{\"question\":\"\($0)?\",\"answer\":\"\($0)\"}\n" }.joined()
    let drop = try Drop("quiz.jsonl", text)
    #expect(
      try drop.listing == [
        "data/train.index \(OffsetIndex.size(rows: 12))", "data/train.jsonl \(text.utf8.count)",
        "ingest.json \(try drop.contents(drop.layout.result).utf8.count)",
      ])
    #expect(try drop.contents(drop.layout.rows(split: "train")) == text)
    var expected = IngestResult(
      sourceSHA256: SHA256.hash(text.utf8), sourceBytes: text.utf8.count,
      files: [
        .init(
          name: "quiz.jsonl", format: .jsonl, bytes: text.utf8.count, rows: 12, badRows: 0, encoding: "utf-8", dialect: nil, split: "train")
      ],
      splits: [.init(name: "train", rows: 12, bytes: text.utf8.count, sha256: SHA256.hash(text.utf8))], rows: 12, badRows: 0,
      columns: [DatasetColumn(name: "question", kinds: [.string], rows: 12), DatasetColumn(name: "answer", kinds: [.string], rows: 12)],
      detected: .promptCompletion, mapping: ["prompt": "question", "completion": "answer"], warnings: [], seconds: 0)
    expected.seconds = drop.result.seconds
    #expect(drop.result == expected)
    #expect(drop.result.seconds > 0)
  }

  @Test func the_result_on_disk_is_the_result_returned() throws {
    let drop = try Drop("rows.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"text\":1,}\n")
    #expect(try PublishedJSON.decode(IngestResult.self, from: drop.contents(drop.layout.result).utf8) == drop.result)
  }

  @Test func hashes_are_those_of_sha256sum() throws {
    let drop = try Drop("rows.csv", "text\r\nhello\r\n")
    #expect(drop.result.sourceSHA256 == SHA256.hash("text\r\nhello\r\n".utf8))
    #expect(drop.result.splits[0].sha256 == SHA256.hash("{\"text\":\"hello\"}\n".utf8))
  }

  @Test func a_dataset_larger_than_every_buffer_is_read_whole() throws {
    let line = { (row: Int) in "{\"id\":\(row),\"text\":\"\(String(repeating: "word é ", count: 5 + row % 30))\"}\n" }
    let text = (0..<40_000).map(line).joined()
    #expect(text.utf8.count > 4 * CanonicalWriter.blockSize)
    let drop = try Drop("big.jsonl", text)
    let rows = try DatasetRows(drop.layout, split: "train")
    #expect(rows.count == 40_000)
    for row in [0, 1, 9_999, 20_000, 39_999] {
      #expect(rows[row].text(FieldName("text")).map { "{\"id\":\(row),\"text\":\"\($0)\"}\n" } == line(row))
    }
    #expect(drop.result.splits[0].sha256 == SHA256.hash(text.utf8))
    #expect(drop.result.splits[0].bytes == text.utf8.count)
  }

  @Test func a_row_larger_than_every_buffer_is_kept() throws {
    let long = String(repeating: "0123456789", count: 500_000)
    for (name, text) in [
      ("a.jsonl", "{\"text\":\"\(long)\"}\n"), ("a.json", "[{\"text\":\"\(long)\"}]"), ("a.csv", "text,x\n\"\(long)\",1\n"),
    ] {
      #expect(try Drop(name, text).texts() == [long])
    }
  }

  @Test func a_byte_order_mark_is_passed_over_and_told() throws {
    for (name, text) in [
      ("a.csv", "text,label\nx,y\n"), ("a.jsonl", "{\"text\":\"x\"}\n"), ("a.json", "[{\"text\":\"x\"}]"), ("a.txt", "x"),
    ] {
      let drop = try Drop(name, "\u{FEFF}" + text)
      #expect(try drop.texts() == ["x"])
      #expect(drop.result.files[0].encoding == "utf-8 with byte order mark")
      #expect(drop.result.sourceSHA256 == SHA256.hash(("\u{FEFF}" + text).utf8))
    }
  }

  @Test func a_byte_order_mark_is_no_character() {
    #expect(Drop.problem("a.json", "\u{FEFF}[1}").hasPrefix("a.json (line 1, character 3, byte 5): it is not valid JSON. "))
  }

  @Test func few_rows_are_taken_with_a_warning() throws {
    #expect(
      try Drop("a.jsonl", "{\"text\":\"x\"}\n{\"text\":\"y\"}\n{\"text\":\"z\"}\n").result.warnings
        == ["Only 3 rows: enough to try things out, too few to learn from (10 or more are advised)."])
    #expect(try Drop("a.txt", "One document is enough.").result.warnings == [])
  }

  @Test func some_bad_rows_are_left_out_and_kept_beside() throws {
    let rows = (1...60).map { $0 % 25 == 0 ? "\($0),x,y" : "\($0),x" }
    let drop = try Drop("rows.csv", "number,text\n" + rows.joined(separator: "\n"))
    #expect(drop.result.rows == 58)
    #expect(drop.result.badRows == 2)
    #expect(drop.result.files[0].badRows == 2)
    #expect(
      try drop.contents(drop.layout.badRows) == """
        {"file":"rows.csv","row":26,"line":26,"byte":123,"reason":"3 fields where the header has 2","raw":"25,x,y"}
        {"file":"rows.csv","row":51,"line":51,"byte":250,"reason":"3 fields where the header has 2","raw":"50,x,y"}

        """)
    #expect(
      drop.result.warnings == [
        "Left out: row 26 (line 26, byte 123): 3 fields where the header has 2; row 51 (line 51, byte 250): 3 fields where the header has 2."
      ])
  }

  @Test func one_bad_row_is_tolerated_where_two_are_good() throws {
    #expect(try Drop("a.jsonl", "{\"text\":\"x\"}\n{\"text\":\"y\"}\noops\n").result.badRows == 1)
    #expect(
      Drop.problem("a.jsonl", "{\"text\":\"x\"}\n{oops\n").hasPrefix("a.jsonl: 1 of 2 rows cannot be read; at most 5 % are tolerated."))
    var strict = IngestLimits()
    strict.badRowShare = 0
    #expect(
      Drop.problem("a.jsonl", "{\"text\":\"x\"}\n{\"text\":\"y\"}\noops\n", limits: strict)
        == "a.jsonl: 1 of 3 rows cannot be read; none is tolerated. Row 3 (line 3, character 1, byte 26): 'o' stands where a value should. "
        + "Mend these rows in the file and drop it again.")
  }

  @Test func progress_is_told_at_most_four_times_a_second() throws {
    let ticks = Ticks(step: 100_000_000)
    nonisolated(unsafe) var events: [WorkerEvent] = []
    let text = String(repeating: "{\"text\":\"0123456789012345678901234567890123456789\"}\n", count: 120_000)
    _ = try Drop("rows.jsonl", Array(text.utf8), clock: ticks.clock, report: { events.append($0) })
    // Each read of a block asks the clock, which goes on 100 ms each time: every third is told, and the end.
    let reads = text.utf8.count / ByteWindow.blockSize
    #expect(events.count >= 2 && events.count <= reads / 3 + 2)
    guard case .ingested(let bytes, let total, let rows) = try #require(events.last) else { return }
    #expect(bytes == text.utf8.count)
    #expect(total == text.utf8.count)
    #expect(rows == 120_000)
  }

  /// A clock that goes on by a step each time it is read.
  private final class Ticks: @unchecked Sendable {  // because one thread reads it
    private var now: Int64 = 0
    private let step: Int64
    init(step: Int64) { self.step = step }
    var clock: WallClock {
      WallClock(
        now: { 0 },
        monotonic: { [self] in
          now += step
          return now
        })
    }
  }
}
