/// A line of YAML: what its indentation is, and what stands behind that.
struct YAMLLine {
  /// From 1, in the file.
  let number: Int
  /// With its indentation, as it stands in the file.
  let raw: ArraySlice<UInt8>
  /// In spaces. Of the inside of an entry `- key: value` that of `key`.
  var indent: Int
  /// Behind the indentation, without white space at its end.
  var text: ArraySlice<UInt8>

  init(number: Int, raw: ArraySlice<UInt8>) {
    self.number = number
    self.raw = raw.last == 0x0D ? raw.dropLast() : raw
    text = self.raw.drop { $0 == 0x20 }
    indent = text.startIndex - self.raw.startIndex
    while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
  }

  var isBlank: Bool { text.isEmpty }
  var isComment: Bool { text.first == UInt8(ascii: "#") }
  /// `- value`, or `-` alone.
  var isEntry: Bool { text.first == UInt8(ascii: "-") && text.dropFirst().first.map(Self.isSpace) != false }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// Where a comment begins: `#` at the start or behind white space.
  static func comment(in text: ArraySlice<UInt8>) -> Int? {
    text.indices.first { text[$0] == UInt8(ascii: "#") && ($0 == text.startIndex || isSpace(text[$0 - 1])) }
  }

  static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    return text
  }

  /// Nothing but white space and perhaps a comment.
  static func isEmpty(_ text: ArraySlice<UInt8>) -> Bool {
    let rest = text.drop(while: isSpace)
    return rest.isEmpty || (rest.first == UInt8(ascii: "#") && (rest.startIndex == text.startIndex || isSpace(text[rest.startIndex - 1])))
  }

  /// The colon that ends a key which is not quoted: white space or nothing follows it, and no comment begins before.
  static func colon(in text: ArraySlice<UInt8>) -> Int? {
    let end = comment(in: text) ?? text.endIndex
    return text.indices.first { at in
      at < end && text[at] == UInt8(ascii: ":") && (at + 1 == text.endIndex || isSpace(text[at + 1]))
    }
  }
}
