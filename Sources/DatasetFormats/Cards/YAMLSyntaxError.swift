/// YAML that is none, or that goes beyond what is read here.
package struct YAMLSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
  /// From 1, in the file.
  package var line: Int
  /// From 1, in letters.
  package var column: Int
  /// What is wrong there, as part of a sentence.
  package var message: String
  /// What to do, as a sentence.
  package var mend: String

  package init(line: Int, column: Int, message: String, mend: String) {
    self.line = line
    self.column = column
    self.message = message
    self.mend = mend
  }

  package var description: String { "line \(line), column \(column): \(message). \(mend)" }
}
