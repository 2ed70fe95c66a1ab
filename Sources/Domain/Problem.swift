/// The one shape of an error that a user reads: what happened, where, why, and how to mend it.
///
/// It crosses the wall as JSON, stands in receipts and in `status.json`, and is printed by the command.
package struct Problem: Error, Codable, Sendable, Equatable {
  /// Stable, for programs: `csv.ragged-row`, `json.trailing-comma`, `disk.full`.
  package var code: String
  /// One sentence without a full stop: what happened to what.
  package var what: String
  package var place: Place?
  /// One sentence: the rule that was broken, or the circumstance. Left out where `what` says it all.
  package var why: String?
  /// What the reader can do now, as a sentence in the imperative.
  package var mend: String
  /// The words of the system or library below, for a bug report.
  package var cause: String?

  package init(_ code: String, _ what: String, at place: Place? = nil, why: String? = nil, mend: String, cause: String? = nil) {
    self.code = code
    self.what = what
    self.place = place
    self.why = why
    self.mend = mend
    self.cause = cause
  }

  /// Where in the user's input. Rows, lines and columns count from 1, bytes from 0.
  package struct Place: Codable, Sendable, Equatable {
    package var file: String?
    package var row: Int?
    package var column: String?
    package var line: Int?
    package var character: Int?
    package var byte: Int?
    package var field: String?

    package init(
      file: String? = nil, row: Int? = nil, column: String? = nil, line: Int? = nil, character: Int? = nil, byte: Int? = nil,
      field: String? = nil
    ) {
      self.file = file
      self.row = row
      self.column = column
      self.line = line
      self.character = character
      self.byte = byte
      self.field = field
    }
  }
}

extension Problem.Place: CustomStringConvertible {
  /// "rows.csv, row 19, column 'answer' (line 22, byte 4711)".
  package var description: String {
    let main = [
      file, field, row.map { "row \($0)" }, column.map { "column '\($0)'" },
    ].compactMap(\.self)
    let exact = [
      line.map { "line \($0)" }, character.map { "character \($0)" }, byte.map { "byte \($0)" },
    ].compactMap(\.self)
    if main.isEmpty { return exact.joined(separator: ", ") }
    return main.joined(separator: ", ") + (exact.isEmpty ? "" : " (\(exact.joined(separator: ", ")))")
  }
}

extension Problem: CustomStringConvertible {
  /// For a terminal, a log line or a receipt: "place: what, because why. Mend."
  package var description: String {
    let where_ = place.map { "\($0): " } ?? ""
    return where_ + ([what] + [why?.sentenceCased].compactMap(\.self)).map(\.asSentence).joined(separator: " ") + " " + mend
  }

  /// For a sentence that goes on behind it: what happened, and the words of the system below.
  package var inBrief: String { cause.map { "\(what) (\($0))" } ?? what }

  /// `REASON.md` beside a rejected drop: one screen.
  package func markdown(title: String) -> String {
    var text = "# \(title)\n\n**What happened:** \(what.sentenceCased.asSentence)\n"
    if let place { text += "\n**Where:** \(place)\n" }
    if let why { text += "\n**Why:** \(why.sentenceCased.asSentence)\n" }
    text += "\n**How to mend it:** \(mend)\n"
    if let cause { text += "\n**The system's words:** `\(cause)`\n" }
    return text + "\nCode: `\(code)`\n"
  }
}

extension String {
  /// The first letter in upper case, the rest untouched.
  package var sentenceCased: String { prefix(1).uppercased() + dropFirst() }

  /// With a full stop, unless it ends with a mark of its own.
  package var asSentence: String { last.map { ".?!".contains($0) } == true ? self : self + "." }
}

extension Problem {
  /// The code of what waits for room on the disk: no fault of the drop or the job, tried again by itself.
  package static let diskFullCode = "disk.full"
  /// Likewise where the disk reports failures.
  package static let diskErrorCode = "disk.error"
  /// What is no drop's fault: it waits, and is tried again.
  package static let machineTroubles: Set<String> = [diskFullCode, diskErrorCode]
}

extension Problem {
  /// What passes by itself on the way to the Hub: a download waits, and is tried again.
  package static let hubTroubles: Set<String> = ["hub.network", "hub.server", "hub.rate-limit"]
}
