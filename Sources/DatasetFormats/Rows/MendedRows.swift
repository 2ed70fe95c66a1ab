import Domain
import Platform
import StrictJSON
import SystemPackage

/// Mended copies of `bad-rows.jsonl`: which bad row of which file is to be read as what instead.
package final class MendedRows {
  private struct Key: Hashable {
    var file: String
    var row: Int
  }

  private struct Mended {
    var raw: String
    /// Where it stands, for a message.
    var place: Problem.Place
  }

  private var rows: [Key: Mended] = [:]
  /// Rows that were read as mended.
  package private(set) var used = 0

  /// - Parameter limit: bytes of one such file: they are read whole.
  package init(_ paths: [FilePath], fileSystem: any FileSystem, limit: Int = 64 << 20) throws {
    for path in paths { try read(path, fileSystem, limit) }
  }

  package var isEmpty: Bool { rows.isEmpty && used == 0 }

  /// The text that stands for a bad row, once.
  func take(file: String, row: Int) -> String? { rows.removeValue(forKey: Key(file: file, row: row))?.raw }

  func noteUse() { used += 1 }

  /// What mends no bad row: nothing that a user wrote is passed over in silence.
  package func checkThatAllWereUsed() throws(Problem) {
    guard let (key, left) = rows.min(by: { ($0.key.file, $0.key.row) < ($1.key.file, $1.key.row) }) else { return }
    throw Problem(
      "mend.no-bad-row", "row \(key.row) of \(key.file) is not among the bad rows", at: left.place,
      why: rows.count == 1 ? nil : "nor are \(rows.count - 1) others of its rows",
      mend: "Take the lines of bad-rows.jsonl with their file and row as they are, and mend only \"raw\".")
  }

  private func read(_ path: FilePath, _ fileSystem: any FileSystem, _ limit: Int) throws {
    let name = path.lastComponent?.string ?? path.string
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try fileSystem.contents(of: path, limit: limit)
    } catch {
      if error.code == .fileTooLarge {
        throw Problem(
          "mend.too-large", "it is larger than \(limit) bytes, the limit for mended rows", at: .init(file: name),
          mend: "Mend the dataset's own file and drop that again.")
      }
      throw Problem(opening: name, error)
    }
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    where line.contains(where: { $0 > 0x20 }) {
      try add(line, Problem.Place(file: name, line: index + 1))
    }
  }

  private func add(_ line: ArraySlice<UInt8>, _ place: Problem.Place) throws {
    let node: JSONNode
    do throws(JSONSyntaxError) {
      node = try JSONParser.parse(line)
    } catch {
      var exact = place
      exact.character = error.column
      throw Problem(
        "json.\(error.code.rawValue)", "it is not valid JSON", at: exact, why: error.message,
        mend: "Mend that place in the file and drop it again.")
    }
    guard let file = node["file"]?.string, let row = node["row"]?.number?.int, let raw = node["raw"]?.string else {
      throw Problem(
        "mend.fields", "the line is none of bad-rows.jsonl", at: place,
        why: "its \"file\", \"row\" and \"raw\" say which row is mended, and how it reads now",
        mend: "Take the lines of bad-rows.jsonl with their file and row as they are, and mend only \"raw\".")
    }
    if let note = node["note"]?.string {
      throw Problem(
        "mend.note", "the row is not whole", at: place, why: note,
        mend: "Put the whole row into \"raw\", take \"note\" out, and drop it again.")
    }
    rows[Key(file: file, row: row)] = Mended(raw: raw, place: place)
  }
}
