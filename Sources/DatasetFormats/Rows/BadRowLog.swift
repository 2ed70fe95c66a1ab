import Domain
import Platform
import StrictJSON
import SystemPackage

/// `bad-rows.jsonl`: every row that was left out, with its raw text, so that a mended copy can be dropped again. The file
/// is there only where there are such rows.
package final class BadRowLog {
  /// Of one row's raw text.
  package static let rawLimit = 4_096
  private static let encodingSample = 65_536

  package private(set) var count = 0
  private var notUTF8 = 0
  private var encoding: TextEncoding?
  /// The first three, for a message.
  package private(set) var first: [BadRow] = []

  private let path: FilePath
  private let fileSystem: any FileSystem
  private var file: FileDescriptor?
  private var buffer = ContiguousArray<UInt8>()

  package init(_ path: FilePath, _ fileSystem: any FileSystem) {
    self.path = path
    self.fileSystem = fileSystem
  }

  deinit {
    if let file { try? fileSystem.close(file) }  // on the way out of an error, which is the one to tell
  }

  func add(_ row: BadRow, raw: UnsafeBufferPointer<UInt8>) throws(SystemError) {
    count += 1
    if row.isNotUTF8 {
      notUTF8 += 1
      encoding = encoding ?? TextEncoding(ofEightBit: raw.prefix(Self.encodingSample))
    }
    if first.count < 3 { first.append(row) }
    let whole = raw.count <= Self.rawLimit
    let shown = whole ? raw : UnsafeBufferPointer(rebasing: raw[..<Self.cut(raw)])
    var object = JSONObject()
    object["file"] = JSONNode(.string(row.file))
    object["row"] = JSONNode(integerLiteral: row.row)
    for (key, value) in [("line", row.line), ("character", row.character), ("byte", row.byte)] {
      object[key] = value.map { JSONNode(integerLiteral: $0) }
    }
    object["reason"] = JSONNode(.string(row.reason))
    object["raw"] = JSONNode(.string(String(decoding: shown, as: UTF8.self)))
    var notes: [String] = []
    if !whole { notes.append("raw is cut: the first \(shown.count) of \(raw.count) bytes") }
    if row.isNotUTF8 { notes.append("bytes that are no UTF-8 stand as U+FFFD in raw") }
    if !notes.isEmpty { object["note"] = JSONNode(.string(notes.joined(separator: "; "))) }
    buffer.append(contentsOf: JSONNode(.object(object)).text().utf8)
    buffer.append(0x0A)
    if buffer.count > 1 << 16 { try flush() }
  }

  /// Where to cut so that no letter is cut in two.
  private static func cut(_ raw: UnsafeBufferPointer<UInt8>) -> Int {
    var end = rawLimit
    while end > rawLimit - 4, raw[end] & 0xC0 == 0x80 { end -= 1 }
    return end
  }

  private func flush() throws(SystemError) {
    guard !buffer.isEmpty else { return }
    if file == nil { file = try fileSystem.open(path, .writing) }
    guard let file else { return }
    let result = buffer.withUnsafeBytes { bytes in Result { () throws(SystemError) in try fileSystem.writeAll(file, bytes) } }
    try result.get()
    buffer.removeAll(keepingCapacity: true)
  }

  package func finish() throws(SystemError) {
    try flush()
    if let file {
      self.file = nil
      try fileSystem.close(file)
    }
  }
}

extension BadRowLog {
  /// Whether so many bad rows beside so many good ones are left out and the rest is taken: up to the stated share; where
  /// any are tolerated at all, one always is, if at least two rows are good.
  package func isTolerable(goodRows: Int, limits: IngestLimits) -> Bool {
    if count == 0 { return true }
    guard goodRows > 0, limits.badRowShare > 0 else { return false }
    if count == 1, goodRows >= 2 { return true }
    return Double(count) <= limits.badRowShare * Double(goodRows + count)
  }

  /// Why a drop with these bad rows is refused: the first three are named.
  package func problem(goodRows: Int, limits: IngestLimits, isEarly: Bool = false) -> Problem {
    if let encoding, notUTF8 * 2 > count, let place = first.first?.place {
      return Problem(encoding: encoding, name: place.file ?? "", offending: nil, at: place)
    }
    let share = limits.badRowShare * 100
    let percent = share == share.rounded() ? "\(Int(share))" : "\(share)"
    let tolerated = limits.badRowShare > 0 ? "at most \(percent) % are tolerated" : "none is tolerated"
    return Problem(
      "rows.too-many-bad", "\(count) of \(isEarly ? "the first " : "")\(goodRows + count) rows cannot be read; \(tolerated)",
      at: first.first.map { Problem.Place(file: $0.file) },
      why: naming, mend: "Mend these rows in the file and drop it again.")
  }

  /// What was left out, in a sentence; nothing where nothing was.
  package var warnings: [String] { count == 0 ? [] : ["Left out: \(naming)."] }

  /// The first three, and how many more there are.
  private var naming: String {
    let names = first.map { ($0.file == first[0].file ? "" : "\($0.file), ") + $0.summary }
    return names.joined(separator: "; ") + (count > 3 ? "; and \(count - 3) more" : "")
  }
}
