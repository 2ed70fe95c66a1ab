import Domain
import Platform
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Archives that were made to do harm: each is read for its rows, or refused with the reason, and none makes a path of a name.
struct HostileArchiveTests {
  private typealias Entry = ArchiveMaker.Entry

  private let rows = (0..<12).map { "{\"text\":\"row \($0)\"}\n" }.joined()
  private var rowBytes: [UInt8] { Array(rows.utf8) }
  private let version = ["data/train.index", "data/train.jsonl", "ingest.json"]

  private func names(_ drop: Drop) throws -> [String] { try drop.listing.map { String($0.split(separator: " ")[0]) } }

  /// Reads an archive of which the first entry is hostile and the second is good rows: only a version's own files may come of it.
  private func taken(_ name: String, _ bytes: [UInt8]) throws -> Drop {
    let drop = try Drop(name, bytes)
    #expect(try names(drop) == version)
    #expect(drop.result.rows >= 12)
    return drop
  }

  // MARK: names and links

  @Test(arguments: [
    "/etc/cron.d/rows.jsonl", "//rows.jsonl", "../rows.jsonl", "a/b/../../../rows.jsonl", "\\rows.jsonl", "a\\..\\..\\rows.jsonl",
  ])
  func names_that_lead_out_are_refused_in_every_form(_ path: String) throws {
    for (form, name) in [(ArchiveMaker.Form.tar, "a.tar"), (.zip, "a.zip"), (.sevenZip, "a.7z")] {
      let problem = Drop.problem(name, try ArchiveMaker.bytes(form, [Entry("good.jsonl", rows), Entry(path, rows)]))
      #expect(problem.hasPrefix("\(name): it holds a file with a name that leads out of the archive: '"), "\(problem)")
    }
  }

  @Test func an_entry_through_a_symbolic_link_stays_a_name() throws {
    let drop = try taken(
      "a.tar",
      try ArchiveMaker.bytes(.tar, [Entry("out", "", .symlink(to: "/tmp")), Entry("out/rows.jsonl", rows)]))
    #expect(drop.result.files.map(\.name) == ["out/rows.jsonl"])
    #expect(drop.result.warnings == ["Passed over, because links are not followed: out."])
  }

  @Test func links_to_the_outside_are_not_followed() throws {
    var tar = RawTar()
    tar.add("rows.jsonl", rowBytes)
    tar.add("hard.jsonl", type: "1", link: "/etc/passwd")
    tar.add("soft.jsonl", type: "2", link: "/etc/passwd")
    let drop = try taken("a.tar", tar.whole)
    #expect(drop.result.files.map(\.name) == ["rows.jsonl"])
    #expect(drop.result.warnings == ["Passed over, because links are not followed: hard.jsonl, soft.jsonl."])
    // A link has no content; what stands there is no header either.
    tar.add("hard-with-content.jsonl", rowBytes, type: "1", link: "../../etc/passwd")
    #expect(Drop.problem("a.tar", tar.whole).hasPrefix("a.tar: the tar data is damaged. "))
  }

  @Test func names_that_collide_on_some_disks_are_two_files_of_rows() throws {
    // Upper and lower case; an umlaut as one letter and as two; the same name twice.
    let names = ["Rows.jsonl", "rows.jsonl", "\u{E9}.jsonl", "e\u{301}.jsonl", "rows.jsonl", "ro\u{200D}ws.jsonl"]
    for (form, name) in [(ArchiveMaker.Form.tar, "a.tar"), (.zip, "a.zip")] {
      let drop = try taken(name, try ArchiveMaker.bytes(form, names.map { Entry($0, rows) }))
      #expect(drop.result.rows == 72)
      // libarchive makes one letter of an umlaut in two; nobody else looks at names in this way.
      let composed = ["Rows.jsonl", "ro\u{200D}ws.jsonl", "rows.jsonl", "rows.jsonl", "\u{E9}.jsonl", "\u{E9}.jsonl"]
      #expect(Set(drop.result.files.map(\.name)) == Set(composed))
      #expect(drop.result.files.count == 6)
    }
  }

