/// Finds added tokens in a text: the leftmost, and of those that begin at one place the longest, then on behind it.
///
/// Source: `AddedVocabulary::find_matches` of huggingface/tokenizers, whose order of decisions is kept: a match that is
/// refused because it is no single word is consumed all the same, and stripped white space does not hide a token in it.
struct AddedTokenMatcher: Sendable {
  enum Piece: Equatable {
    case text(Range<Int>)
    case token(TokenID)
  }

  private struct Node: Sendable {
    var firstChild: Int32 = -1
    var sibling: Int32 = -1
    /// Index into `tokens` of the token that ends here, or -1.
    var token: Int32 = -1
    var byte: UInt8
  }

  private let tokens: [AddedToken]
  /// A trie of the contents; the root is node 0.
  private var nodes: [Node] = [Node(byte: 0)]
  /// Whether a token begins with these two bytes (first × 256 + second): almost every place is ruled out by this bit.
  private let firstPairs: FrozenTable<UInt8>
  /// Rules texts out that hold no token. Valid while the matcher lives.
  let sieve: Sieve

  /// `contents` are the bytes to look for, of every token; nil where there is nothing to find.
  init?(_ tokens: [AddedToken], contents: [[UInt8]]) {
    if tokens.isEmpty { return nil }
    self.tokens = tokens
    let firsts = Set(contents.map { $0[0] }).sorted()
    firstPairs = FrozenTable(count: 65536, repeating: 0) { pairs in
      for content in contents {
        if content.count > 1 {
          pairs[Int(content[0]) << 8 | Int(content[1])] = 1
        } else {
          for second in 0..<256 { pairs[Int(content[0]) << 8 | second] = 1 }
        }
      }
    }
    // Up to three first bytes are looked for eight bytes at a time.
    sieve = Sieve(firstPairs, firstBytes: firsts.count <= 3 ? firsts : nil)
    for (index, content) in contents.enumerated() { insert(content, token: Int32(index)) }
  }

  private mutating func insert(_ content: [UInt8], token: Int32) {
    var node = 0
    for byte in content {
      if let child = child(of: node, byte) {
        node = child
      } else {
        nodes.append(Node(sibling: nodes[node].firstChild, byte: byte))
        nodes[node].firstChild = Int32(nodes.count - 1)
        node = nodes.count - 1
      }
    }
    nodes[node].token = token
  }

  private func child(of node: Int, _ byte: UInt8) -> Int? {
    var child = nodes[node].firstChild
    while child >= 0 {
      if nodes[Int(child)].byte == byte { return Int(child) }
      child = nodes[Int(child)].sibling
    }
    return nil
  }

  /// Calls `visit` with text and tokens in their order. Text pieces are never empty; `range` lies within `text`, and what is
  /// outside it does not exist for the matching.
  func split(_ text: UnsafeBufferPointer<UInt8>, visit: (Piece) -> Void) {
    var pieceStart = 0
    var offset = 0
    while let (start, end, index) = next(in: text, from: offset) {
      offset = end
      let token = tokens[index]
      if token.singleWord {
        let freeBefore = start == 0 || !WordCharacter.ends(text, at: start)
        let freeAfter = end == text.count || !WordCharacter.begins(text, at: end)
        if !freeBefore || !freeAfter { continue }
      }
      let stripped = token.stripsLeft ? max(WhiteSpace.start(of: text, endingAt: start), pieceStart) : start
      if pieceStart < stripped { visit(.text(pieceStart..<stripped)) }
      visit(.token(token.id))
      pieceStart = token.stripsRight ? WhiteSpace.end(of: text, from: end) : end
    }
    if pieceStart < text.count { visit(.text(pieceStart..<text.count)) }
  }

  private func next(in text: UnsafeBufferPointer<UInt8>, from offset: Int) -> (start: Int, end: Int, token: Int)? {
    guard let base = text.baseAddress else { return nil }
    var start = offset
    while true {
      start = nextCandidate(base, from: start, count: text.count)
      if start >= text.count { return nil }
      if let (end, token) = longestMatch(base, at: start, count: text.count) { return (start, end, token) }
      start += 1
    }
  }

  private func longestMatch(_ text: UnsafePointer<UInt8>, at start: Int, count: Int) -> (end: Int, token: Int)? {
    var node = 0
    var found: (Int, Int)?
    var offset = start
    while offset < count, let child = child(of: node, text[offset]) {
      node = child
      offset += 1
      if nodes[node].token >= 0 { found = (offset, Int(nodes[node].token)) }
    }
    return found
  }

  /// The next place where the first two bytes of some token stand, or `count`.
  private func nextCandidate(_ text: UnsafePointer<UInt8>, from offset: Int, count: Int) -> Int {
    let offset = sieve.nextPair(text, from: offset, count: count)
    guard offset + 1 == count else { return offset }
    return child(of: 0, text[offset]) != nil ? offset : count
  }
}

extension AddedTokenMatcher {
  /// The matcher's first look, as plain numbers and pointers: to ask it counts no references, which threads would contend for.
  struct Sieve: @unchecked Sendable {  // because the matcher that holds it holds the table, which never changes
    fileprivate let pairs: UnsafePointer<UInt8>
    /// The first bytes, eight times each.
    fileprivate let first: UInt64
    fileprivate let second: UInt64
    fileprivate let third: UInt64
    fileprivate let hasFirst: Bool

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    fileprivate init(_ pairs: FrozenTable<UInt8>, firstBytes: [UInt8]?) {
      self.pairs = pairs.base
      hasFirst = firstBytes != nil
      let firstBytes = firstBytes ?? [0]
      first = Self.ones &* UInt64(firstBytes[0])
      second = Self.ones &* UInt64(firstBytes[firstBytes.count / 2])
      third = Self.ones &* UInt64(firstBytes[firstBytes.count - 1])
    }

    /// Whether a token may stand in the text: where this says no, none does.
    @inline(__always)
    func mayHold(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
      guard let base = text.baseAddress, text.count > 0 else { return false }
      let offset = nextPair(base, from: 0, count: text.count)
      // A token of one byte goes with every second byte.
      return offset + 1 < text.count || pairs[Int(base[offset]) << 8] != 0
    }

    /// The next place where the first two bytes of some token stand, or the last place of the text.
    fileprivate func nextPair(_ text: UnsafePointer<UInt8>, from offset: Int, count: Int) -> Int {
      var offset = offset
      if hasFirst {
        let (ones, highs) = (Self.ones, Self.highs)
        while offset &+ 8 < count {
          let word = UInt64(littleEndian: UnsafeRawPointer(text + offset).loadUnaligned(as: UInt64.self))
          let (a, b, c) = (word ^ first, word ^ second, word ^ third)
          // A zero byte borrows into its high bit: the lowest hit is exact, those above it may be false and are looked at again.
          let hits = ((a &- ones) & ~a | (b &- ones) & ~b | (c &- ones) & ~c) & highs
          if hits == 0 {
            offset &+= 8
            continue
          }
          offset &+= hits.trailingZeroBitCount >> 3
          if pairs[Int(text[offset]) << 8 | Int(text[offset &+ 1])] != 0 { return offset }
          offset &+= 1
        }
      }
      while offset &+ 1 < count {
        if pairs[Int(text[offset]) << 8 | Int(text[offset &+ 1])] != 0 { return offset }
        offset &+= 1
      }
      return offset
    }
  }
}
