import Domain
import Platform
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What a newcomer reads when a drop is refused, word for word.
struct RefusalTests {
  @Test(arguments: ["", "\n\n  \n", "\u{FEFF}\n"])
  func an_empty_file(_ text: String) {
    for name in ["a.csv", "a.jsonl", "a.json", "a.txt"] {
      #expect(
        Drop.problem(name, text)
          == "\(name): the file is empty. It has no bytes, or none but white space. Look whether the program that wrote it had finished, and drop it again."
      )
    }
  }

  @Test func an_empty_file_in_gzip() throws {
    #expect(Drop.problem("a.jsonl.gz", try ArchiveMaker.compressed([], .gzip)).hasPrefix("a.jsonl.gz: the file is empty. "))
  }

  @Test func only_a_header() {
    #expect(
      Drop.problem("a.csv", "text,label\n")
        == "a.csv, row 1: it holds a header and no rows. Export it again with its rows; if row 1 is data, say \"header\": false in a.dataset.json."
    )
  }

  @Test(arguments: ["[]", "{\"data\": []}"])
  func no_rows(_ text: String) {
    #expect(
      Drop.problem("a.json", text)
        == "a.json: it holds no rows. Export it again with its rows: one object a line ({\"text\": \"…\"}), or a header and rows of CSV.")
  }

  @Test func rows_that_all_are_bad() {
    #expect(
      Drop.problem("a.csv", "text,label\n" + String(repeating: "x,y,z\n", count: 20))
        == "a.csv: 20 of 20 rows cannot be read; at most 5 % are tolerated. Row 2 (line 2, byte 11): 3 fields where the header has 2; "
        + "row 3 (line 3, byte 17): 3 fields where the header has 2; row 4 (line 4, byte 23): 3 fields where the header has 2; and 17 more. "
        + "Mend these rows in the file and drop it again.")
  }

  @Test func a_truncated_gzip() throws {
    let text = (0..<2_000).map { "{\"text\":\"row \($0 * 7_919 % 1_000)\"}\n" }.joined()
    let whole = try ArchiveMaker.compressed(Array(text.utf8), .gzip)
    for length in [whole.count / 2, whole.count - 1, whole.count - 8, 12] {
      #expect(
        Drop.problem("rows.jsonl.gz", Array(whole[..<length]))
          == "rows.jsonl.gz: the gzip file is cut off: it ends after \(length) bytes, before its end is reached. The download or the copy was probably "
          + "interrupted. Fetch or copy it again, compare the sizes, and drop the whole file.")
    }
  }

  @Test func gzip_with_changed_bytes_is_never_taken() throws {
    let text = (0..<2_000).map { "{\"text\":\"row \($0 * 7_919 % 1_000)\"}\n" }.joined()
    let whole = try ArchiveMaker.compressed(Array(text.utf8), .gzip)
    for at in stride(from: 20, to: whole.count, by: 997) {
      var bytes = whole
      bytes[at] ^= 0x40
      let problem = Drop.problem("rows.jsonl.gz", bytes)
      // What unpacks wrongly may first be met as text that is none.
      #expect(!problem.hasPrefix("no problem"), "byte \(at)")
    }
    var bytes = whole
    bytes[whole.count - 6] ^= 1  // in the checksum
    #expect(
      Drop.problem("rows.jsonl.gz", bytes)
        == "rows.jsonl.gz (byte \(whole.count - 8)): the gzip data is damaged. Its checksums or codes do not fit together; some bytes were changed on the way "
        + "here. Fetch or copy it again (in binary mode, where there is a choice) and drop the good file.")
  }

  @Test(arguments: [(ArchiveMaker.Filter.zstd, "zst", "zstd"), (.xz, "xz", "xz"), (.bzip2, "bz2", "bzip2")])
  func other_compressed_files_that_are_cut_or_damaged(_ filter: ArchiveMaker.Filter, _ ending: String, _ form: String) throws {
    let text = (0..<2_000).map { "{\"text\":\"row \($0 * 7_919 % 1_000)\"}\n" }.joined()
    let whole = try ArchiveMaker.compressed(Array(text.utf8), filter)
    for length in [whole.count / 2, whole.count - 3] {
      #expect(
        Drop.problem("rows.jsonl.\(ending)", Array(whole[..<length]))
          == "rows.jsonl.\(ending): the \(form) file is cut off: it ends after \(length) bytes, before its end is reached. The download or the copy was "
          + "probably interrupted. Fetch or copy it again, compare the sizes, and drop the whole file.")
    }
    var bytes = whole
    bytes[whole.count / 2] ^= 0x40
    // libarchive writes zstd without a checksum; zstd(1) writes one.
    if filter == .zstd { bytes = try Fixture.bytes("archives/damaged_zstd/rows.jsonl.zst") }
    #expect(Drop.problem("rows.jsonl.\(ending)", bytes).hasPrefix("rows.jsonl.\(ending): the \(form) data is damaged. "))
  }

  @Test func a_truncated_zip_and_tar() throws {
    let entry = ArchiveMaker.Entry("rows.jsonl", String(repeating: "{\"text\":\"some text\"}\n", count: 500))
    for (form, name, title) in [(ArchiveMaker.Form.zip, "a.zip", "zip"), (.tar, "a.tar", "tar"), (.sevenZip, "a.7z", "7z")] {
      let whole = try ArchiveMaker.bytes(form, [entry])
      let length = whole.count / 3
      #expect(
        Drop.problem(name, Array(whole[..<length]))
          == "\(name): the \(title) file is cut off: it ends after \(length) bytes, before its end is reached. The download or the copy was probably "
          + "interrupted. Fetch or copy it again, compare the sizes, and drop the whole file.")
    }
  }

  @Test func archives_with_changed_bytes_are_never_taken() throws {
    let entry = ArchiveMaker.Entry("rows.jsonl", (0..<2_000).map { "{\"text\":\"row \($0 * 7_919 % 1_000)\"}\n" }.joined())
    for (form, name, title) in [(ArchiveMaker.Form.zip, "a.zip", "zip"), (.sevenZip, "a.7z", "7z")] {
      let whole = try ArchiveMaker.bytes(form, [entry])
      for at in stride(from: 200, to: whole.count - 200, by: 1_511) {
        var bytes = whole
        bytes[at] ^= 0x40
        #expect(!Drop.problem(name, bytes).hasPrefix("no problem"), "byte \(at)")
      }
      var bytes = whole
      bytes[whole.count / 2] ^= 0x40
      #expect(
        Drop.problem(name, bytes)
          == "\(name): the \(title) data is damaged. Its checksums or codes do not fit together; some bytes were changed on the way here. "
          + "Fetch or copy it again (in binary mode, where there is a choice) and drop the good file.")
    }
  }

  @Test func a_file_without_the_right_to_read_it() {
    #expect(
      Drop.problem("secret.csv", Array("a,b\n1,2\n".utf8), fileSystem: RefusingFileSystem())
        == "secret.csv: the agent has no right to read it. Its permissions close it to the agent's user. "
        + "Open it for reading (chmod a+r 'secret.csv') and drop it again.")
  }

  @Test func a_full_disk() {
    #expect(
      Drop.problem("a.csv", Array("text\nx\n".utf8), fileSystem: RefusingFileSystem(writes: true))
        == "a.csv: the disk has no room for its rows. Free space on the disk; work goes on by itself then.")
  }

  @Test func a_disk_that_fails_to_read() {
    #expect(
      Drop.problem("a.csv", Array("text\nx\n".utf8), fileSystem: RefusingFileSystem(reads: true))
        == "a.csv: it cannot be read. The disk reported a failure: look at the system's log (journalctl -k) before anything else.")
  }

  @Test func a_symbolic_link() {
    let words = Drop.words {
      try Drop(
        "link.csv",
        place: { folder, path in
          try folder.files.writeWhole(ContiguousArray("a\nb\n".utf8), to: folder.path.appending("real.csv"))
          try #require(path.withPlatformString { symlink(folder.path.appending("real.csv").string, $0) } == 0)
        })
    }
    #expect(words == "link.csv: it is a symbolic link, not a file with data. Drop the file itself: cp -L copies what a link points to.")
  }

  @Test(arguments: [
    (
      "report.csv", Array("%PDF-1.7\n%âãÏÓ\n".utf8),
      "it is a PDF document, not rows of data. Take the text out (pdftotext 'report.csv' 'report.txt') and drop that."
    ),
    (
      "rows.parquet", Array("PAR1".utf8) + [0x15, 0, 0x15],
      "it is a Parquet file within another, which is not read. Unpack it and drop the .parquet itself, or a folder of them."
    ),
    (
      "page.json", Array("\n<!DOCTYPE html><html>".utf8),
      "it is a web page, not data. The download probably saved a log-in or error page: open it in a browser to see, fetch the file itself and drop that."
    ),
    (
      "train.jsonl", Array("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n".utf8),
      "it is a Git LFS pointer, not the data itself. Fetch the data in the repository it came from (git lfs pull) and drop the real file."
    ),
    (
      "old.csv", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
      "it is an old Office file, not a text file. Open it in its program, save it as CSV (UTF-8) and drop that."
    ),
    (
      "noise.csv", Array("a,b\n1,".utf8) + [0, 1, 2, 3],
      "it is not text: it holds a zero byte. Rows are read from text in UTF-8 (.csv, .tsv, .json, .jsonl, .ndjson, .txt, each also .gz, .zst, .xz or .bz2; "
        + ".zip, .tar, .tar.gz, .tar.zst, .tar.xz, .7z). Export the data as CSV or JSON lines and drop that."
    ),
  ])
  func content_that_is_no_text(_ name: String, _ bytes: [UInt8], _ words: String) {
    let problem = Drop.problem(name, bytes)
    #expect(problem == "\(name): \(words)" || problem == "\(name) (byte 6): \(words)")
  }

  @Test func an_excel_sheet() throws {
    let book = try ArchiveMaker.bytes(.zip, [.init("[Content_Types].xml", "<Types/>"), .init("xl/workbook.xml", "<workbook/>")])
    for name in ["rows.xlsx", "rows.csv"] {
      #expect(
        Drop.problem(name, book)
          == "\(name): it is an Office document, not a text file. Open it in its program, save it as CSV (UTF-8) or as plain text, and drop that."
      )
    }
  }

  /// JSON is UTF-8 by its RFC; CSV and plain text in these encodings are read (EncodingTests).
  @Test func json_in_utf16() {
    let bytes: [UInt8] =
      [0xFF, 0xFE] + "{\"text\":\"hällo\"}\n".utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    let mend = "Convert it and drop the result: iconv -f UTF-16 -t UTF-8 'rows.jsonl' > 'utf8-rows.jsonl'."
    #expect(
      Drop.problem("rows.jsonl", bytes)
        == "rows.jsonl (byte 0): the byte 0xFF is not valid UTF-8. The text is probably written in UTF-16 (little-endian). \(mend)")
    #expect(
      Drop.problem("rows.jsonl", Array(bytes.dropFirst(2)))
        == "rows.jsonl (byte 1): the byte 0x00 is not valid UTF-8. The text is probably written in UTF-16 (little-endian). \(mend)")
  }

  @Test func json_in_windows_1252() {
    let latin = (0..<40).flatMap { row -> [UInt8] in Array("{\"text\":\"caf".utf8) + [0xE9] + Array(" \(row)\"}\n".utf8) }
    #expect(
      Drop.problem("rows.jsonl", latin)
        == "rows.jsonl, row 1 (line 1, character 13, byte 12): it is not written in UTF-8. The text is probably written in Windows-1252, the old encoding of "
        + "Western Europe. Convert it and drop the result: iconv -f WINDOWS-1252 -t UTF-8 'rows.jsonl' > 'utf8-rows.jsonl'.")
  }

  @Test func csv_in_an_eastern_encoding() throws {
    let csv = Array("text,label\r\n".utf8) + (0..<60).map { UInt8(0xC0 + $0 % 60) } + Array(",1\r\n".utf8)
    #expect(
      Drop.problem("rows.csv.gz", try ArchiveMaker.compressed(csv, .gzip))
        == "rows.csv.gz, row 2 (line 2, byte 12): the byte 0xC0 is not valid UTF-8. The text is probably written in Windows-1251 or KOI8-R (Cyrillic), "
        + "GB18030 (Chinese), Shift_JIS (Japanese) or the like. Unpack it first. Convert it and drop the result: "
        + "iconv -f ENCODING -t UTF-8 'rows.csv' > 'utf8-rows.csv'. Put the right name in the place of ENCODING (iconv -l lists them).")
  }

  @Test func a_name_that_says_json_over_csv() {
    #expect(
      Drop.problem("rows.jsonl", "id,text\n1,hello\n")
        == "rows.jsonl (line 1, character 1, byte 0): it is named .jsonl, but its content is no JSON. It begins with 'id,text', where JSON begins with { or [. "
        + "If it is CSV or plain text, name it .csv or .txt, or say \"format\": \"csv\" in rows.dataset.json.")
  }

  @Test func a_name_that_says_nothing() {
    #expect(
      Drop.problem("corpus.dat", "some text\n")
        == "corpus.dat: its name does not say what it is. Known endings are .csv, .tsv, .json, .jsonl, .ndjson, .txt, each also .gz, .zst, .xz or .bz2; "
        + ".zip, .tar, .tar.gz, .tar.zst, .tar.xz, .7z. Give it the right ending, or say \"format\" in corpus.dat.dataset.json: "
        + "\"csv\", \"tsv\", \"jsonl\", \"json\" or \"txt\".")
  }
}

