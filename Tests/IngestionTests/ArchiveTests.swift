import Domain
import Platform
import TestSupport
import Testing

@testable import Ingestion

struct ArchiveTests {
  private typealias Entry = ArchiveMaker.Entry

  private let rows = (0..<12).map { "{\"text\":\"row \($0)\"}\n" }.joined()
  private let texts = (0..<12).map { "row \($0)" }

  @Test(arguments: [(ArchiveMaker.Filter.gzip, "gz"), (.zstd, "zst"), (.xz, "xz"), (.bzip2, "bz2")])
  func compressed_files_of_every_form(_ filter: ArchiveMaker.Filter, _ ending: String) throws {
    let bytes = try ArchiveMaker.compressed(Array(rows.utf8), filter)
    let drop = try Drop("rows.jsonl.\(ending)", bytes)
    #expect(try drop.texts() == texts)
    #expect(drop.result.sourceSHA256 == SHA256.hash(bytes))
    #expect(drop.result.sourceBytes == bytes.count)
    #expect(drop.result.files[0].bytes == rows.utf8.count)
    #expect(drop.result.warnings == [])
  }

  @Test(arguments: [
    (ArchiveMaker.Form.zip, ArchiveMaker.Filter.none, "zip"), (.sevenZip, .none, "7z"), (.tar, .none, "tar"), (.tar, .gzip, "tar.gz"),
    (.tar, .gzip, "tgz"), (.tar, .zstd, "tar.zst"), (.tar, .xz, "tar.xz"), (.tar, .bzip2, "tar.bz2"),
  ])
  func archives_of_every_form(_ form: ArchiveMaker.Form, _ filter: ArchiveMaker.Filter, _ ending: String) throws {
    let bytes = try ArchiveMaker.bytes(
      form, filter,
      [
        Entry("data", "", .folder), Entry("data/train.jsonl", rows), Entry("data/test.csv", "text,label\nx,1\n"),
        Entry("README.md", "# Read me"),
      ])
    let drop = try Drop("set.\(ending)", bytes)
    #expect(try drop.texts() == texts)
    #expect(try drop.texts(split: "test") == ["x"])
    #expect(drop.result.sourceSHA256 == SHA256.hash(bytes))
    #expect(drop.result.files.map(\.name) == ["data/test.csv", "data/train.jsonl"])
    #expect(drop.result.splits.map(\.name) == ["train", "test"])
    #expect(drop.result.columns.map(\.name) == ["text", "label"])
    #expect(drop.result.warnings == [])
  }

  @Test func the_content_decides_where_the_name_is_wrong() throws {
    let gzip = try ArchiveMaker.compressed(Array("text,label\nx,1\n".utf8), .gzip)
    #expect(try Drop("rows.csv", gzip).texts() == ["x"])
    let plain = try Drop("rows.jsonl.gz", rows)
    #expect(try plain.texts() == texts)
    #expect(plain.result.warnings == ["rows.jsonl.gz: its name says that it is compressed, but it is not; it was read as it is."])
    let tar = try ArchiveMaker.bytes(.tar, [Entry("rows.jsonl", rows)])
    #expect(try Drop("rows.jsonl", tar).texts() == texts)
  }

  @Test func gzip_members_one_after_another_are_one_file() throws {
    let parts = try [rows, "{\"text\":\"more\"}\n"].map { try ArchiveMaker.compressed(Array($0.utf8), .gzip) }
    #expect(try Drop("rows.jsonl.gz", parts[0] + parts[1]).texts() == texts + ["more"])
    #expect(try Drop("rows.jsonl.gz", parts[0] + [UInt8](repeating: 0, count: 512)).texts() == texts)
  }

  @Test func compressed_files_inside_an_archive_are_read() throws {
    let inner = try ArchiveMaker.compressed(Array(rows.utf8), .gzip)
    let bytes = try ArchiveMaker.bytes(.tar, .zstd, [Entry("part-0.jsonl.gz", inner)])
    #expect(try Drop("set.tar.zst", bytes).texts() == texts)
  }

  private func lines(_ file: Int) -> String { (0..<50).map { "{\"text\":\"\(file)-\($0)\"}\n" }.joined() }

  @Test func files_of_one_split_are_joined_in_the_order_of_their_names() throws {
    let files = (0..<5).map { Entry("part-\($0).jsonl", lines($0)) }
    let expected = (0..<250).map { "\($0 / 50)-\($0 % 50)" }
    let sorted = try Drop("set.tar", try ArchiveMaker.bytes(.tar, files))
    let shuffled = try Drop("set.tar", try ArchiveMaker.bytes(.tar, [3, 0, 4, 2, 1].map { files[$0] }))
    #expect(try sorted.texts() == expected)
    #expect(try shuffled.texts() == expected)
    #expect(shuffled.result.splits == sorted.result.splits)
    #expect(shuffled.result.files == sorted.result.files)
    #expect(try shuffled.listing.map { $0.split(separator: " ")[0] } == ["data/train.index", "data/train.jsonl", "ingest.json"])
  }

  @Test func names_beyond_ascii_are_told_as_they_are() throws {
    for form in [ArchiveMaker.Form.tar, .zip] {
      let bytes = try ArchiveMaker.bytes(form, [Entry("données/test-日本.jsonl", rows)])
      #expect(try Drop("set.zip", bytes).result.files.map(\.name) == ["données/test-日本.jsonl"])
    }
  }

