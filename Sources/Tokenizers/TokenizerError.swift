/// Why a tokenizer cannot be read, made or trained: what happened, and the mend.
package struct TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// The text is not JSON, or a file of merges is not one.
    case syntax
    /// A member is missing or has another type than the format says.
    case malformed
    /// The file is sound, but asks for something that is not built here.
    case unsupported
    /// Parts of the file contradict one another.
    case inconsistent
    /// A setting of a training or of a new tokenizer makes no sense.
    case setting
  }

  package let code: Code
  /// What happened, to what, and why.
  package let message: String
  package let mend: String

  package init(_ code: Code, _ message: String, mend: String) {
    self.code = code
    self.message = message
    self.mend = mend
  }

  package var description: String { "\(message). \(mend)." }
}
