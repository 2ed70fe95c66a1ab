/// An errand's identifier: its kind, what it is about and a running number, `tokenize-tinyshakespeare-2`. Never used again.
package struct ErrandID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let text: String

  package init(_ kind: ErrandKind, about name: SafeName, number: Int) { text = "\(kind.rawValue)-\(name)-\(number)" }

  package init?(_ raw: String) {
    guard SafeName(exactly: raw) != nil else { return nil }
    text = raw
  }

  package var description: String { text }
  package static func < (left: ErrandID, right: ErrandID) -> Bool { left.text < right.text }

  package init(from decoder: any Decoder) throws {
    let raw = try decoder.singleValueContainer().decode(String.self)
    guard let id = ErrandID(raw) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(raw) is no errand identifier"))
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
