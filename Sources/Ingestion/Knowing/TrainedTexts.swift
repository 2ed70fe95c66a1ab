import DatasetFormats
import Domain
import StrictJSON

/// What of a row is trained on: the texts of the columns that play a role in its schema, wherever they stand in them.
struct TrainedTexts {
  let columns: [String]
  private let fields: [FieldName]
  private let required: Int
  private let schema: DatasetSchema

  /// UTF-8 of all texts of the row that was read last, a line feed after each.
  private(set) var text: [UInt8] = []
  /// The values as they stand, hashed.
  private(set) var hash: UInt64 = 0
  /// Why the row has not the form of its schema; nil where it has.
  private(set) var fault: String?

  init(_ ingest: IngestResult) {
    schema = ingest.detected
    let present = Set(ingest.columns.map(\.name))
    func column(_ role: String) -> String { ingest.mapping[role] ?? role }
    let named = ingest.detected.requiredColumns.map(column)
    let optional = ingest.detected.optionalColumns.map(column).filter(present.contains)
    // Of a table every column may be meant.
    columns = ingest.detected == .table ? ingest.columns.map(\.name) : named + optional
    required = ingest.detected == .table ? 0 : named.count
    fields = columns.map(FieldName.init)
  }

  mutating func read(_ row: DatasetRow) {
    text.removeAll(keepingCapacity: true)
    fault = nil
    var hash = RowHash()
    for (index, value) in row.values(fields).enumerated() {
      guard let value, !value.isNull else {
        if index < required { note("'\(columns[index])' is missing") }
        hash.add(UnsafeBufferPointer(start: nil, count: 0))
        continue
      }
      hash.add(value.bytes)
      if value.isString {
        value.appendText(to: &text)
        text.append(0x0A)
        if index < required, schema == .messages || schema == .conversations {
          note("'\(columns[index])' is a string, not a list of messages")
        }
      } else if schema == .table {
        text.append(contentsOf: value.bytes)
        text.append(0x0A)
      } else {
        readList(value.bytes, columns[index])
      }
    }
    self.hash = hash.value
  }

  private mutating func note(_ reason: String) { fault = fault ?? reason }

  /// Messages: a list of objects with a role and a content; or one such object.
  private mutating func readList(_ bytes: UnsafeBufferPointer<UInt8>, _ column: String) {
    var scanner = JSONScanner(bytes)
    do throws(JSONSyntaxError) {
      switch scanner.current {
      case UInt8(ascii: "["):
        scanner.advance()
        scanner.skipWhitespace()
        if scanner.current == UInt8(ascii: "]") { return note("'\(column)' is an empty list") }
        var number = 0
        repeat {
          scanner.skipWhitespace()
          number += 1
          guard scanner.current == UInt8(ascii: "{") else { return note("element \(number) of '\(column)' is no message") }
          try readMessage(&scanner, "element \(number) of '\(column)'")
          scanner.skipWhitespace()
        } while try !scanner.skipSeparator(closing: UInt8(ascii: "]"))
      case UInt8(ascii: "{"): try readMessage(&scanner, "'\(column)'")
      default: note("'\(column)' is \(Self.kind(scanner.current)), not text")
      }
    } catch {
      note("'\(column)' cannot be read")
    }
  }

  private mutating func readMessage(_ scanner: inout JSONScanner, _ place: String) throws(JSONSyntaxError) {
    var hasSpeaker = false
    var hasContent = false
    scanner.advance()
    scanner.skipWhitespace()
    if scanner.current == UInt8(ascii: "}") {
      scanner.advance()
      return note("\(place) is empty")
    }
    repeat {
      scanner.skipWhitespace()
      let key = scanner.text(of: try scanner.skipKey())
      scanner.skipWhitespace()
      switch key {
      case "role", "from":
        hasSpeaker = scanner.current == UInt8(ascii: "\"")
        _ = try scanner.skipValue()
      case "content", "value", "reasoning_content", "thinking":
        hasContent = true
        if scanner.current == UInt8(ascii: "\"") {
          text.append(contentsOf: scanner.unescaped(try scanner.skipString()))
          text.append(0x0A)
        } else {
          let range = try scanner.skipValue()
          if scanner.bytes[range.lowerBound] != UInt8(ascii: "n") { text.append(contentsOf: scanner.bytes[range]) }
        }
      case "tool_calls":
        hasContent = true
        text.append(contentsOf: scanner.bytes[try scanner.skipValue()])
      default: _ = try scanner.skipValue()
      }
      scanner.skipWhitespace()
    } while try !scanner.skipSeparator(closing: UInt8(ascii: "}"))
    if !hasSpeaker { note("\(place) names no role") } else if !hasContent { note("\(place) has no content") }
  }

  private static func kind(_ byte: UInt8?) -> String {
    switch byte {
    case UInt8(ascii: "t"), UInt8(ascii: "f"): "a boolean"
    default: "a number"
    }
  }
}
