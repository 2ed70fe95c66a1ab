/// YAML that is none, or that goes beyond what is read here.
package struct YAMLSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
  /// From 1, in the file.
  package var line: Int
  package var message: String

  package init(line: Int, message: String) {
    self.line = line
    self.message = message
  }

  package var description: String { "line \(line): \(message)" }
}
