/// One remark of a validation: an error blocks, a warning never does.
package struct Finding: Codable, Sendable, Equatable {
  package enum Severity: String, Codable, Sendable { case error, warning }

  package var severity: Severity
  /// The field's full path, `training.learning_rate`; empty for the file as a whole.
  package var field: String
  package var message: String
  /// Line of the field in the dropped file, counted from 1, where it is known.
  package var line: Int?
  /// What stands there, as JSON, cut where it is long; for programs, as are the next two: the message says it all for people.
  package var value: String?
  /// What may stand there: "a number, greater than 0".
  package var allowed: String?
  /// What was probably meant: the nearest field or word.
  package var suggestion: String?

  package init(_ severity: Severity, _ field: String, _ message: String, line: Int? = nil) {
    self.severity = severity
    self.field = field
    self.message = message
    self.line = line
  }
}

extension Finding: CustomStringConvertible {
  package var description: String {
    let place = field.isEmpty ? "" : "\(field)\(line.map { " (line \($0))" } ?? ""): "
    return "\(severity.rawValue): \(place)\(message)"
  }
}

extension Finding {
  /// As a compiler prints it: the remark, and under it the line that it is about, with the field marked.
  ///
  /// - Parameters:
  ///   - lines: of the file that was read; empty where it is not at hand.
  package func text(quoting lines: [Substring]) -> String {
    guard let line, lines.indices.contains(line - 1) else { return description }
    let number = "\(line)"
    let source = lines[line - 1].replacing("\t", with: " ")
    let gutter = String(repeating: " ", count: number.count)
    var text = description + "\n  \(number) | \(source)"
    // The field stands there under whichever of its names.
    let last = field.split(separator: ".").last.map(String.init) ?? ""
    let names = ([last] + (Configuration.field(at: field)?.spellings ?? [])).map { "\"\($0)\"" }
    if let (name, range) = names.lazy.compactMap({ name in source.firstRange(of: name).map { (name, $0) } }).first {
      let indent = String(repeating: " ", count: source.distance(from: source.startIndex, to: range.lowerBound))
      text += "\n  \(gutter) | \(indent)\(String(repeating: "^", count: name.count))"
    }
    return text
  }
}

extension [Finding] {
  package var errors: [Finding] { filter { $0.severity == .error } }
  package var warnings: [Finding] { filter { $0.severity == .warning } }

  /// "2 errors, 1 warning".
  package var tally: String {
    func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
    let parts = [(errors.count, "error"), (warnings.count, "warning")].filter { $0.0 > 0 }.map { count($0.0, $0.1) }
    return parts.isEmpty ? "no findings" : parts.joined(separator: ", ")
  }
}
