import StrictJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How every JSON file of ours looks: two spaces a level, keys sorted, a line feed at the end.
package enum PublishedJSON {
  package static func bytes(of value: some Encodable) throws -> [UInt8] {
    // Laid out by our own writer, so that every file looks alike: Foundation puts a space before the colon.
    Array((try JSONParser.parse(try line(of: value)).text(.pretty) + "\n").utf8)
  }

  /// One line, for `.jsonl` files and pipes.
  package static func line(of value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }

  package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
    try JSONDecoder().decode(type, from: Data(bytes))
  }
}
