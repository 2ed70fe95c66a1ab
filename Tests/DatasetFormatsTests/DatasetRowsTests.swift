import Domain
import Platform
import StrictJSON
import SystemPackage
import Testing

@testable import DatasetFormats

struct DatasetRowsTests {
  /// A version made of these rows.
  private func write(_ rows: [String], _ body: (DatasetVersionLayout) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let files = LinuxFileSystem()
    let layout = DatasetVersionLayout(folder: folder.path)
    try files.makeFolders(layout.data)
    let writer = try CanonicalWriter(split: "train", layout: layout, fileSystem: files)
    for row in rows {
      try Array(row.utf8).withUnsafeBufferPointer { bytes in
        if let base = bytes.baseAddress { try writer.append(base, bytes.count) }
      }
      try writer.endRow()
    }
    _ = try writer.finish()
    try body(layout)
  }

  @Test func the_index_is_as_documented() throws {
    try write(["{\"a\":1}", "{}"]) { layout in
      let bytes = try LinuxFileSystem().contents(of: layout.index(split: "train"))
      let number = { (value: UInt64) in (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
      #expect(bytes == Array("DFIX0001".utf8) + number(2) + number(0) + number(8) + number(11))
      #expect(bytes.count == OffsetIndex.size(rows: 2))
    }
  }

  @Test func any_row_is_found_by_its_number() throws {
    let rows = (0..<3_000).map { "{\"id\":\($0),\"text\":\"\(String(repeating: "x", count: $0 % 700))\"}" }
    try write(rows) { layout in
      let read = try DatasetRows(layout, split: "train")
      #expect(read.count == 3_000)
      #expect(read.byteCount == rows.reduce(0) { $0 + $1.utf8.count + 1 })
      for row in [0, 1, 1_499, 2_998, 2_999] {
        read.forEach(in: row..<row + 1) { #expect(String(decoding: $0.bytes, as: UTF8.self) == rows[row]) }
      }
      var seen: [String] = []
      read.forEach(in: 10..<13) { seen.append(String(decoding: $0.bytes, as: UTF8.self)) }
      #expect(seen == Array(rows[10..<13]))
    }
  }

  @Test func a_row_outlives_the_rows_it_came_from() throws {
    try write([#"{"text":"still here"}"#]) { layout in
      let row = try DatasetRows(layout, split: "train")[0]
      #expect(row.text(.text) == "still here")
      #expect(row.value(.text)?.isString == true)
    }
  }

  @Test func no_rows_are_an_index_of_none() throws {
    try write([]) { layout in
      let read = try DatasetRows(layout, split: "train")
      #expect(read.count == 0)
    }
  }

  @Test(arguments: [0, 7, 8, 16, 24, 31])
  func a_damaged_index_is_refused(_ at: Int) throws {
    try write(["{\"a\":1}", "{\"a\":2}"]) { layout in
      let files = LinuxFileSystem()
      let path = layout.index(split: "train")
      var bytes = try files.contents(of: path)
      bytes[at] ^= 0x80
      try files.writeWhole(ContiguousArray(bytes), to: path)
      #expect(throws: Problem.self) { try DatasetRows(layout, split: "train") }
      bytes[at] ^= 0x80
      try files.writeWhole(ContiguousArray(bytes.dropLast(1)), to: path)
      let problem = #expect(throws: Problem.self) { try DatasetRows(layout, split: "train") }
      #expect(
        problem?.description
          == "\(path): the offset index does not fit the rows. The dataset's folder was changed or damaged: drop the dataset again.")
    }
  }

  private func row(_ text: String, _ body: (DatasetRow) throws -> Void) rethrows {
    try Array(text.utf8).withUnsafeBufferPointer { try body(DatasetRow($0)) }
  }

  @Test func fields_are_found_without_a_tree() {
    row(#"{"id": 7, "text" : "plain", "tags":["a",{"text":"inner"}], "none":null, "yes":true, "text\u0032":"x"}"#) { row in
      #expect(row.text(.text) == "plain")
      #expect(row.text(FieldName("id")) == nil)
      #expect(row.text(FieldName("missing")) == nil)
      #expect(row.text(FieldName("text2")) == "x")
      #expect(row.value(FieldName("none"))?.isNull == true)
      #expect(row.value(FieldName("yes"))?.isTrue == true)
      #expect(row.value(FieldName("id")).map { String(decoding: $0.bytes, as: UTF8.self) } == "7")
      #expect(row.node(FieldName("tags")) == ["a", ["text": "inner"]])
      #expect(row.values([FieldName("id"), FieldName("no"), .text]).map { $0?.isString } == [false, nil, true])
    }
  }

  @Test func of_a_repeated_field_the_last_counts() {
    row(#"{"text":"first","text":"last"}"#) { #expect($0.text(.text) == "last") }
  }

  @Test func escapes_are_resolved() throws {
    let text = #"{"text":"a\"b\\c\/d\b\f\n\r\té\u00e9\ud83d\ude00\u0000 end"}"#
    try row(text) { row in
      let expected = "a\"b\\c/d\u{8}\u{C}\n\r\téé😀\0 end"
      #expect(row.text(.text) == expected)
      var buffer = Array("before ".utf8)
      let found = row.appendText(.text, to: &buffer)
      #expect(found)
      #expect(buffer == Array("before \(expected)".utf8))
      let node = try row.node()
      #expect(node["text"]?.string == expected)
      #expect(!row.appendText(FieldName("id"), to: &buffer))
    }
  }

  @Test func pieces_of_a_document_say_whether_they_go_on() {
    row(#"{"text":"x","continues":true}"#) { #expect($0.continues) }
    row(#"{"text":"x","continues":false}"#) { #expect(!$0.continues) }
    row(#"{"text":"x"}"#) { #expect(!$0.continues) }
  }

  @Test(arguments: ["", "{", "{\"text\"", "{\"text\":\"x", "[1]", "{\"text\":\"x\",", "\"text\""])
  func a_row_that_was_damaged_since_ends_early(_ text: String) {
    row(text) { #expect($0.text(FieldName("other")) == nil) }
  }
}
