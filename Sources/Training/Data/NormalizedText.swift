/// Words of a text as they are compared: small letters, nothing between them but one space.
enum NormalizedText {
  /// Appends the words of a text, a space behind each.
  static func appendWords(of text: UnsafeBufferPointer<UInt8>, to words: inout [UInt8]) {
    words.reserveCapacity(words.count + text.count + 1)
    var isWithin = false
    func end() {
      if isWithin { words.append(0x20) }
      isWithin = false
    }
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte < 0x80 {
        index += 1
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
          words.append(byte)
          isWithin = true
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
          words.append(byte | 0x20)
          isWithin = true
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
      case .uppercaseLetter, .titlecaseLetter:
        words.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
        isWithin = true
      case .lowercaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber,
        .otherNumber:
        words.append(contentsOf: letter)
        isWithin = true
      case .format: break
      default: scalar == "\u{2019}" ? () : end()
      }
    }
    end()
  }
}
