import Domain
import Testing

@testable import DatasetFormats

struct FormatChoiceTests {
  private func choose(_ file: String, _ text: String, isWhole: Bool = true) throws -> FormatChoice {
    try Array(text.utf8).withUnsafeBufferPointer {
      try FormatChoice(
        file: file, named: DroppedFileName(file).format, told: nil, content: $0, isWhole: isWhole, sidecarName: "a.dataset.json")
    }
  }

  @Test(arguments: [
    ("a.json", "[{\"a\":1}]", DatasetFormat.json), ("a.json", "{\"a\":1}\n{\"a\":2}\n", .jsonl), ("a.json", "{\"a\":1}\n", .json),
    ("a.json", "{\n\"a\":1}\n{\"a\":2}\n", .json), ("a.jsonl", "{\"a\":1}\n{\"a\":2}", .jsonl), ("a.jsonl", "{\"a\":1", .jsonl),
    ("a.jsonl", "{\"a\":1,\n{\"a\":2}\n", .jsonl), ("a.csv", "a,b\n", .csv), ("a.csv", "{a,b\n", .csv), ("a.tsv", "a\tb\n", .tsv),
    ("a.txt", "x", .plainText),
  ])
  func what_name_and_content_say_together(_ file: String, _ text: String, _ format: DatasetFormat) throws {
    let choice = try choose(file, text)
    #expect(choice.format == format)
    #expect(choice.remark == nil)
  }

  @Test(arguments: [
    ("a.jsonl", "[{\"a\":1}]", DatasetFormat.json, "a.jsonl: its rows are not one a line; it was read as JSON."),
    ("a.jsonl", "{\n  \"a\": 1\n}\n", .json, "a.jsonl: its rows are not one a line; it was read as JSON."),
    ("a.csv", "{\"a\":1}\n{\"a\":2}\n", .jsonl, "a.csv: its content is JSON lines, and it was read as such."),
    ("a.csv", "[ {\"a\":1} ]", .json, "a.csv: its content is JSON, and it was read as such."),
    (
      "a.txt", "{\"a\":1}\n{\"a\":2}\n", .plainText,
      "a.txt: it was read as plain text, but its first line is a JSON object. If it is JSON lines, name it .jsonl."
    ),
  ])
  func the_content_decides_with_a_remark(_ file: String, _ text: String, _ format: DatasetFormat, _ remark: String) throws {
    let choice = try choose(file, text)
    #expect(choice.format == format)
    #expect(choice.remark == remark)
  }

  @Test func a_first_line_whose_end_is_not_in_sight_is_no_proof() throws {
    #expect(try choose("a.csv", "{\"a\":1}", isWhole: false).format == .csv)
    #expect(try choose("a.json", "{\"a\":[1,2,", isWhole: false).format == .json)
  }

  @Test func without_an_ending_only_json_speaks_for_itself() throws {
    #expect(try choose("dump", "{\"a\":1}\n{\"a\":2}\n").format == .jsonl)
    #expect(try choose("dump", "[{\"a\":1}]").format == .json)
    #expect(throws: Problem.self) { try choose("dump", "a,b\n1,2\n") }
  }
}
