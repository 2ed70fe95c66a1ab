import CArchive
import Platform
import SystemPackage

/// A form of file that is dropped: how rows are written, and what is put around them.
struct BenchmarkCase: Sendable {
  var name: String
  var ending: String
  /// Per cent of the size that was asked for.
  var share = 100
  var rows: RowForm
  var wrapping = Wrapping.none

  enum RowForm: Sendable { case jsonLines, spacedJSONLines, chat, csv, array }
  enum Wrapping: Sendable { case none, gzip, zstd, tarZstd, zip }

  static let all = [
    BenchmarkCase(name: "jsonl", ending: "jsonl", rows: .jsonLines),
    // Rows that differ from canonical ones (a space in front of each): everything is written once more.
    BenchmarkCase(name: "jsonl-copied", ending: "jsonl", rows: .spacedJSONLines),
    BenchmarkCase(name: "chat", ending: "jsonl", rows: .chat),
    BenchmarkCase(name: "csv", ending: "csv", rows: .csv),
    BenchmarkCase(name: "json-array", ending: "json", share: 60, rows: .array),
    BenchmarkCase(name: "jsonl.gz", ending: "jsonl.gz", rows: .jsonLines, wrapping: .gzip),
    BenchmarkCase(name: "jsonl.zst", ending: "jsonl.zst", rows: .jsonLines, wrapping: .zstd),
    BenchmarkCase(name: "tar.zst", ending: "tar.zst", rows: .jsonLines, wrapping: .tarZstd),
    BenchmarkCase(name: "zip", ending: "zip", rows: .jsonLines, wrapping: .zip),
  ]

  /// Writes a file whose rows are `byteCount` bytes or a little more.
  func make(_ corpus: Corpus, _ byteCount: Int, _ file: FilePath) throws {
    let output = try Output(file, wrapping, byteCount: byteCount)
    if rows == .csv { output.write("id,speaker,text,answer\r\n") }
    if rows == .array { output.write("[\n") }
    var number = 0
    while output.byteCount < byteCount - 2 {
      let text = row(corpus, number)
      output.write(rows == .array && number > 0 ? ",\n" + text : text)
      number += 1
    }
    if rows == .array { output.write("\n]\n") }
    try output.finish()
  }

  private func row(_ corpus: Corpus, _ number: Int) -> String {
    let (first, second) = (corpus[number], corpus[number * 7 + 1])
    switch rows {
    case .jsonLines, .spacedJSONLines, .array:
      let object = #"{"id": \#(number), "question": \#(Self.quoted(first.text)), "answer": \#(Self.quoted(second.text))}"#
      return (rows == .spacedJSONLines ? " " : "") + object + (rows == .array ? "" : "\n")
    case .chat:
      let turns = [
        ("system", "You are \(first.speaker)."), ("user", first.text), ("assistant", second.text), ("user", corpus[number + 1].text),
      ]
      let messages = turns.map { #"{"role": "\#($0)", "content": \#(Self.quoted($1))}"# }
      return #"{"messages": [\#(messages.joined(separator: ", "))]}"# + "\n"
    case .csv:
      let cells = [first.text, second.text].map {
        "\"" + $0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
      }
      return "\(number),\(first.speaker),\(cells.joined(separator: ","))\r\n"
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

/// A file, packed by libarchive on the way.
private final class Output {
  private(set) var byteCount = 0
  private let archive: OpaquePointer
  private let entry: OpaquePointer
  private var buffer: [UInt8] = []
  private let file: FilePath
  private let size: Int

  struct Failure: Error { var words: String }

  init(_ file: FilePath, _ wrapping: BenchmarkCase.Wrapping, byteCount: Int) throws {
    guard let archive = archive_write_new(), let entry = archive_entry_new() else { throw Failure(words: "no memory") }
    (self.archive, self.entry, self.file) = (archive, entry, file)
    switch wrapping {
    case .none, .gzip, .zstd: archive_write_set_format_raw(archive)
    case .tarZstd: archive_write_set_format_pax_restricted(archive)
    case .zip: archive_write_set_format_zip(archive)
    }
    switch wrapping {
    case .gzip: archive_write_add_filter_gzip(archive)
    case .zstd, .tarZstd: archive_write_add_filter_zstd(archive)
    case .none, .zip: archive_write_add_filter_none(archive)
    }
    guard file.withPlatformString({ archive_write_open_filename(archive, $0) }) == ARCHIVE_OK else { throw Failure(words: "\(file)") }
    archive_entry_set_pathname(entry, "rows.jsonl")
    archive_entry_set_filetype(entry, 0o100000)  // a regular file, as in stat(2)
    // A tar names the size in front: what is missing at the end is filled with line feeds, which are no rows.
    size = byteCount + (1 << 16)
    if wrapping == .tarZstd { archive_entry_set_size(entry, Int64(size)) }
    guard archive_write_header(archive, entry) == ARCHIVE_OK else { throw Failure(words: "header of \(file)") }
    isTar = wrapping == .tarZstd
  }

  private let isTar: Bool

  func write(_ text: String) {
    buffer += Array(text.utf8)
    byteCount += text.utf8.count
    if buffer.count > 1 << 20 { flush() }
  }

  private func flush() {
    archive_write_data(archive, buffer, buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  func finish() throws {
    if isTar { write(String(repeating: "\n", count: size - byteCount)) }
    flush()
    guard archive_write_close(archive) == ARCHIVE_OK else { throw Failure(words: "end of \(file)") }
    archive_entry_free(entry)
    archive_write_free(archive)
    try LinuxFileSystem().syncTree(file)
  }
}