  @Test func what_is_no_data_is_passed_over() throws {
    let bytes = try ArchiveMaker.bytes(
      .tar,
      [
        Entry("train.jsonl", rows), Entry("README.md", "x"), Entry("LICENSE", "x"), Entry("__MACOSX/._train.jsonl", "x"),
        Entry(".DS_Store", "x"),
        Entry("empty.jsonl", ""), Entry("model.bin", "x"), Entry("more.zip", "x"), Entry("link.jsonl", "", .symlink(to: "/etc/passwd")),
        Entry("hard.jsonl", "", .hardlink(to: "train.jsonl")), Entry("pipe.jsonl", "", .fifo),
      ])
    let drop = try Drop("set.tar", bytes)
    #expect(try drop.texts() == texts)
    #expect(
      drop.result.warnings == [
        "Passed over, because they are empty: empty.jsonl.", "Passed over, because their endings are none that is read: model.bin.",
        "Passed over, because archives inside an archive are not opened: more.zip.",
        "Passed over, because links are not followed: link.jsonl, hard.jsonl.",
        "Passed over, because they are no regular files: pipe.jsonl.",
      ])
  }

  @Test(arguments: ["/etc/cron.d/rows.jsonl", "../../rows.jsonl", "a/../../rows.jsonl", "..\\rows.jsonl"])
  func names_that_lead_out_are_refused(_ path: String) throws {
    #expect(
      Drop.problem("set.tar", try ArchiveMaker.bytes(.tar, [Entry(path, rows)]))
        == "set.tar: it holds a file with a name that leads out of the archive: '\(path)'. Names inside an archive must be relative and without '..'. "
        + "Pack it anew from inside its folder: tar -czf data.tar.gz -C FOLDER .")
  }

  @Test func a_locked_zip_is_refused() throws {
    #expect(
      Drop.problem("set.zip", try ArchiveMaker.bytes(.zip, .none, [Entry("rows.jsonl", rows)], password: "secret"))
        == "set.zip: the archive is locked with a password. Unpack it with the password and drop the files, or an archive without a password."
    )
  }

  @Test func an_archive_without_data_is_refused() throws {
    #expect(
      Drop.problem("set.zip", try ArchiveMaker.bytes(.zip, [Entry("README.md", "x"), Entry("a.png", "x"), Entry("b.png", "x")]))
        == "set.zip: it holds no file that is read. Passed over, because their endings are none that is read: a.png, b.png. "
        + "Put files into it that end in \(DatasetFormat.readableEndings).")
    #expect(
      Drop.problem("set.tar", try ArchiveMaker.bytes(.tar, [Entry("train-00000-of-00001.parquet", "PAR1")])).contains(
        "it is a Parquet file"))
  }

  @Test func a_bad_file_inside_is_named_with_its_path() throws {
    let bytes = try ArchiveMaker.bytes(.tar, [Entry("data/train.json", "[{\"a\":1},]")])
    #expect(Drop.problem("set.tar", bytes).hasPrefix("data/train.json (line 1, character 9, byte 8): it is not valid JSON. "))
  }

  @Test func more_files_than_the_limit_are_refused() throws {
    var limits = IngestLimits()
    limits.files = 3
    let entries = (0..<5).map { Entry("\($0).jsonl", rows) }
    #expect(
      Drop.problem("set.tar", try ArchiveMaker.bytes(.tar, entries), limits: limits)
        == "set.tar: it holds more than 3 files, the limit for one drop. Put the rows into fewer files (cat *.jsonl > all.jsonl), or drop it in several parts. "
        + "More are taken where \"ingest_files\" in dropforge.json says so."
    )
  }

  @Test func more_bytes_than_the_limit_are_refused() throws {
    var limits = IngestLimits()
    limits.totalBytes = 1_000
    let bytes = try ArchiveMaker.bytes(.zip, (0..<5).map { Entry("\($0).jsonl", rows) })
    #expect(
      Drop.problem("set.zip", bytes, limits: limits)
        == "set.zip: it holds more than 1000 bytes, the limit for one drop. Drop it in several parts, as datasets of their own, "
        + "or raise \"ingest_gib\" in dropforge.json.")
  }

  @Test func a_bomb_is_refused() throws {
    let zeros = String(repeating: "{\"text\":\"" + String(repeating: "0", count: 1_000) + "\"}\n", count: 90_000)
    var limits = IngestLimits()
    limits.expansion = 100
    let gzip = try ArchiveMaker.compressed(Array(zeros.utf8), .gzip)
    let zstd = try ArchiveMaker.bytes(.tar, .zstd, [Entry("a.jsonl", zeros)])
    for (name, bytes) in [("a.jsonl.gz", gzip), ("a.tar.zst", zstd)] {
      #expect(
        Drop.problem(name, bytes, limits: limits)
          == "\(name): it unpacks to more than 100 times its size of \(bytes.count) bytes. The limit of 100 guards against files made to fill a disk. "
          + "If the data is truly that repetitive, unpack it yourself and drop the files, or raise \"ingest_expansion\" in dropforge.json.")
    }
  }

  @Test func a_row_beyond_the_limit_is_named() {
    var limits = IngestLimits()
    limits.rowBytes = 1 << 20
    let text = "{\"text\":\"short\"}\n{\"text\":\"" + String(repeating: "x", count: 4 << 20) + "\"}\n"
    #expect(
      Drop.problem("a.jsonl", text, limits: limits)
        == "a.jsonl, row 2: the row is longer than 1048576 bytes, the limit for one row. Part it into several rows; if line ends are missing between rows, put them in. "
        + "A row may be longer where \"ingest_row_mib\" in dropforge.json says so."
    )
  }
}
