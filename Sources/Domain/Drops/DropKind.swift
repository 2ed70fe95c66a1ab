/// What a drop is, and with it the folder of `inbox/` that it belongs into.
package enum DropKind: String, Sendable, Codable, CaseIterable {
  case dataset, config, job, model, request

  package var folderName: String { rawValue + "s" }
}

/// Names one drop from its claim to its fate: `d-20261121T074803Z-5f0c21a9`. Sorts by time.
package struct DropID: Sendable, Hashable, Codable, CustomStringConvertible {
  package let text: String

  package init(at time: Timestamp, random: UInt32) {
    let hex = String(random, radix: 16)
    text = "d-\(time.compact)-" + String(repeating: "0", count: 8 - hex.count) + hex
  }
  package init?(_ text: String) {
    guard text.hasPrefix("d-"), SafeName(exactly: text) != nil else { return nil }
    self.text = text
  }

  package var description: String { text }

  private static let anewEnding = "-again"

  /// The drop by which a stored original is read anew, as this one, a sidecar, asks.
  package var readingAnew: DropID? { DropID(text + Self.anewEnding) }

  /// The sidecar that asked for this reading; nil for a drop that came by itself.
  package var sidecar: DropID? { text.hasSuffix(Self.anewEnding) ? DropID(String(text.dropLast(Self.anewEnding.count))) : nil }

  /// The second in which the drop was claimed; nil for an identifier of another form.
  package var time: Timestamp? { text.split(separator: "-").dropFirst().first.flatMap { Timestamp(compact: String($0)) } }

  package init(from decoder: any Decoder) throws {
    let raw = try decoder.singleValueContainer().decode(String.self)
    guard let id = DropID(raw) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(raw) is no drop identifier"))
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
