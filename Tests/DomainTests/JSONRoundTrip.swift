import Foundation
import Testing

/// Codable types as the JSON that other programs read.
enum JSONRoundTrip {
  static func text(of value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  /// The value's JSON is that text, and the text gives the value back.
  static func check<Value: Codable & Equatable>(_ value: Value, is text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(try self.text(of: value) == text, sourceLocation: sourceLocation)
    #expect(try decode(Value.self, text) == value, sourceLocation: sourceLocation)
  }
}
