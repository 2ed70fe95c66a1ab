/// Where a pre-token ends: the leftmost-first match of one of the known patterns, written as a scanner over UTF-8.
///
/// Every pattern matches at every position, so that the pre-tokens cover the text without gaps.
protocol PreTokenScanner {
  /// The offset after the pre-token that begins at `start`, which lies before `text.end` at the start of a scalar.
  static func endOfPreToken(from start: Int, in text: ScanText) -> Int

  /// The ends of the pre-tokens from `start` on, each the start of the next: as many as the text has and as surely fit into
  /// `capacity` places; returns how many. Behind them `ends` has room for four more.
  static func findEnds(from start: Int, in text: ScanText, into ends: UnsafeMutablePointer<Int>, capacity: Int) -> Int
}

extension PreTokenScanner {
  @inline(__always)
  static func findEnds(from start: Int, in text: ScanText, into ends: UnsafeMutablePointer<Int>, capacity: Int) -> Int {
    var count = 0
    var start = start
    while count < capacity, start < text.end {
      start = endOfPreToken(from: start, in: text)
      ends[count] = start
      count &+= 1
    }
    return count
  }
}

/// No pattern: the whole piece is one pre-token (`ByteLevel(use_regex: false)` alone).
enum WholePieceScanner: PreTokenScanner {
  @inline(__always)
  static func endOfPreToken(from start: Int, in text: ScanText) -> Int { text.end }
}
