import StrictJSON
import Testing

@testable import Tokenizers

/// Where pre-tokens end. The golden ids test the patterns; these test that the fast ways find what the plain ones find.
@Suite struct ScannerTests {
  private func ends<Scanner: PreTokenScanner>(of text: [UInt8], _: Scanner.Type, byBlocks: Bool) -> [Int] {
    text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return [] }
      let scan = ScanText(base, end: buffer.count, readableEnd: buffer.count, classes: ScalarClasses.patterns.table.base)
      var all: [Int] = []
      var ends = [Int](repeating: 0, count: 204)
      while let start = Optional(all.last ?? 0), start < buffer.count {
        if byBlocks {
          let count = Scanner.findEnds(from: start, in: scan, into: &ends, capacity: 200)
          all += ends[..<count]
        } else {
          all.append(Scanner.endOfPreToken(from: start, in: scan))
        }
      }
      return all
    }
  }

  /// One scalar after another, as the pattern of GPT-2 reads.
  private func plainGPT2Ends(of text: [UInt8]) -> [Int] {
    let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    func kind(_ index: Int) -> ScalarClass? { index < scalars.count ? ScalarClasses.patterns[scalars[index]] : nil }
    func run(_ index: Int) -> Int { (index..<scalars.count).first { kind($0) != kind(index) } ?? scalars.count }
    var ends: [Int] = []
    var index = 0
    var byte = 0
    while index < scalars.count {
      var end = index
      let contraction = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].first {
        Array(scalars[index...].prefix($0.count)) == Array($0.unicodeScalars)
      }
      if let contraction {
        end = index + contraction.count
      } else if kind(index) != .space {
        end = run(index)
      } else if scalars[index] == " ", let next = kind(index + 1), next != .space {
        end = run(index + 1)
      } else {
        end = run(index)
        if end < scalars.count, end - index > 1 { end -= 1 }
      }
      byte += scalars[index..<end].reduce(0) { $0 + UTF8.width($1) }
      ends.append(byte)
      index = end
    }
    return ends
  }

  @Test func blocks_end_where_single_scalars_do() {
    var generator = SeededGenerator(1)
    let pieces: [String] = [
      "a", "word", "WORDS", "veryLongWordOfMoreThanThirtyTwoLettersIndeed", " ", " ", " ", "  ", "\n", "\t", "\r\n", "    ", "1", "23",
      "4567", ".", ",", "!=", "'", "'s",
      "'re", "'ll", "'x", "''", "'S", "é", "数", "\u{3000}", "\u{0}", "\u{7F}", "-----", "_",
    ]
    for round in 0..<400 {
      var text: [UInt8] = []
      // Mostly ASCII, so that there are blocks; now and then all ASCII.
      let choice = round % 3 == 0 ? pieces.filter { $0.utf8.allSatisfy { $0 < 0x80 } } : pieces
      while text.count < 300 { text += Array(choice.randomElement(using: &generator)?.utf8 ?? "".utf8) }
      let expected = plainGPT2Ends(of: text)
      #expect(ends(of: text, GPT2Scanner.self, byBlocks: true) == expected)
      #expect(ends(of: text, GPT2Scanner.self, byBlocks: false) == expected)
    }
  }

  @Test func every_pair_of_ASCII_characters_at_every_place_of_a_block() {
    for offset in [0, 1, 30, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64] {
      for first in UInt8(0)..<128 {
        // Every second character once behind every first: a long text with the pair at the offset.
        var text = [UInt8](repeating: UInt8(ascii: "x"), count: offset)
        for second in UInt8(0)..<128 where second % 7 == first % 7 { text += [first, second] + Array("yz 'll".utf8) }
        #expect(ends(of: text, GPT2Scanner.self, byBlocks: true) == ends(of: text, GPT2Scanner.self, byBlocks: false))
      }
    }
  }

  @Test func the_pattern_of_Llama_3() {
    func pieces(_ text: String) -> [String] {
      let bytes = Array(text.utf8)
      var start = 0
      return ends(of: bytes, Llama3Scanner.self, byBlocks: true).map { end in
        defer { start = end }
        return String(decoding: bytes[start..<end], as: UTF8.self)
      }
    }
    #expect(pieces("I'LL say 'hello' 12345!\r\n\n  x") == ["I", "'LL", " say", " '", "hello", "'", " ", "123", "45", "!\r\n\n", " ", " x"])
    #expect(pieces("\t\tint\n \n  ") == ["\t", "\tint", "\n \n", "  "])
    #expect(pieces("'ſo 'Tis") == ["'ſ", "o", " '", "Tis"])
    #expect(pieces("(a) ...b") == ["(a", ")", " ...", "b"])
  }

  @Test func nothing_behind_the_end_of_a_piece_counts() {
    // The buffer goes on after the piece: "ab" of "abcd", a space before a letter that does not belong.
    let text = Array("ab cdefghijklmnop".utf8)
    text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for end in 1...buffer.count {
        let scan = ScanText(base, end: end, readableEnd: buffer.count, classes: ScalarClasses.patterns.table.base)
        #expect(GPT2Scanner.endOfPreToken(from: 0, in: scan) == min(end, 2))
        if end > 2 { #expect(GPT2Scanner.endOfPreToken(from: 2, in: scan) == end) }
      }
    }
  }

  @Test func scalar_classes_equal_those_of_Hugging_Face() throws {
    let golden = try Fixture.json("scalar_classes.json")
    func check(_ name: String, _ found: (Unicode.Scalar) -> Bool) throws {
      let expected = try #require(golden[name]?.array).map { $0.tokenIDs[0]...$0.tokenIDs[1] }
      var ranges: [ClosedRange<UInt32>] = []
      for value in UInt32(0)...0x10FFFF {
        guard let scalar = Unicode.Scalar(value), found(scalar) else { continue }
        if let last = ranges.last, last.upperBound == value - 1 {
          ranges[ranges.count - 1] = last.lowerBound...value
        } else {
          ranges.append(value...value)
        }
      }
      #expect(ranges == expected, "\(name)")
    }
    try check("letter") { ScalarClasses.patterns[$0] == .letter }
    try check("number") { ScalarClasses.patterns[$0] == .number }
    try check("space") { ScalarClasses.patterns[$0] == .space }
    try check("digits") { ScalarClasses.digits[$0] == .number }
  }
}
