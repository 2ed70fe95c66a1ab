import Domain
import TestSupport
import Testing

@testable import Training

/// Words found 64 bytes at a time, against words found character by character.
struct WordScanTests {
  private static let texts: [[UInt8]] = {
    var random = RandomTexts(seed: 5)
    var texts = (0..<4_000).map { number in random.next(pieces: number % 60, isBroken: number % 3 == 0) }
    // Words that end at the end of a block, begin with one, or fill several.
    for length in 0..<200 {
      texts.append([UInt8](repeating: UInt8(ascii: "x"), count: length))
      texts.append([UInt8](repeating: UInt8(ascii: " "), count: length) + Array("The the".utf8))
      texts.append([UInt8](repeating: UInt8(ascii: "."), count: length) + Array("don't an' ’the’ été a".utf8))
      texts.append(Array(String(repeating: "的", count: length).utf8) + Array(" the".utf8))
    }
    return texts
  }()

  private func normalized(_ text: [UInt8]) -> [UInt8] {
    var words: [UInt8] = []
    text.withUnsafeBufferPointer { NormalizedText.appendWords(of: $0, to: &words) }
    return words
  }

  @Test func words_as_they_are_compared_are_those_of_a_plain_walk() {
    let words = NormalizedWords()
    for text in Self.texts {
      let expected = PlainWords.normalized(text)
      #expect(normalized(text) == expected, "\(text)")
      let written = text.withUnsafeBufferPointer { Array(words.written($0)) }
      #expect(written == expected, "\(text)")
    }
  }

  @Test func every_character_becomes_what_unicode_says() {
    for value in 0x80...UInt32(0x10_FFFF) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      // Beyond the table one in 61: they go another way, each alike.
      if value >= 0x1_0000, value % 61 != 0 { continue }
      let text = Array("a\(scalar)b".utf8)
      let (made, expected) = (normalized(text), PlainWords.normalized(text))
      if made != expected { Issue.record("U+\(String(value, radix: 16)): \(made), not \(expected)") }
    }
  }

  @Test func a_word_has_the_hash_of_its_bytes_wherever_it_lies() {
    let words = NormalizedWords()
    for text in Self.texts {
      let expected = PlainWords.normalized(text).split(separator: 0x20).map { word in
        var hash = TextHash()
        Array(word).withUnsafeBufferPointer { hash.add($0) }
        return hash.value
      }
      var hashes: [UInt64] = []
      text.withUnsafeBufferPointer { words.forEach(in: $0) { hashes.append(TextHash.value(of: $0)) } }
      #expect(hashes == expected, "\(text)")
    }
  }

  @Test(
    arguments: [
      ([.english], []), ([.russian, .german, .turkish], ["的", "is the"]),
      ([], ["Straße", "don't", "counterrevolutionaries", "Donaudampfschifffahrtsgesellschaft", "x1", "été", "𐐀𐐨", "k", "ⱥ"]),
    ] as [([StopWordList], [String])])
  func stop_words_are_those_of_a_plain_walk(lists: [StopWordList], own: [String]) {
    let filter = StopWordFilter(lists: lists, own: own)
    let words = Set(lists.flatMap(\.words).map { Array($0.utf8) } + own.map { PlainWords.normalized($0.utf8).dropLast() })
    var changed = 0
    for text in Self.texts {
      let made = text.withUnsafeBufferPointer { filter.filtered($0) }
      let expected = PlainWords.filtered(text, without: words)
      #expect(made == expected, "\(text)")
      if made != nil { changed += 1 }
    }
    #expect(changed > 500)
  }

  @Test func real_texts_too() throws {
    let filter = StopWordFilter(lists: StopWordList.allCases, own: [])
    let words = Set(StopWordList.allCases.flatMap(\.words).map { Array($0.utf8) })
    for name in ["tokenizers/scripts.txt", "tokenizations/c4.jsonl"] {
      for line in try Fixtures.bytes(name).split(separator: 0x0A, omittingEmptySubsequences: true).map(Array.init) {
        #expect(normalized(line) == PlainWords.normalized(line))
        #expect(line.withUnsafeBufferPointer { filter.filtered($0) } == PlainWords.filtered(line, without: words))
      }
    }
  }

  @Test func a_table_of_words_has_what_was_put_in_and_nothing_else() {
    let words = Set(
      (0..<3_000).map { Array("w\($0 * 7_919 % 100_003)\(String(repeating: "y", count: $0 % 11))".utf8) }.filter { $0.count <= 16 })
    let table = WordTable(words)
    for number in 0..<3_000 {
      for word in ["w\(number)", "w\(number)\(String(repeating: "y", count: number % 11))"].map({ Array($0.utf8) }) where word.count <= 16 {
        let padded = word + [UInt8](repeating: 0x7A, count: 16)
        let (exact, loose) = (
          word.withUnsafeBufferPointer { WordTable.key($0.baseAddress!, count: word.count, readable: word.count) },  // not empty
          padded.withUnsafeBufferPointer { WordTable.key($0.baseAddress!, count: word.count, readable: padded.count) }
        )
        #expect(exact == loose && table.contains(exact) == words.contains(word))
      }
    }
  }
}
