import Foundation
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// nst/JSONTestSuite, the conformance suite of the field: file by file.
struct JSONTestSuiteTests {
  private static let folder = Fixtures.path("json_test_suite/test_parsing").string

  private static func cases(_ prefix: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix(prefix) }.sorted()
  }

  private static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
  }

  /// Our two readers: the tree of small files, and the scanner that steps over values in place.
  private static func fault(_ bytes: [UInt8]) -> (parser: JSONSyntaxError?, scanner: JSONSyntaxError?) {
    var faults: (JSONSyntaxError?, JSONSyntaxError?) = (nil, nil)
    do throws(JSONSyntaxError) {
      _ = try JSONParser.parse(bytes, repeatedKeys: .keepLast)
    } catch {
      faults.0 = error
    }
    bytes.withUnsafeBufferPointer { buffer in
      do throws(JSONSyntaxError) {
        var scanner = JSONScanner(buffer, at: buffer.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
        _ = try scanner.skipValue()
        scanner.skipWhitespace()
        if !scanner.isAtEnd { throw scanner.error(.trailingContent, "something follows the end of the value") }
      } catch {
        faults.1 = error
      }
    }
    return faults
  }

  @Test func the_suite_is_whole() {
    #expect(Self.cases("y_").count == 95)
    #expect(Self.cases("n_").count == 188)
    #expect(Self.cases("i_").count == 35)
  }

  @Test(arguments: cases("y_"))
  func what_is_json_is_accepted(_ name: String) throws {
    let fault = Self.fault(try Self.bytes(name))
    #expect(fault.parser == nil)
    #expect(fault.scanner == nil)
  }

  @Test(arguments: cases("n_"))
  func what_is_none_is_refused_with_line_column_and_byte(_ name: String) throws {
    let bytes = try Self.bytes(name)
    let fault = Self.fault(bytes)
    let error = try #require(fault.parser)
    #expect(fault.scanner != nil)
    #expect(error.byte >= 0 && error.byte <= bytes.count)
    let before = bytes[..<error.byte]
    #expect(error.line == 1 + before.count { $0 == 0x0A })
    #expect(error.column >= 1 && error.column <= 1 + before.count)
    #expect(!error.message.isEmpty)
  }

  /// What the RFC leaves open, each by the rule that docs/formats.md states.
  @Test func what_the_rfc_leaves_open_is_decided_by_a_stated_rule() throws {
    // Numbers of any size are text to us; the nesting limit is 512; a byte order mark is passed over.
    let accepted: Set<String> = [
      "i_number_double_huge_neg_exp.json", "i_number_huge_exp.json", "i_number_neg_int_huge_exp.json", "i_number_pos_double_huge_exp.json",
      "i_number_real_neg_overflow.json", "i_number_real_pos_overflow.json", "i_number_real_underflow.json", "i_number_too_big_neg_int.json",
      "i_number_too_big_pos_int.json", "i_number_very_big_negative_int.json", "i_structure_500_nested_arrays.json",
      "i_structure_UTF-8_BOM_empty_object.json",
    ]
    // Everything else is a lone surrogate, bytes that are no UTF-8, or UTF-16.
    for name in Self.cases("i_") {
      let fault = Self.fault(try Self.bytes(name))
      #expect((fault.parser == nil) == accepted.contains(name), "\(name)")
      #expect((fault.scanner == nil) == accepted.contains(name), "\(name)")
    }
  }

  @Test func where_a_person_writes_by_hand_repeated_keys_are_refused() throws {
    let refused = try Self.cases("y_").filter { name in
      let bytes = try Self.bytes(name)
      return (try? JSONParser.parse(bytes)) == nil
    }
    #expect(refused == ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"])
  }
}
