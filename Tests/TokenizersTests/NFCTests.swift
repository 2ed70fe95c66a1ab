import StrictJSON
import Testing

@testable import Tokenizers

@Suite struct NFCTests {
  private func normalized(_ text: String) -> String? {
    var text = text
    return text.withUTF8 { NFC.shared.normalized($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func every_scalar_with_two_marks_equals_Hugging_Face() throws {
    let checksums = try #require(Fixture.json("normalization.json").array).compactMap(\.string)
    #expect(checksums.count == 48)
    for (block, expected) in checksums.enumerated() {
      var checksum: UInt64 = 0xCBF2_9CE4_8422_2325
      for value in UInt32(block * 4096)..<UInt32(block * 4096 + 4096) {
        guard let scalar = Unicode.Scalar(value) else { continue }
        var text = Array("a".utf8)
        text += Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        text += Array("\u{323}\u{301}".utf8)
        for byte in text.withUnsafeBufferPointer({ NFC.shared.normalized($0) }) ?? text {
          checksum = (checksum ^ UInt64(byte)) &* 0x100_0000_01B3
        }
      }
      #expect(String(checksum, radix: 16) == expected.drop { $0 == "0" }, "block \(block)")
    }
  }

  @Test func what_is_composed_stays_untouched() {
    for text in ["", "plain ASCII", "déjà vu", "한국어", "नमस्ते", "حُرِّيَّة", "数", "🙂"] { #expect(normalized(text) == nil) }
  }

  @Test(arguments: [
    ("cafe\u{301}", "caf\u{E9}"), ("\u{212B}ngstro\u{308}m", "\u{C5}ngstr\u{F6}m"), ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"),
    ("\u{AC00}\u{11A8}", "\u{AC01}"), ("a\u{301}\u{323}", "\u{1EA1}\u{301}"), ("\u{958}", "\u{915}\u{93C}"), ("\u{F900}", "\u{8C48}"),
    ("x e\u{301} y e\u{301} z", "x \u{E9} y \u{E9} z"), ("\u{301}a", "\u{301}a"),
  ]) func composition(_ text: String, _ expected: String) {
    #expect(Array((normalized(text) ?? text).unicodeScalars) == Array(expected.unicodeScalars))
  }

  @Test func a_long_run_of_marks_is_ordered_in_time() {
    // Quadratic sorting would take minutes.
    let text = "a" + String(repeating: "\u{301}\u{323}", count: 100_000)
    let scalars = Array((normalized(text) ?? "").unicodeScalars)
    #expect(scalars.count == 199_999 + 1)
    #expect(scalars.first == "\u{1EA1}" && scalars[1] == "\u{323}" && scalars.last == "\u{301}")
  }
}
