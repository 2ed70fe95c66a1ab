/// A sweep's identifier: its name, the word sweep and a running number, `lr-sweep-1`; its jobs are `lr-sweep-1-1`, `lr-sweep-1-2` ….
package struct SweepID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let text: String

  package init(name: SafeName, number: Int) { text = "\(Self.stem(name))\(number)" }

  package init?(_ raw: String) {
    guard SafeName(exactly: raw) != nil, let cut = raw.ranges(of: Self.word).last?.upperBound, Int(raw[cut...]) != nil else { return nil }
    text = raw
  }

  private static let word = "-sweep-"
  private static func stem(_ name: SafeName) -> String {
    name.text.hasSuffix("-sweep") ? "\(name)-" : "\(name)\(word)"
  }

  /// What the sweep's jobs are called: the identifier of each is this and its number.
  package var jobName: SafeName { SafeName(from: text) }
  package var description: String { text }
  package static func < (left: SweepID, right: SweepID) -> Bool { left.text < right.text }

  package init(from decoder: any Decoder) throws {
    let raw = try decoder.singleValueContainer().decode(String.self)
    guard let id = SweepID(raw) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(raw) is no sweep identifier"))
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
