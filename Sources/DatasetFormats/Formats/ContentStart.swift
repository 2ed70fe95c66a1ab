import Domain
import StrictJSON

/// What can be seen at the start of a text about being JSON.
struct ContentStart {
  private let text: UnsafeBufferPointer<UInt8>
  private let firstLine: UnsafeBufferPointer<UInt8>
  /// The first line's end is in sight.
  private let firstLineIsWhole: Bool
  /// Where the first byte stands that is no white space: line and character from 1, byte from 0.
  let line: Int
  let character: Int
  let byte: Int
  /// The first byte of the next line that is not blank.
  private let second: UInt8?

  init(_ content: UnsafeBufferPointer<UInt8>, isWhole: Bool) {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
    let trimmed = content.drop(while: isSpace)
    text = UnsafeBufferPointer(rebasing: trimmed)
    byte = trimmed.startIndex
    let before = content[..<byte]
    line = 1 + before.count { $0 == 0x0A }
    character = byte - (before.lastIndex(of: 0x0A) ?? -1)
    let end = text.firstIndex(of: 0x0A)
    firstLine = UnsafeBufferPointer(rebasing: text[..<(end ?? text.count)])
    firstLineIsWhole = end != nil || isWhole
    second = text[firstLine.count...].first { !isSpace($0) }
  }

  /// The start of the first line, for a message.
  var excerpt: String {
    let start = String(decoding: firstLine.prefix(60), as: UTF8.self).prefix(40)
    return start.filter { !$0.isNewline } + (firstLine.count > start.utf8.count ? "…" : "")
  }

  var couldBeJSON: Bool { text.first.map { [UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\"")].contains($0) } ?? true }

  var firstLineIsObject: Bool { text.first == UInt8(ascii: "{") && firstLineIsWhole && firstLineFault == nil }

  /// The first line is an object, and another begins behind it.
  var isJSONLines: Bool { firstLineIsObject && second == UInt8(ascii: "{") }

  var isListOfObjects: Bool {
    guard text.first == UInt8(ascii: "[") else { return false }
    return text.dropFirst().first { $0 > 0x20 } == UInt8(ascii: "{")
  }

  /// A list, or an object that goes on behind its first line and is not followed by another one there.
  var isJSONOverLines: Bool {
    if text.first == UInt8(ascii: "[") { return true }
    return text.first == UInt8(ascii: "{") && firstLineIsWhole && firstLineFault?.code == .unexpectedEnd && second != nil
      && second != UInt8(ascii: "{")
  }

  /// What the content is where that cannot be the format that was told.
  func contradiction(to told: DatasetFormat) -> String? {
    switch told {
    case .csv, .tsv: firstLineIsObject ? "JSON lines" : isListOfObjects ? "JSON" : nil
    case .json, .jsonl: couldBeJSON ? nil : "no JSON: it begins with '\(excerpt)'"
    case .plainText: nil
    }
  }

  private var firstLineFault: JSONSyntaxError? {
    var scanner = JSONScanner(firstLine)
    do throws(JSONSyntaxError) {
      _ = try scanner.skipValue()
      scanner.skipWhitespace()
      return scanner.isAtEnd ? nil : scanner.error(.trailingContent, "")
    } catch {
      return error
    }
  }
}
