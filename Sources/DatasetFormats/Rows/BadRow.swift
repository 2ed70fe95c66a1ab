import Domain

/// A row that was left out, and why.
package struct BadRow: Sendable, Equatable {
  package var file: String
  /// Number of the row in its file, counted from 1; of a CSV with a header, the header is row 1.
  package var row: Int
  package var line: Int?
  package var character: Int?
  package var byte: Int?
  /// A clause: "3 fields where the header has 2".
  package var reason: String
  package var isNotUTF8 = false

  /// "row 19 (line 22): 3 fields where the header has 2".
  package var summary: String {
    let exact = [
      line.map { "line \($0)" }, character.map { "character \($0)" }, byte.map { "byte \($0)" },
    ].compactMap(\.self)
    return "row \(row)\(exact.isEmpty ? "" : " (\(exact.joined(separator: ", ")))"): \(reason)"
  }

  package var place: Problem.Place { .init(file: file, row: row, line: line, character: character, byte: byte) }
}
