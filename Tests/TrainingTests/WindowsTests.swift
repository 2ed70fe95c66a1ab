import Testing

@testable import Training

/// Long rows as windows: what Hugging Face's tokenizers make of them.
struct WindowsTests {
  private func lengths(_ tokens: Int, _ length: Int, _ stride: Int) -> [Range<Int>] {
    var found: [Range<Int>] = []
    Windows(length: length, stride: stride).forEach(before: 0, tokens: tokens, ends: true) { places, _ in found.append(places) }
    return found
  }

  /// The plain way: the next window begins a step behind the one before, until one reaches the end.
  private func plain(_ tokens: Int, _ length: Int, _ stride: Int) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = 0
    while start == 0 || start + stride < tokens {
      found.append(start..<min(start + length, tokens))
      if start + length >= tokens { break }
      start += length - stride
    }
    return tokens == 0 ? [] : found
  }

  @Test func twenty_five_tokens_in_windows_of_ten() {
    #expect(lengths(25, 10, 0).map(\.count) == [10, 10, 5])
    #expect(lengths(25, 10, 4) == [0..<10, 6..<16, 12..<22, 18..<25])
    #expect(lengths(22, 10, 4) == [0..<10, 6..<16, 12..<22])
    #expect(lengths(10, 10, 9) == [0..<10])
    #expect(lengths(0, 10, 4).isEmpty)
  }

  @Test func every_length_as_the_plain_way_and_every_token_in_some_window() {
    for length in 2...9 {
      for stride in 0..<length {
        for tokens in 0...40 {
          let found = lengths(tokens, length, stride)
          #expect(found == plain(tokens, length, stride), "\(tokens) tokens, \(length), \(stride)")
          #expect(Set(found.joined()).count == tokens)
        }
      }
    }
  }

  @Test func a_document_in_pieces_makes_the_same_windows() {
    var state: UInt64 = 7
    for _ in 0..<300 {
      let (length, tokens) = (Int(ShuffledOrder.splitMix(&state) % 8) + 2, Int(ShuffledOrder.splitMix(&state) % 60))
      let stride = Int(ShuffledOrder.splitMix(&state) % UInt64(length))
      let windows = Windows(length: length, stride: stride)
      var (found, known): ([Range<Int>], Int) = ([], 0)
      while known < tokens {
        let more = min(tokens - known, Int(ShuffledOrder.splitMix(&state) % 20) + 1)
        windows.forEach(before: known, tokens: known + more, ends: known + more == tokens) { places, overlap in
          #expect(places.lowerBound >= windows.needed(after: known), "a token is needed again that was let go")
          #expect(overlap == (places.lowerBound == 0 ? 0 : stride))
          found.append(places)
        }
        known += more
      }
      #expect(found == plain(tokens, length, stride), "\(tokens) tokens, \(length), \(stride)")
    }
  }
}
