/// What a text is written in, as a sidecar says it.
package enum DatasetEncoding: String, WordField, CaseIterable, Codable, Sendable {
  case utf8 = "utf-8"
  /// Which end comes first is told by the byte order mark, or by where the zeros stand.
  case utf16 = "utf-16"
  case utf16LittleEndian = "utf-16le"
  case utf16BigEndian = "utf-16be"
  case windows1252 = "windows-1252"
  /// ISO 8859-1: each byte is the code of its letter.
  case latin1 = "latin-1"

  package static var synonyms: [String: DatasetEncoding] {
    ["utf8": .utf8, "UTF-8": .utf8, "UTF-16": .utf16, "cp1252": .windows1252, "iso-8859-1": .latin1, "latin1": .latin1]
  }
}
