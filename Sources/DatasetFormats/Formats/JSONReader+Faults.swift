import Domain
import StrictJSON

/// Where the grammar is broken, told in the words of the strict scanner.
extension JSONReader {
  /// A fault so near the end of what is here may be no fault once the rest has come: 12 bytes is the longest escape.
  func isNearEnd(_ error: JSONSyntaxError) -> Bool { error.code == .unexpectedEnd || error.byte + 16 > window.count }

  /// Whether the value at the window's start lacks nothing but its rest.
  func isCutOff() -> Bool {
    guard !window.isAtEnd else { return false }
    var scanner = JSONScanner(window.bytes)
    do throws(JSONSyntaxError) {
      _ = try scanner.skipValue()
      return false
    } catch {
      return isNearEnd(error)
    }
  }

  enum Expected { case row, key, colon, separator(UInt8) }

  /// What is wrong at the window's start, in the words of the strict scanner.
  func syntaxProblem(as expected: Expected) -> Problem {
    var scanner = JSONScanner(window.bytes)
    var isInRow = false
    do throws(JSONSyntaxError) {
      scanner.skipWhitespace()
      switch expected {
      case .row:
        isInRow = true
        _ = try scanner.skipValue()
      case .key: _ = try scanner.skipKey()
      case .colon: throw scanner.isAtEnd ? scanner.endOfText("a colon after the key") : scanner.unexpected("a colon after the key")
      case .separator(let bracket): _ = try scanner.skipSeparator(closing: bracket)
      }
      // The two scanners agree, as tests hold them to; if ever they do not, the file is refused and not the worker ended.
      throw scanner.error(.unexpectedByte, "this cannot be read as a row", at: 0)
    } catch {
      return problem(error, isInRow: isInRow)
    }
  }

  func problem(_ error: JSONSyntaxError, isInRow: Bool = false) -> Problem {
    let place = window.place(of: window.start + error.byte, file: sink.file, row: isInRow ? sink.sourceRow + 1 : nil)
    return Problem(syntax: error, at: place)
  }
}

extension Problem {
  /// A fault in JSON's grammar, with the mend that fits it.
  init(syntax error: JSONSyntaxError, at place: Place) {
    let mend =
      switch error.code {
      case .trailingComma: "Remove that comma and drop the file again."
      case .unexpectedEnd, .emptyText:
        "The copy or download was probably cut off: fetch it again, compare the sizes, and drop the whole file."
      case .unquotedKey: "Write every key in double quotes: {\"text\": …}."
      case .unescapedControlCharacter: "Write it as an escape; Python's json.dump does so by itself."
      case .invalidUTF8: "Convert the file to UTF-8 (iconv -f ENCODING -t UTF-8) and drop the result."
      default: "Mend that place in the file and drop it again."
      }
    self.init("json.\(error.code.rawValue)", "it is not valid JSON", at: place, why: error.reason, mend: mend)
  }
}
