// `_nfc`: the standard library has normalisation and offers it by this door only. Without it a file from a Mac (whose names
// come decomposed) and a job file that names it (typed composed) would look the same and never meet.
@_spi(_Unicode) import Swift

/// A name that is safe as one path component on Linux, in a URL and in a shell: what users call their dataset, config,
/// model or job, made so.
///
/// Kept: letters and digits of every script, `-`, `_` and `.`. Everything else becomes one `-`; leading dots and dashes
/// go (hidden files, options), and so does what exceeds 100 bytes. An empty rest is called `unnamed`. Letters are composed
/// (normal form C), so that names that look the same are the same bytes.
package struct SafeName: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let text: String
  package static let maximumBytes = 100

  package init(from raw: String) {
    var name = ""
    for scalar in raw._nfc {
      let keep =
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar.properties.generalCategory == .nonspacingMark
      if keep || scalar == "-" || scalar == "_" || scalar == "." {
        name.unicodeScalars.append(scalar)
      } else if !name.hasSuffix("-") {
        name += "-"
      }
    }
    var rest = Substring(name)
    while let first = rest.first, first == "." || first == "-" { rest = rest.dropFirst() }
    while rest.utf8.count > Self.maximumBytes { rest = rest.dropLast() }
    while let last = rest.last, last == "." || last == "-" { rest = rest.dropLast() }
    text = rest.isEmpty ? "unnamed" : String(rest)
  }

  /// The name where `raw` is already safe, else nil.
  package init?(exactly raw: String) {
    let name = SafeName(from: raw)
    guard name.text == raw else { return nil }
    self = name
  }

  package var description: String { text }
  package static func < (left: SafeName, right: SafeName) -> Bool { left.text < right.text }

  package init(from decoder: any Decoder) throws {
    let raw = try decoder.singleValueContainer().decode(String.self)
    guard let name = SafeName(exactly: raw) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(raw) is no safe name"))
    }
    self = name
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// A job's identifier: its name and a running number, `shakespeare-small-2`. Given once, never used again.
package struct JobID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let text: String

  package init(name: SafeName, number: Int) { text = "\(name)-\(number)" }
  package init?(_ raw: String) {
    guard SafeName(exactly: raw) != nil else { return nil }
    text = raw
  }

  package var description: String { text }
  package static func < (left: JobID, right: JobID) -> Bool { left.text < right.text }

  package init(from decoder: any Decoder) throws {
    let raw = try decoder.singleValueContainer().decode(String.self)
    guard let id = JobID(raw) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(raw) is no job identifier"))
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
