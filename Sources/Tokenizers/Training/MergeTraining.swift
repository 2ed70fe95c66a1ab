/// The state of a BPE training: words as rows of token ids, counts of neighbouring pairs, a queue of pairs.
struct MergeTraining {
  struct Merge {
    /// Left id × 2^32 + right id.
    var pair: UInt64
    var result: TokenID
  }

  /// The bytes of every token, by id; of special tokens those that their text would stand for.
  private(set) var tokens: [[UInt8]] = []
  private(set) var merges: [Merge] = []
  private var idOfToken: [[UInt8]: TokenID] = [:]

  /// All words' tokens, one word behind another; a word that got shorter leaves a gap at its end.
  private var symbols: [TokenID] = []
  private var wordStarts: [Int] = []
  private var wordLengths: [Int32] = []
  private var wordCounts: [Int] = []

  private var pairs = PairTable()
  private var queue = PairQueue()
  /// The words of every entry in the queue, entry behind entry.
  private var occurrences: [Int32] = []

  init(_ counts: PreTokenCounts, specialTokens: [String]) {
    for token in specialTokens {
      let bytes = ByteAlphabet.bytes(of: token) ?? Array(token.utf8)
      idOfToken[bytes] = TokenID(tokens.count)
      tokens.append(bytes)
    }
    var idOfByte = [TokenID](repeating: 0, count: 256)
    // The alphabet in the order of its letters, not of its bytes.
    for byte in (0..<256).sorted(by: { ByteAlphabet.scalars[$0] < ByteAlphabet.scalars[$1] }) {
      idOfByte[byte] = TokenID(tokens.count)
      idOfToken[[UInt8(byte)]] = TokenID(tokens.count)
      tokens.append([UInt8(byte)])
    }
    counts.forEach { bytes, count in
      wordStarts.append(symbols.count)
      wordLengths.append(Int32(bytes.count))
      wordCounts.append(count)
      for byte in bytes { symbols.append(idOfByte[Int(byte)]) }
    }
    countPairs()
  }

  private mutating func countPairs() {
    for word in wordStarts.indices {
      let start = wordStarts[word]
      for index in start..<start + max(Int(wordLengths[word]) - 1, 0) {
        pairs.add(UInt64(symbols[index]) << 32 | UInt64(symbols[index + 1]), count: wordCounts[word], word: Int32(word))
      }
    }
    enqueueNewPairs()
  }

  /// Every pair that got occurrences since the last time becomes an entry of the queue.
  private mutating func enqueueNewPairs() {
    pairs.drain(into: &occurrences) { pair, count, range in
      if count > 0 { queue.push(PairQueue.Entry(count: count, pair: pair, start: range.lowerBound, length: Int32(range.count))) }
    }
  }

  mutating func run<Failure: Error>(
    vocabularySize: Int, minimumFrequency: Int, progress: (_ tokens: Int, _ of: Int) throws(Failure) -> Void
  ) throws(Failure) {
    while tokens.count < vocabularySize, var top = queue.pop() {
      let count = pairs.count(of: top.pair)
      if top.count != count {
        top.count = count
        queue.push(top)
        continue
      }
      if count < 1 || count < minimumFrequency { break }
      merge(top)
      if merges.count % 256 == 0 { try progress(tokens.count, vocabularySize) }
    }
    try progress(tokens.count, vocabularySize)
  }

  private mutating func merge(_ entry: PairQueue.Entry) {
    let (left, right) = (TokenID(entry.pair >> 32), TokenID(entry.pair & 0xFFFF_FFFF))
    let bytes = tokens[Int(left)] + tokens[Int(right)]
    let result = idOfToken[bytes] ?? TokenID(tokens.count)
    if Int(result) == tokens.count {
      idOfToken[bytes] = result
      tokens.append(bytes)
    }
    merges.append(Merge(pair: entry.pair, result: result))
    for index in entry.start..<entry.start + Int(entry.length) { merge(left, right, result, inWord: occurrences[index]) }
    enqueueNewPairs()
  }

  private mutating func merge(_ left: TokenID, _ right: TokenID, _ result: TokenID, inWord word: Int32) {
    let start = wordStarts[Int(word)]
    let end = start + Int(wordLengths[Int(word)])
    let count = wordCounts[Int(word)]
    var write = start
    var read = start
    while read < end {
      guard symbols[read] == left, read + 1 < end, symbols[read + 1] == right else {
        symbols[write] = symbols[read]
        write += 1
        read += 1
        continue
      }
      if write > start {
        let before = UInt64(symbols[write - 1]) << 32
        pairs.subtract(before | UInt64(left), count: count)
        pairs.add(before | UInt64(result), count: count, word: word)
      }
      symbols[write] = result
      write += 1
      read += 2
      if read < end {
        let behind = UInt64(symbols[read])
        pairs.subtract(UInt64(right) << 32 | behind, count: count)
        pairs.add(UInt64(result) << 32 | behind, count: count, word: word)
      }
    }
    wordLengths[Int(word)] = Int32(write - start)
  }
}