  @Test func names_that_steer_a_terminal_are_written_out() throws {
    let names = ["\u{1B}]0;owned\u{7}.jsonl", "a\nb.jsonl", "\u{202E}lnosj.exe.jsonl"]
    let drop = try taken("a.tar", try ArchiveMaker.bytes(.tar, names.map { Entry($0, rows) }))
    #expect(drop.result.files.map(\.name) == ["\\u{1B}]0;owned\\u{7}.jsonl", "\\u{202E}lnosj.exe.jsonl", "a\\u{A}b.jsonl"])
  }

  @Test func a_name_beyond_every_path_is_refused() throws {
    let long = String(repeating: "n", count: 5_000) + ".jsonl"
    #expect(
      Drop.problem("a.tar", try ArchiveMaker.bytes(.tar, [Entry(long, rows)]))
        == "a.tar: it holds a file whose name is 5006 bytes long. No file system takes more than 4096. Pack it anew with shorter names.")
  }

  // MARK: special files

  @Test func devices_pipes_and_their_like_are_passed_over() throws {
    var tar = RawTar()
    tar.add("disk.jsonl", type: "4") { $0.replaceSubrange(329..<345, with: Array("0000010\u{0}0000000\u{0}".utf8)) }
    tar.add("console.jsonl", type: "3") { $0.replaceSubrange(329..<345, with: Array("0000005\u{0}0000001\u{0}".utf8)) }
    tar.add("pipe.jsonl", type: "6")
    tar.add("rows.jsonl", rowBytes)
    let drop = try taken("a.tar", tar.whole)
    #expect(drop.result.warnings == ["Passed over, because they are no regular files: disk.jsonl, console.jsonl, pipe.jsonl."])
  }

  @Test func set_uid_and_other_modes_mean_nothing() throws {
    var tar = RawTar()
    tar.add("rows.jsonl", rowBytes, mode: 0o7777)
    let drop = try taken("a.tar", tar.whole)
    var status = stat()
    #expect(stat(drop.layout.rows(split: "train").string, &status) == 0)
    #expect(status.st_mode & 0o7111 == 0)
  }

  // MARK: many, deep, large

  @Test func ten_thousand_files_are_read_and_one_more_is_refused() throws {
    func tar(_ count: Int) -> [UInt8] {
      var tar = RawTar()
      for number in 0..<count { tar.add("\(number).jsonl", Array("{\"text\":\"\(number)\"}\n".utf8)) }
      return tar.whole
    }
    #expect(try taken("a.tar", tar(10_000)).result.rows == 10_000)
    #expect(Drop.problem("a.tar", tar(10_001)).hasPrefix("a.tar: it holds more than 10000 files, the limit for one drop. "))
  }

  @Test func an_archive_inside_an_archive_is_not_opened() throws {
    let inner = try ArchiveMaker.bytes(.zip, [Entry("rows.jsonl", rows)])
    let disguised = try ArchiveMaker.bytes(.tar, .gzip, [Entry("rows.jsonl", rows)])
    let drop = try taken(
      "a.tar", try ArchiveMaker.bytes(.tar, [Entry("b.zip", inner), Entry("c.jsonl", disguised), Entry("rows.jsonl", rows)]))
    #expect(drop.result.warnings == ["Passed over, because archives inside an archive are not opened: b.zip, c.jsonl."])
    #expect(
      Drop.problem("a.zip.gz", try ArchiveMaker.compressed(inner, .gzip))
        == "a.zip.gz: it is a zip archive that was compressed once more. Take the outer compression off and drop the .zip itself.")
  }

  @Test func compression_over_compression_ends_somewhere() throws {
    var bytes = rowBytes
    for _ in 0..<3 { bytes = try ArchiveMaker.compressed(bytes, .gzip) }
    #expect(try taken("a.jsonl.gz", bytes).result.rows == 12)
    #expect(
      Drop.problem("a.jsonl.gz", try ArchiveMaker.compressed(bytes, .zstd))
        == "a.jsonl.gz: it is compressed more than 3 times over. Unpack it yourself and drop the result.")
  }

  /// GNU's old form of a sparse file: the header itself says where data lies, and how long the whole is. The content stands at
  /// the start and once more at the end; nothing but zeros lies between.
  private func sparse(_ content: [UInt8], realSize: Int) -> [UInt8] {
    var tar = RawTar()
    tar.add("rows.jsonl", content + content, type: "S") { header in
      func put(_ text: String, at offset: Int) { header.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8)) }
      put("ustar  \u{0}", at: 257)
      put(RawTar.octal(0, 11), at: 386)
      put(RawTar.octal(content.count, 11), at: 398)
      put(RawTar.octal(realSize - content.count, 11), at: 410)
      put(RawTar.octal(content.count, 11), at: 422)
      put(RawTar.octal(realSize, 11), at: 483)
    }
    return tar.whole
  }

  @Test func a_sparse_tar_of_a_few_bytes_does_not_become_300_megabytes() throws {
    let bytes = sparse([UInt8](repeating: 0, count: 30).flatMap { _ in rowBytes }, realSize: 300 << 20)
    let packed = try ArchiveMaker.compressed(bytes, .gzip)
    #expect(packed.count < 790)
    for (name, bytes) in [("a.tar", bytes), ("a.tar.gz", packed)] {
      let problem = Drop.problem(name, bytes)
      #expect(
        problem.hasPrefix("\(name): it unpacks to more than 1000 times its size of \(bytes.count) bytes. ")
          || problem.hasPrefix("rows.jsonl, row 361: the row is longer than 67108864 bytes"), "\(problem)")
    }
  }

  @Test func bombs_of_every_form_are_refused_by_their_ratio() throws {
    let zeros = String(repeating: "{\"text\":\"" + String(repeating: "0", count: 4_000) + "\"}\n", count: 25_000)
    var limits = IngestLimits()
    limits.expansion = 50
    let bombs = [
      ("a.zip", try ArchiveMaker.bytes(.zip, [Entry("a.jsonl", zeros)])),
      ("a.7z", try ArchiveMaker.bytes(.sevenZip, [Entry("a.jsonl", zeros)])),
      ("a.tar.xz", try ArchiveMaker.bytes(.tar, .xz, [Entry("a.jsonl", zeros)])),
      ("a.jsonl.bz2", try ArchiveMaker.compressed(Array(zeros.utf8), .bzip2)),
    ]
    for (name, bytes) in bombs {
      #expect(
        Drop.problem(name, bytes, limits: limits)
          == "\(name): it unpacks to more than 50 times its size of \(bytes.count) bytes. The limit of 50 guards against files made to fill a disk. "
          + "If the data is truly that repetitive, unpack it yourself and drop the files, or raise \"ingest_expansion\" in dropforge.json.")
    }
  }

  @Test func a_bomb_of_many_small_files_is_refused_by_their_total() throws {
    var limits = IngestLimits()
    limits.expansion = 50
    let text = String(repeating: "{\"text\":\"" + String(repeating: "0", count: 4_000) + "\"}\n", count: 500)
    let bytes = try ArchiveMaker.bytes(.zip, (0..<50).map { Entry("\($0).jsonl", text) })
    #expect(Drop.problem("a.zip", bytes, limits: limits).hasPrefix("a.zip: it unpacks to more than 50 times its size of "))
  }

  /// David Fifield's bomb ("A better zip bomb", 2019): every entry of the list points to the same packed bytes.
  @Test func entries_that_share_their_bytes_are_read_once() throws {
    let text = String(repeating: "{\"text\":\"" + String(repeating: "0", count: 4_000) + "\"}\n", count: 1_000)
    let zip = try ArchiveMaker.bytes(.zip, [Entry("a.jsonl", text)])
    let end = try #require(zip.indices.last { zip[$0...].starts(with: [0x50, 0x4B, 5, 6]) })
    func number(_ offset: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(zip[offset + $1]) << (8 * $1) } }
    func bytes(_ number: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(number >> (8 * $0) & 0xFF) } }
    let (size, start) = (number(end + 12, 4), number(end + 16, 4))
    let list = (0..<100).flatMap { index in
      var record = Array(zip[start..<start + size])
      record[46] = UInt8(0x21 + index % 90)  // names of their own
      return record
    }
    let bomb =
      zip[..<start] + list + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + bytes(100, 2) + bytes(100, 2) + bytes(list.count, 4) + bytes(start, 4) + [
        0, 0,
      ]
    var limits = IngestLimits()
    limits.expansion = 50
    // libarchive goes by where entries lie, and reads what lies at one place once.
    #expect(Drop.problem("a.zip", Array(bomb), limits: limits) == "no problem, but 1000 rows")
  }

  @Test func a_long_header_over_short_rows_does_not_fill_the_disk() {
    let csv = Array("\(String(repeating: "h", count: 60_000)),b\n".utf8) + Array(String(repeating: "x,y\n", count: 20_000).utf8)
    var limits = IngestLimits()
    limits.expansion = 10
    var sidecar = DatasetSidecar()
    sidecar.header = true
    #expect(
      Drop.problem("a.csv", csv, sidecar: sidecar, limits: limits)
        == "a.csv: its rows take more room than a drop of its size may. The limit is 10 times the size of the drop, and 1099511627776 bytes at most. "
        + "If the rows are truly that long, raise \"ingest_expansion\" or \"ingest_gib\" in dropforge.json; start the agent anew and drop it again."
    )
  }

  // MARK: locks and lies

  @Test func locked_archives_are_refused_and_nobody_is_asked_for_a_password() throws {
    for cipher in ["zipcrypt", "aes128", "aes256"] {
      #expect(
        Drop.problem("a.zip", try ArchiveMaker.bytes(.zip, .none, [Entry("rows.jsonl", rows)], password: "secret", cipher: cipher))
          == "a.zip: the archive is locked with a password. Unpack it with the password and drop the files, or an archive without a password."
      )
    }
  }

  @Test func a_tar_that_states_more_than_it_has_is_cut_off() throws {
    var tar = RawTar()
    tar.add("rows.jsonl", rowBytes, size: 1 << 30)
    #expect(Drop.problem("a.tar", tar.whole).hasPrefix("a.tar: the tar file is cut off: it ends after \(tar.whole.count) bytes"))
  }

  @Test func sizes_beyond_all_measure_are_refused() throws {
    for size: [UInt8] in [[0x80] + [UInt8](repeating: 0xFF, count: 11), [0xFF] + [UInt8](repeating: 0xFF, count: 11)] {
      var tar = RawTar()
      tar.add("rows.jsonl", rowBytes) { $0.replaceSubrange(124..<136, with: size) }
      let problem = Drop.problem("a.tar", tar.whole)
      #expect(!problem.hasPrefix("no problem"), "\(problem)")
      #expect(problem.hasPrefix("a.tar"), "\(problem)")
    }
  }

  @Test func a_long_name_that_states_a_gigabyte_is_refused() {
    var tar = RawTar()
    tar.add("././@LongLink", Array("name".utf8), type: "L", size: 1 << 30)
    tar.add("rows.jsonl", rowBytes)
    let problem = Drop.problem("a.tar", tar.whole)
    #expect(problem.hasPrefix("a.tar: "), "\(problem)")
    #expect(!problem.hasPrefix("no problem"), "\(problem)")
  }

  @Test func a_zip_that_lies_about_a_size_is_damaged_or_read_as_it_is() throws {
    let zip = try ArchiveMaker.bytes(.zip, [Entry("rows.jsonl", rows)])
    let list = try #require(zip.indices.last { zip[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
    for size in [1, 10_000_000] {
      var lying = zip
      for index in 0..<4 { lying[list + 24 + index] = UInt8(size >> (8 * index) & 0xFF) }
      let problem = Drop.problem("a.zip", lying)
      #expect(problem.hasPrefix("a.zip: the zip ") || problem == "no problem, but 12 rows", "\(size): \(problem)")
    }
  }

  @Test func tails_that_are_cut_off_anywhere_never_pass() throws {
    for (form, filter, name) in [
      (ArchiveMaker.Form.tar, ArchiveMaker.Filter.gzip, "a.tar.gz"), (.tar, .zstd, "a.tar.zst"), (.tar, .xz, "a.tar.xz"),
      (.zip, .none, "a.zip"),
      (.sevenZip, .none, "a.7z"),
    ] {
      let whole = try ArchiveMaker.bytes(form, filter, [Entry("rows.jsonl", rows), Entry("more.jsonl", rows)])
      for length in stride(from: 20, to: whole.count - 1, by: max(1, whole.count / 23)) {
        let problem = Drop.problem(name, Array(whole[..<length]))
        #expect(!problem.hasPrefix("no problem"), "\(name) of \(length) bytes: \(problem)")
      }
    }
  }
}
