import StrictJSON

/// Single values of YAML 1.2 (core schema): plain, in quotes, with escapes.
enum YAMLScalar {
  /// What is not in quotes: null, booleans and whole numbers are what they look like, everything else is a text. `no` is a language.
  static func plain(_ text: ArraySlice<UInt8>) -> JSONNode {
    let word = String(decoding: text, as: UTF8.self)
    switch word {
    case "", "~", "null", "Null", "NULL": return nil
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default:
      if let number = Int(word), String(number) == word { return JSONNode(.number(JSONNumber(number))) }
      return JSONNode(.string(word))
    }
  }

  /// The index of the quote that closes a text; nil where it goes on in the next line.
  static func closing(_ text: ArraySlice<UInt8>, _ quote: UInt8, from start: Int) -> Int? {
    var at = start
    while at < text.endIndex {
      if quote == UInt8(ascii: "\""), text[at] == UInt8(ascii: "\\") {
        at += 2
      } else if text[at] == quote {
        guard quote == UInt8(ascii: "'"), at + 1 < text.endIndex, text[at + 1] == quote else { return at }
        at += 2
      } else {
        at += 1
      }
    }
    return nil
  }

  /// A text in quotes, which stands before its closing one.
  ///
  /// - Parameter inside: what stands between the quotes, its lines joined.
  static func quoted(_ inside: ArraySlice<UInt8>, _ quote: UInt8, line: Int) throws(YAMLSyntaxError) -> String {
    var out: [UInt8] = []
    var at = inside.startIndex
    while at < inside.endIndex {
      let byte = inside[at]
      at += 1
      if byte == quote {
        at += 1  // a single quote, doubled
        out.append(byte)
      } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        guard at < inside.endIndex else { break }
        let sign = inside[at]
        at += 1
        if let simple = Self.escapes[sign] {
          out += Array(String(Character(simple)).utf8)
        } else if let count = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8][sign] {
          let digits = inside[at..<min(at + count, inside.endIndex)]
          guard digits.count == count, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(value)
          else { throw YAMLSyntaxError(line: line, message: "an escape in quotes stands for no letter") }
          out += Array(String(Character(scalar)).utf8)
          at += count
        } else {
          throw YAMLSyntaxError(line: line, message: "'\\\(String(decoding: [sign], as: UTF8.self))' is no escape")
        }
      } else {
        out.append(byte)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// YAML 1.2, section 5.7.
  private static let escapes: [UInt8: Unicode.Scalar] = [
    UInt8(ascii: "0"): "\0", UInt8(ascii: "a"): "\u{7}", UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "t"): "\t", UInt8(ascii: "n"): "\n",
    UInt8(ascii: "v"): "\u{B}", UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "r"): "\r", UInt8(ascii: "e"): "\u{1B}", 0x20: " ", 0x09: "\t",
    UInt8(ascii: "\""): "\"", UInt8(ascii: "/"): "/", UInt8(ascii: "\\"): "\\", UInt8(ascii: "N"): "\u{85}",
    UInt8(ascii: "_"): "\u{A0}", UInt8(ascii: "L"): "\u{2028}", UInt8(ascii: "P"): "\u{2029}",
  ]
}
