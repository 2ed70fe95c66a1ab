import Domain
import Foundation
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// nst/JSONTestSuite as drops: what the suite calls JSON is never refused for its grammar, and what it does not call so never
/// becomes a dataset.
struct JSONTestSuiteTests {
  private static let folder = Fixtures.path("json_test_suite/test_parsing").string

  private static func cases(_ prefix: String) throws -> [(name: String, bytes: [UInt8])] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(prefix) }.sorted().map {
      ($0, Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))))
    }
  }

  private static func problem(_ name: String, _ bytes: [UInt8]) -> Problem? {
    do {
      _ = try Drop(name, bytes)
      return nil
    } catch {
      return error as? Problem ?? Problem("no-problem", "\(error)", mend: "-")
    }
  }

  @Test func every_value_that_is_json_may_stand_in_a_row() throws {
    let rows = try Self.cases("y_").map { name, bytes in Array(#"{"case":"\#(name)","value":"#.utf8) + bytes + Array("}".utf8) }
    let list = Array("[".utf8) + rows.joined(separator: Array(",".utf8)) + Array("]".utf8)
    let drop = try Drop("all.json", list)
    #expect(drop.result.rows == 95)
    #expect(drop.result.badRows == 0)
    for row in try drop.rows() { #expect(throws: Never.self) { try JSONParser.parse(row, repeatedKeys: .keepLast) } }
    // On lines of their own, those of one line.
    let lines = rows.filter { !$0.contains(0x0A) }
    let byLine = try Drop("all.jsonl", Array(lines.joined(separator: [0x0A])))
    #expect(byLine.result.rows == lines.count)
    #expect(byLine.result.badRows == 0)
  }

  @Test func what_is_no_json_is_refused_with_line_character_and_byte() throws {
    for (name, bytes) in try Self.cases("n_") {
      let problem = try #require(Self.problem("case.json", bytes), "\(name)")
      #expect(problem.code != "no-problem", "\(name): \(problem)")
      // An empty file has no place.
      if problem.code == "drop.empty" { continue }
      // A zero or a wide letter where text should be is met before the grammar.
      if problem.code == "content.binary" || problem.code == "text.not-utf8" {
        #expect(problem.place?.byte != nil, "\(name): \(problem)")
        continue
      }
      #expect(problem.place?.line != nil && problem.place?.character != nil && problem.place?.byte != nil, "\(name): \(problem)")
    }
  }

  @Test func two_values_on_one_line_are_refused_and_on_lines_of_their_own_are_two_rows() throws {
    let problem = try #require(Self.problem("case.json", Array("{\n\"text\": \"a\"} {\"text\": \"b\"}".utf8)))
    #expect(
      problem.description
        == "case.json (line 2, character 14, byte 15): it is not valid JSON. The value before it ends on the same line, and JSON has one value in a file. Write the rows as a list, [{…}, {…}], or each on a line of its own, and drop the file again."
    )
    #expect(try Drop("case.json", Array("{\n\"text\": \"a\"}\n{\n\"text\": \"b\"}".utf8)).result.rows == 2)
  }

  @Test func among_good_rows_each_is_one_bad_row_of_json_lines() throws {
    let good = (0..<30).map { "{\"text\":\"row \($0)\"}\n" }.joined()
    for (name, bytes) in try Self.cases("n_") where !bytes.contains(0x0A) && !bytes.contains(0) && bytes.count < 10_000 {
      let isBlank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
      let drop = try Drop("case.jsonl", Array(good.utf8) + bytes + Array("\n".utf8))
      #expect(drop.result.rows == 30, "\(name)")
      #expect(drop.result.badRows == (isBlank ? 0 : 1), "\(name)")
    }
  }
}
