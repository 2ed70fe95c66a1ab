import Dispatch
import StrictJSON
import Synchronization
import Testing

@testable import Tokenizers

/// The fast way against the plain one: cache, merging, threads.
@Suite struct EncoderTests {
  /// Merging as the definition says: the lowest rank anywhere, leftmost first, until there is none.
  private func plainMerge(_ bytes: [UInt8], _ tokenizer: Tokenizer) -> [TokenID] {
    let merges = tokenizer.merges.reader
    var tokens = bytes.map { tokenizer.byteTokens[Int($0)] }
    while true {
      var best: (rank: UInt32, at: Int)?
      for at in tokens.indices.dropLast() {
        let rank = merges.rank(tokens[at], tokens[at + 1])
        if rank != MergeTable.noMerge, rank < best?.rank ?? .max { best = (rank, at) }
      }
      guard let best else { return tokens }
      tokens.replaceSubrange(best.at...best.at + 1, with: [tokenizer.merges.results[Int(best.rank)]])
    }
  }

  private func encode(_ text: [UInt8], with encoder: Encoder) -> [TokenID] {
    var ids: [TokenID] = []
    text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
    return ids
  }

  @Test func merging_equals_the_definition_at_every_length() throws {
    let tokenizer = try Fixture.tokenizer("gpt2")
    let encoder = tokenizer.makeEncoder()
    var generator = SeededGenerator(3)
    let source = try Fixture.bytes("shakespeare.txt").filter { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }
    for length in Array(1...140) + [300, 1000] {
      for _ in 0..<5 {
        let start = Int.random(in: 0..<source.count - length, using: &generator)
        let word = Array(source[start..<start + length])
        let expected = plainMerge(word, tokenizer)
        #expect(encode(word, with: encoder) == expected)
        #expect(encode(word, with: encoder) == expected, "the second time, from the cache")
        // Near the buffer's end keys are read byte by byte, elsewhere by words.
        #expect(Array(encode(word + Array(" and then some more".utf8), with: encoder).prefix(expected.count)) == expected)
      }
    }
    #expect(encode(Array(String(repeating: "a", count: 100_000).utf8), with: encoder).count < 100_000)
  }

  @Test func what_the_cache_forgot_is_merged_again() throws {
    let tokenizer = try Fixture.tokenizer("llama3")
    let encoder = tokenizer.makeEncoder()
    var generator = SeededGenerator(4)
    // More words of every length than there are entries, and more text than the ring holds; each comes twice, far apart.
    let words = (0..<60_000).map { index in
      let length = index % 40 + 1
      return (0..<length).map { _ in UInt8.random(in: 0x61...0x7A, using: &generator) }
    }
    let text = Array(words.joined(separator: [0x0A]))
    let first = encode(text, with: encoder)
    for _ in 0..<4 {
      let noise = (0..<40_000).map { _ in (0..<24).map { _ in UInt8.random(in: 0x41...0x7A, using: &generator) } }
      _ = encode(Array(noise.joined(separator: [0x20])), with: encoder)
    }
    #expect(encode(text, with: encoder) == first)
    #expect(encode(text, with: tokenizer.makeEncoder()) == first)
    for word in words.prefix(500) { #expect(encode(word, with: encoder) == expected(word, tokenizer)) }
  }

  @Test func memory_that_is_ready_changes_no_token() throws {
    let tokenizer = try Fixture.tokenizer("llama3")
    let (ready, plain) = (tokenizer.makeEncoder(isForMuchText: true), tokenizer.makeEncoder())
    var generator = SeededGenerator(5)
    for length in [0, 1, 100, 50_000] {
      let text = (0..<length).map { _ in UInt8.random(in: 0x20...0x7A, using: &generator) }
      for _ in 0..<2 { #expect(encode(text, with: ready) == encode(text, with: plain)) }
    }
  }

  @Test func texts_are_sieved_for_added_tokens() throws {
    // One of one byte, one that begins like another, and more first bytes than are looked for at once.
    for contents in [["<|a|>"], ["<|a|>", "<|ab|>", "Z"], ["<x", "[y", "{z", "(w"]] {
      let tokens = contents.enumerated().map { AddedToken(id: TokenID($0.offset), content: $0.element) }
      let matcher = try #require(AddedTokenMatcher(tokens, contents: contents.map { Array($0.utf8) }))
      for content in contents {
        for place in 0..<20 {
          for behind in 0..<12 {
            let text = Array((String(repeating: "<", count: place) + content + String(repeating: "|", count: behind)).utf8)
            #expect(text.withUnsafeBufferPointer { matcher.sieve.mayHold($0) })
          }
        }
      }
      #expect(!Array("plain text, long enough for words of eight bytes".utf8).withUnsafeBufferPointer { matcher.sieve.mayHold($0) })
    }
  }

  private func expected(_ word: [UInt8], _ tokenizer: Tokenizer) -> [TokenID] {
    if let id = word.withUnsafeBufferPointer({ tokenizer.vocabulary.id(ofModelToken: $0) }) { return [id] }  // ignore_merges
    return plainMerge(word, tokenizer)
  }

  @Test func pre_tokens_of_eight_bytes_are_not_taken_for_shorter_ones() throws {
    let encoder = try Fixture.tokenizer("bpe400").makeEncoder()
    let plain = try Fixture.tokenizer("bpe400")
    // Seven letters and a control character: the eighth byte of the key is a length elsewhere.
    for last in UInt8(0)..<16 {
      let word = Array("......".utf8) + [0x2E, last]
      for text in [word, Array(word.dropLast()), word + [0], Array(word.prefix(Int(last % 8)))] where !text.isEmpty {
        #expect(encode(text, with: encoder) == encode(text, with: plain.makeEncoder()))
        #expect(plain.bytes(of: encode(text, with: encoder)) == text)
      }
    }
  }

  @Test func ids_are_appended() throws {
    let encoder = try Fixture.tokenizer("bpe400").makeEncoder()
    var ids: [TokenID] = [7]
    encoder.encode("", into: &ids)
    #expect(ids == [7])
    encoder.encode("the", into: &ids)
    encoder.encode("the", into: &ids)
    #expect(ids.count == 3 && ids[1] == ids[2])
  }

  @Test func a_text_longer_than_any_buffer() throws {
    let tokenizer = try Fixture.tokenizer("gpt2")
    let unit = Array("The quick brown fox jumps over 13 lazy dogs; isn't it so? 数学 ".utf8)
    let once = encode(unit, with: tokenizer.makeEncoder())
    let text = Array(repeatElement(unit, count: 5000).joined())
    #expect(tokenizer.bytes(of: encode(text, with: tokenizer.makeEncoder())) == text)
    // The last space of each joins the next text's first word but does not change what stands between.
    #expect(Array(encode(text, with: tokenizer.makeEncoder()).prefix(once.count - 1)) == Array(once.dropLast()))
  }

  @Test func threads_with_an_encoder_each_agree() throws {
    let tokenizer = try Fixture.tokenizer("gpt2")
    let texts = try Fixture.strings.get()
    let expected = texts.map { tokenizer.encode($0) }
    let agreed = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      let encoder = tokenizer.makeEncoder()
      let same = zip(texts, expected).count { text, ids in
        var found: [TokenID] = []
        encoder.encode(text, into: &found)
        return found == ids
      }
      agreed.withLock { $0 += same }
    }
    #expect(agreed.withLock { $0 } == 4 * texts.count)
  }
}