/// The real disk, but the right to read, the room to write or the health to read is missing.
private struct RefusingFileSystem: FileSystem {
  var writes = false
  var reads = false
  private let real = LinuxFileSystem()

  init(writes: Bool = false, reads: Bool = false) {
    self.writes = writes
    self.reads = reads
  }

  func open(_ path: FilePath, _ mode: OpenMode) throws(SystemError) -> FileDescriptor {
    if !writes, !reads, case .reading = mode { throw SystemError(.permissionDenied, "open for reading", path) }
    return try real.open(path, mode)
  }
  func read(_ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    if reads { throw SystemError(.ioError, "read") }
    return try real.read(file, into: buffer)
  }
  func write(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    if writes { throw SystemError(.noSpace, "write") }
    return try real.write(file, bytes)
  }
  func close(_ file: FileDescriptor) throws(SystemError) { try real.close(file) }
  func seek(_ file: FileDescriptor, to offset: Int) throws(SystemError) { try real.seek(file, to: offset) }
  func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError) { try real.truncate(file, to: size) }
  func sync(_ file: FileDescriptor) throws(SystemError) { try real.sync(file) }
  func syncFileSystem(of file: FileDescriptor) throws(SystemError) { try real.syncFileSystem(of: file) }
  func status(_ path: FilePath) throws(SystemError) -> FileStatus { try real.status(path) }
  func status(of file: FileDescriptor) throws(SystemError) -> FileStatus { try real.status(of: file) }
  func rename(_ path: FilePath, to target: FilePath) throws(SystemError) { try real.rename(path, to: target) }
  func renameWithoutReplacing(_ path: FilePath, to target: FilePath) throws(SystemError) {
    try real.renameWithoutReplacing(path, to: target)
  }
  func link(_ path: FilePath, to target: FilePath) throws(SystemError) { try real.link(path, to: target) }
  func removeFile(_ path: FilePath) throws(SystemError) { try real.removeFile(path) }
  func makeFolder(_ path: FilePath) throws(SystemError) { try real.makeFolder(path) }
  func removeFolder(_ path: FilePath) throws(SystemError) { try real.removeFolder(path) }
  func names(in folder: FilePath) throws(SystemError) -> [FilePath.Component] { try real.names(in: folder) }
  func space(at path: FilePath) throws(SystemError) -> DiskSpace { try real.space(at: path) }
}
