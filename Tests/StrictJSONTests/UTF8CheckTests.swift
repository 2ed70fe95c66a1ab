import StrictJSON
import Testing

struct UTF8CheckTests {
  /// Table 3-7 of the Unicode standard, against the standard library's own reading.
  @Test func every_pair_of_bytes_is_judged_as_the_standard_library_does() {
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max {
        let bytes = [first, second]
        #expect((firstInvalid(bytes) == nil) == isValid(bytes), "\(bytes)")
      }
    }
  }

  @Test func longer_sequences_are_judged_as_the_standard_library_does() {
    let leads: [UInt8] = [0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF]
    let edges: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
    for lead in leads {
      for second in edges {
        for third in edges {
          for bytes in [[lead, second, third], [lead, second, third, 0x80], [lead, second, third, 0xBF], [lead, second, third, 0x41]] {
            #expect((firstInvalid(bytes) == nil) == isValid(bytes), "\(bytes)")
          }
        }
      }
    }
  }

  @Test func the_first_invalid_byte_is_found_at_any_distance() {
    for distance in 0..<40 {
      let text = Array(repeating: UInt8(ascii: "a"), count: distance)
      #expect(firstInvalid(text + [0xFF] + text) == distance)
      #expect(firstInvalid(Array("ü".utf8) + text + [0xC3]) == distance + 2)
      #expect(firstInvalid(text + Array("日本😀".utf8) + text) == nil)
    }
  }

  /// The fast path looks at eight bytes at once: every byte must stop it, or not, at every place in them.
  @Test func every_byte_at_every_place_of_a_string_is_seen() {
    for place in 0..<18 {
      for byte in UInt8.min...UInt8.max {
        var content = Array(repeating: UInt8(ascii: "a"), count: 20)
        content[place] = byte
        let text = [0x22] + content + [0x22]
        let expected: Bool =
          switch byte {
          case 0x22, 0x5C: false  // the quote ends the string early, and \a is no escape
          case 0x20...0x7F: true
          default: false
          }
        #expect(((try? JSONParser.parse(text)) != nil) == expected, "byte \(byte) at \(place)")
      }
    }
  }

  private func firstInvalid(_ bytes: [UInt8]) -> Int? { bytes.withUnsafeBufferPointer { UTF8Check.firstInvalidByte(in: $0) } }
  private func isValid(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }
}
