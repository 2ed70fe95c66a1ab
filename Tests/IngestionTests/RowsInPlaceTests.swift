import DatasetFormats
import Domain
import Ingestion
import Platform
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// JSON lines that are canonical as they came are not written again: the drop itself becomes the canonical file.
struct RowsInPlaceTests {
  private let files = LinuxFileSystem()

  /// The version of a drop whose rows may stay, put together as the agent does it, and whether they stayed.
  private func version(_ name: String, _ bytes: [UInt8], prepare: (FilePath) throws -> Void = { _ in }) throws -> (
    rows: [String], stayed: Bool, result: IngestResult
  ) {
    let folder = try TemporaryFolder()
    let source = folder.path.appending(name)
    try folder.write(bytes, to: source)
    try prepare(source)
    let layout = DatasetVersionLayout(folder: folder.path.appending("staging"))
    let order = IngestOrder(
      drop: DropID(at: Timestamp(seconds: 0), random: 1), source: source.string, fileName: name, staging: layout.folder.string,
      sidecar: nil,
      limits: IngestLimits(), rowsMayStay: true)
    let result = try Ingestor(order: order, fileSystem: files, report: { _ in }).run()
    let stayed = result.splits[0].isOriginal == true
    #expect(files.exists(layout.rows(split: "train")) != stayed)
    if stayed { try files.link(source, to: layout.rows(split: "train")) }
    #expect(try files.sha256(of: layout.rows(split: "train")).sha256 == result.splits[0].sha256)
    #expect(try files.contents(of: source) == bytes)
    let rows = try DatasetRows(layout, split: "train")
    return ((0..<rows.count).map { String(decoding: rows[$0].bytes, as: UTF8.self) }, stayed, result)
  }

  private let lines = (0..<50_000).map { "{\"text\": \"row \($0), with a word more and another\"}" }

  @Test func rows_that_are_canonical_stay_where_they_are() throws {
    let made = try version("a.jsonl", Array((lines.joined(separator: "\n") + "\n").utf8))
    #expect(made.stayed)
    #expect(made.rows == lines)
    #expect(made.result.splits[0].bytes == made.result.sourceBytes)
    #expect(made.result.splits[0].sha256 == made.result.sourceSHA256)
    #expect(made.result.columns == [DatasetColumn(name: "text", kinds: [.string], rows: 50_000)])
  }

  /// Whatever differs, wherever: the rows are written as ever, and are the same.
  @Test(arguments: [0, 1, 25_000, 49_999])
  func one_line_that_differs_has_all_of_them_written(_ at: Int) throws {
    for change in [
      { " \($0)" }, { "\($0) " }, { "\($0)\r" }, { "\n\($0)" }, { $0 + "\n{bad" }, { $0 + "\n\"a string\"" },
    ] as [(String) -> String] {
      var changed = lines
      changed[at] = change(lines[at])
      let made = try version("a.jsonl", Array((changed.joined(separator: "\n") + "\n").utf8))
      #expect(!made.stayed)
      #expect(made.rows.filter { $0 != "{\"text\":\"a string\"}" } == lines)
    }
  }

  @Test func a_last_line_without_its_end_a_mark_or_json_have_them_written() throws {
    let text = lines.prefix(20).joined(separator: "\n")
    for (name, bytes) in [
      ("a.jsonl", Array(text.utf8)), ("a.jsonl", [0xEF, 0xBB, 0xBF] + Array((text + "\n").utf8)), ("a.jsonl", Array((text + "\n\n").utf8)),
      ("a.json", Array(("[" + lines.prefix(20).joined(separator: ",") + "]\n").utf8)),
    ] {
      let made = try version(name, bytes)
      #expect(!made.stayed)
      #expect(made.rows == Array(lines.prefix(20)))
    }
  }

  /// Who has another name for the file could change rows that were checked.
  @Test func a_file_with_a_second_name_is_copied() throws {
    let made = try version("a.jsonl", Array((lines.prefix(20).joined(separator: "\n") + "\n").utf8)) { source in
      try files.link(source, to: source.removingLastComponent().appending("second-name"))
    }
    #expect(!made.stayed)
    #expect(made.rows == Array(lines.prefix(20)))
  }

  @Test func a_file_of_another_user_is_copied() throws {
    // Only root may give files away: for others the file stays their own.
    let owner = geteuid() == 0 ? 65_534 : geteuid()
    let made = try version("a.jsonl", Array((lines.prefix(20).joined(separator: "\n") + "\n").utf8)) { chown($0.string, owner, owner) }
    #expect(made.stayed == (owner == geteuid()))
    #expect(made.rows == Array(lines.prefix(20)))
  }
}
