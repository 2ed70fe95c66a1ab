import Domain

@testable import Training

/// Words of texts, looked for character by character: what the fast ways are held against.
enum PlainWords {
  /// What `NormalizedText.appendWords` appends.
  static func normalized(_ text: some Collection<UInt8>) -> [UInt8] {
    let text = Array(text)
    var words: [UInt8] = []
    var isWithin = false
    func end() {
      if isWithin { words.append(0x20) }
      isWithin = false
    }
    var index = 0
    while index < text.count {
      let length = text[index] < 0x80 ? 1 : text[index] >= 0xF0 ? 4 : text[index] >= 0xE0 ? 3 : 2
      let letter = text[index..<min(index + length, text.count)]
      index += length
      guard let scalar = String(decoding: letter, as: UTF8.self).unicodeScalars.first else { continue }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .titlecaseLetter:
        words.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
        isWithin = true
      case .lowercaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber,
        .otherNumber:
        words.append(contentsOf: letter)
        isWithin = true
      case .format: break
      default: scalar == "\u{2019}" || scalar == "'" ? () : end()
      }
    }
    end()
    return words
  }

  /// What `StopWordFilter.filtered` makes of a text.
  ///
  /// - Parameter words: as they are compared.
  static func filtered(_ text: [UInt8], without words: Set<[UInt8]>) -> [UInt8]? {
    let longest = words.map(\.count).max() ?? 0
    var output: [UInt8] = []
    var isChanged = false
    var copied = 0
    var index = 0
    while index < text.count {
      guard isOfWord(text, index) else {
        index += 1
        continue
      }
      let start = index
      while index < text.count, isOfWord(text, index) { index += 1 }
      guard index - start <= longest + 8 else { continue }
      var word = normalized(text[start..<index])
      if word.last == 0x20 { word.removeLast() }
      guard words.contains(word) else { continue }
      var from = start
      while from > copied, text[from - 1] == 0x20 || text[from - 1] == 0x09 { from -= 1 }
      if from > copied ? text[from - 1] == 0x0A : output.last ?? 0x0A == 0x0A {
        while index < text.count, text[index] == 0x20 || text[index] == 0x09 { index += 1 }
      }
      output += text[copied..<from]
      copied = index
      isChanged = true
    }
    return isChanged ? output + text[copied...] : nil
  }

  private static func isOfWord(_ text: [UInt8], _ index: Int) -> Bool {
    if text[index] >= 0x80 { return !isMark(text, index) }
    if text[index] == UInt8(ascii: "'") {
      return index > 0 && index + 1 < text.count && isLetter(text[index - 1]) && isLetter(text[index + 1])
    }
    return isLetter(text[index])
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: true
    default: false
    }
  }

  private static func isMark(_ text: [UInt8], _ index: Int) -> Bool {
    var first = index
    while first > 0, text[first] & 0xC0 == 0x80 { first -= 1 }
    guard first + 1 < text.count else { return false }
    switch (text[first], text[first + 1]) {
    case (0xE2, 0x80) where first + 3 < text.count && text[first + 2] == 0x99 && first > 0 && isLetter(text[first - 1]):
      return !isLetter(text[first + 3])
    case (0xE2, 0x80), (0xE2, 0x81), (0xE3, 0x80), (0xC2, _): return true
    default: return false
    }
  }
}
