import Domain

/// Takes words out of texts.
struct StopWordFilter: Sendable {
  private let words: WordTable
  /// Words that are too long for the table.
  private let longWords: Set<[UInt8]>
  /// Of the longest word, bytes.
  private let longest: Int

  /// - Parameters:
  ///   - lists: by name.
  ///   - own: whatever their case; apostrophes are left out, as in the lists.
  init(lists: [StopWordList], own: [String]) {
    var words = Set(lists.flatMap(\.words).map { Array($0.utf8) })
    for word in own {
      var normalized: [UInt8] = []
      var word = word
      word.withUTF8 { NormalizedText.appendWords(of: $0, to: &normalized) }
      if !normalized.isEmpty { words.insert(Array(normalized.dropLast())) }
    }
    self.words = WordTable(words.filter { $0.count <= WordTable.longest })
    longWords = words.filter { $0.count > WordTable.longest }
    longest = words.map(\.count).max() ?? 0
  }

  /// The text without the words, and without the spaces before each (those behind it where it stands first in a line); nil where
  /// it has none of them.
  ///
  /// A word is letters, digits and apostrophes: in "state-of-the-art" are four.
  func filtered(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var isChanged = false
    let output = [UInt8](unsafeUninitializedCapacity: text.count + WordRemoval.surplus) { output, count in
      guard let output = output.baseAddress else { return }
      var removal = WordRemoval(text, output: output)
      forEachWord(in: text) { word in
        if contains(text, word) { removal.remove(word) }
      }
      isChanged = removal.hasRemoved
      count = isChanged ? removal.finish() : 0
    }
    return isChanged ? output : nil
  }

  /// Whether the word at a place of a text is one of the filter's.
  @inline(__always)
  private func contains(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Bool {
    guard word.count <= WordTable.longest, let base = text.baseAddress else { return containsWritten(text, word) }
    let key = WordTable.key(base + word.lowerBound, count: word.count, readable: text.count &- word.lowerBound)
    let all = key.x | key.y
    // Letters and digits of ASCII, and zeros behind them.
    guard all & Self.highs == 0, !Self.hasApostrophe(key.x), !Self.hasApostrophe(key.y) else { return containsWritten(text, word) }
    return words.contains(WordTable.Key(Self.small(key.x), Self.small(key.y)))
  }

  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// For bytes of ASCII.
  @inline(__always)
  private static func hasApostrophe(_ bytes: UInt64) -> Bool {
    ((bytes ^ 0x2727_2727_2727_2727) &+ 0x7F7F_7F7F_7F7F_7F7F) & highs != highs
  }

  /// Sets bit 5 where bit 6 is set, as it is in letters.
  @inline(__always)
  private static func small(_ bytes: UInt64) -> UInt64 { bytes | (bytes &>> 1) & NormalizedWord.caseBits }

  /// The same for a word with apostrophes or characters beyond ASCII in it, and for long ones.
  @inline(never)
  private func containsWritten(_ text: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Bool {
    guard word.count <= longest + 8 else { return false }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NormalizedText.capacity(for: word.count)) { scratch in
      guard let written = scratch.baseAddress else { return false }
      var count = NormalizedText.write(UnsafeBufferPointer(rebasing: text[word]), to: written)
      if count > 0, written[count - 1] == 0x20 { count -= 1 }
      guard count > 0, count <= longest else { return false }
      guard count <= WordTable.longest else { return longWords.contains(Array(scratch[..<count])) }
      return words.contains(WordTable.key(written, count: count, readable: scratch.count))
    }
  }
}

// Where words are.
extension StopWordFilter {
  /// Letters and digits of ASCII, apostrophes within words, and all beyond ASCII but marks: what of that is no letter parts no word
  /// here, and a word with such a sign in it is none of a list.
  @inline(__always)
  private func forEachWord(in text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
    guard let base = text.baseAddress else { return }
    let end = text.count
    var start = 0
    /// Where the word began that went to the end of the block before.
    var open: Int?
    var isAfterLetter: UInt64 = 0
    var marksEnd = 0
    while start < end {
      let masks = WordMasks(base, at: start, end: end)
      let letters = masks.letters | masks.others
      var words = letters
      if masks.apostrophes != 0 {
        let next = start &+ WordMasks.width
        let isBeforeLetter: UInt64 = next < end && Self.isLetter(base[next]) ? 1 &<< 63 : 0
        words |= masks.apostrophes & (letters &<< 1 | isAfterLetter) & (letters &>> 1 | isBeforeLetter)
      }
      if masks.others != 0 { words &= ~marks(in: text, at: start, masks.others, &marksEnd) }
      isAfterLetter = letters &>> 63

      let before = words &<< 1 | (open == nil ? 0 : 1)
      var begins = words & ~before
      var ends = before & ~words
      if let first = open {
        guard ends != 0 else {
          start &+= WordMasks.width
          continue
        }
        body(first..<start &+ ends.trailingZeroBitCount)
        ends &= ends &- 1
        open = nil
      }
      while ends != 0 {
        body(start &+ begins.trailingZeroBitCount..<start &+ ends.trailingZeroBitCount)
        begins &= begins &- 1
        ends &= ends &- 1
      }
      if begins != 0 { open = start &+ begins.trailingZeroBitCount }
      start &+= WordMasks.width
    }
    if let open { body(open..<end) }
  }

  /// The bytes of marks among the 64 at `start`, a bit each.
  ///
  /// - Parameter end: of the last mark so far, which may reach into the next block.
  @inline(never)
  private func marks(in text: UnsafeBufferPointer<UInt8>, at start: Int, _ others: UInt64, _ end: inout Int) -> UInt64 {
    func bits(_ places: Range<Int>) -> UInt64 {
      let upper = min(places.upperBound - start, WordMasks.width)
      return ~(UInt64.max << upper) & UInt64.max << max(0, places.lowerBound - start)
    }
    var marks = end > start ? bits(start..<end) : 0
    var left = others & ~marks
    while left != 0 {
      let place = start &+ left.trailingZeroBitCount
      left &= left &- 1
      guard Self.isMark(text, place) else { continue }
      end = place + 1
      while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
      marks |= bits(place..<end)
      left &= ~marks
    }
    return marks
  }

  @inline(__always)
  private static func isLetter(_ byte: UInt8) -> Bool { byte >= 0x80 || byte | 0x20 &- 0x61 < 26 || byte &- 0x30 < 10 }

  /// Whether a mark's first byte stands there: quotation marks, dashes and other marks of U+2010 to U+2027, U+2030 to U+205E, U+3000 to
  /// U+303F, « » ¿ ¡ and the like. Bytes that go on with a character belong to the one before them.
  @inline(__always)
  private static func isMark(_ text: UnsafeBufferPointer<UInt8>, _ first: Int) -> Bool {
    guard first + 1 < text.count else { return false }
    switch (text[first], text[first + 1]) {
    // ’ within a word is an apostrophe.
    case (0xE2, 0x80) where first + 3 < text.count && text[first + 2] == 0x99 && first > 0 && isLetter(text[first - 1]):
      return !isLetter(text[first + 3])
    case (0xE2, 0x80), (0xE2, 0x81), (0xE3, 0x80): return true
    case (0xC2, _): return true  // U+0080 to U+00BF hold no letters but ª and º
    default: return false
    }
  }
}
