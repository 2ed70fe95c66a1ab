/// Why a model could not be made, read, written or run: what happened, to what, why, and the mend.
package struct ModelError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// A `model_type` that this program does not run.
    case unsupportedArchitecture
    /// A field of config.json that is missing, of the wrong type or out of range, or asks for something not supported.
    case invalidConfiguration
    /// A file that is missing or cannot be read or written.
    case file
    /// A safetensors file whose header does not describe its bytes.
    case invalidSafetensors
    /// Tensors that are missing, unexpected or of another shape.
    case tensorMismatch
    /// Tokens, labels or lengths that the model cannot take.
    case invalidInput
    case outOfMemory
  }

  package let code: Code
  /// The file or folder, where there is one.
  package let path: String?
  /// What happened to what and why: whole sentences.
  package let message: String
  /// What to do about it; empty where the message says it all.
  package let hint: String

  package init(_ code: Code, path: String? = nil, _ message: String, hint: String = "") {
    self.code = code
    self.path = path
    self.message = message
    self.hint = hint
  }

  package var description: String {
    (path.map { "\($0): " } ?? "") + message + (hint.isEmpty ? "" : " " + hint)
  }

  /// The same error, about a file that was not known where it arose.
  func about(_ path: String) -> ModelError { ModelError(code, path: self.path ?? path, message, hint: hint) }
}
