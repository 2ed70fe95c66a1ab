/// Words of a text as they are compared: small letters, nothing between them but one space.
enum NormalizedText {
  /// Appends the words of a text, a space behind each; `word` is told where each lies in `words`.
  static func appendWords(of text: UnsafeBufferPointer<UInt8>, to words: inout [UInt8], _ word: (Range<Int>) -> Void = { _ in }) {
    var start = words.count
    func end() {
      if words.count > start {
        word(start..<words.count)
        words.append(0x20)
      }
      start = words.count
    }
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte < 0x80 {
        index += 1
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): words.append(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): words.append(byte | 0x20)
        case UInt8(ascii: "'"): break  // "don't" is one word
        default: end()
        }
        continue
      }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
      let letter = UnsafeBufferPointer(rebasing: text[index..<min(index + length, text.count)])
      index += length
      guard let scalar = String(decoding: letter, as: UTF8.self).unicodeScalars.first else { continue }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .titlecaseLetter: words.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
      case .lowercaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber,
        .otherNumber:
        words.append(contentsOf: letter)
      case .format: break
      default: scalar == "\u{2019}" ? () : end()
      }
    }
    end()
  }
}
