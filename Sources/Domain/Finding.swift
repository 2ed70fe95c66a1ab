/// One remark of a validation: an error blocks, a warning never does.
package struct Finding: Codable, Sendable, Equatable {
  package enum Severity: String, Codable, Sendable { case error, warning }

  package var severity: Severity
  /// The field's full path, `training.learning_rate`; empty for the file as a whole.
  package var field: String
  package var message: String
  /// Line of the field in the dropped file, counted from 1, where it is known.
  package var line: Int?

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

extension [Finding] {
  package var errors: [Finding] { filter { $0.severity == .error } }
  package var warnings: [Finding] { filter { $0.severity == .warning } }
}
