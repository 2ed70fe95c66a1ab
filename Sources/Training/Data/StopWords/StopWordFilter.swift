import Domain

/// Takes words out of texts.
struct StopWordFilter: Sendable {
  private let words: Set<[UInt8]>
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
    self.words = words
    longest = words.map(\.count).max() ?? 0
  }

  /// The text without the words, and without the spaces before each (those behind it where it stands first in a line); nil where
  /// it has none of them.
  ///
  /// A word is letters, digits and apostrophes: in "state-of-the-art" are four.
  func filtered(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var output: [UInt8]?
    var copied = 0  // up to here the text is in the output, or left out
    var index = 0
    var word: [UInt8] = []
    while index < text.count {
      guard Self.isOfWord(text, index) else {
        index += 1
        continue
      }
      let start = index
      while index < text.count, Self.isOfWord(text, index) { index += 1 }
      let range = start..<index
      guard range.count <= longest + 8 else { continue }
      word.removeAll(keepingCapacity: true)
      NormalizedText.appendWords(of: UnsafeBufferPointer(rebasing: text[range]), to: &word)
      if word.last == 0x20 { word.removeLast() }
      guard words.contains(word) else { continue }
      var from = start
      while from > copied, text[from - 1] == 0x20 || text[from - 1] == 0x09 { from -= 1 }
      let isFirstOfLine = from > copied || output == nil ? from == 0 || text[from - 1] == 0x0A : output?.last ?? 0x0A == 0x0A
      if isFirstOfLine {
        while index < text.count, text[index] == 0x20 || text[index] == 0x09 { index += 1 }
      }
      if output == nil {
        output = []
        output?.reserveCapacity(text.count)
      }
      output?.append(contentsOf: text[copied..<from])
      copied = index
    }
    output?.append(contentsOf: text[copied...])
    return output
  }

  /// Letters and digits of ASCII, apostrophes within words, and all beyond ASCII: what of that is no letter parts no word here, and
  /// a word with such a sign in it is none of a list.
  private static func isOfWord(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    let byte = text[index]
    if byte >= 0x80 { return !isMark(text, index) }
    if byte == UInt8(ascii: "'") {
      return index > 0 && index + 1 < text.count && isLetter(text[index - 1]) && isLetter(text[index + 1])
    }
    return isLetter(byte)
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    byte >= 0x80 || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")) || (byte >= 0x30 && byte <= 0x39)
  }

  /// Quotation marks, dashes and other marks of U+2010 to U+2027, U+2030 to U+205E, U+3000 to U+303F, « » ¿ ¡ and the like.
  private static func isMark(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    var first = index
    while first > 0, text[first] & 0xC0 == 0x80 { first -= 1 }
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
