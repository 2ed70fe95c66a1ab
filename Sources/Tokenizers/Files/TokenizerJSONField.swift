import StrictJSON

/// A value in a tokenizer's file together with its path, so that every complaint names the place.
struct TokenizerJSONField {
  let file: String
  /// As people write it: `model.merges[17]`; empty for the whole text.
  let path: String
  let node: JSONNode

  var isNull: Bool { node.isNull }

  /// Parses a whole file.
  static func parse(_ bytes: [UInt8], file: String) throws(TokenizerError) -> TokenizerJSONField {
    do throws(JSONSyntaxError) {
      return TokenizerJSONField(file: file, path: "", node: try JSONParser.parse(bytes))
    } catch {
      throw TokenizerError(
        .syntax, "\(file) is not JSON: line \(error.line), column \(error.column): \(error.message)",
        mend: "Copy the file again, or save the tokenizer again where it was made")
    }
  }

  /// The member, or nil where it is missing or null.
  func optional(_ name: String) throws(TokenizerError) -> TokenizerJSONField? {
    guard let object = node.object else { throw wrongType("an object") }
    guard let member = object[name], !member.isNull else { return nil }
    return TokenizerJSONField(file: file, path: path.isEmpty ? name : "\(path).\(name)", node: member)
  }

  func member(_ name: String) throws(TokenizerError) -> TokenizerJSONField {
    guard let member = try optional(name) else {
      throw malformed("\"\(path.isEmpty ? name : "\(path).\(name)")\" is missing in \(file)")
    }
    return member
  }

  /// The members of an object, in their order.
  func members() throws(TokenizerError) -> [(key: String, value: TokenizerJSONField)] {
    guard let object = node.object else { throw wrongType("an object") }
    return object.members.map { ($0.key, TokenizerJSONField(file: file, path: "\(path).\($0.key)", node: $0.node)) }
  }

  func elements() throws(TokenizerError) -> [TokenizerJSONField] {
    guard let array = node.array else { throw wrongType("an array") }
    return array.enumerated().map { TokenizerJSONField(file: file, path: "\(path)[\($0.offset)]", node: $0.element) }
  }

  func string() throws(TokenizerError) -> String {
    guard let string = node.string else { throw wrongType("a string") }
    return string
  }

  func bool() throws(TokenizerError) -> Bool {
    guard let bool = node.bool else { throw wrongType("a boolean") }
    return bool
  }

  /// An id that the merge table can hold.
  func tokenID() throws(TokenizerError) -> TokenID {
    guard let int = node.int, int >= 0 else { throw wrongType("a whole number from 0") }
    guard int < MergeTable.idLimit else {
      throw unsupported("\"\(path)\" in \(file) is the id \(int)", supported: "ids below \(MergeTable.idLimit)")
    }
    return TokenID(int)
  }

  /// True where the member is there and true.
  func flag(_ name: String) throws(TokenizerError) -> Bool { try optional(name)?.bool() ?? false }

  /// The text of a member "type".
  func type() throws(TokenizerError) -> String { try member("type").string() }

  func wrongType(_ expected: String) -> TokenizerError {
    malformed("\"\(path.isEmpty ? "the text" : path)\" in \(file) must be \(expected), but is \(node.kindName)")
  }

  func malformed(_ message: String) -> TokenizerError {
    TokenizerError(.malformed, message, mend: "Save the tokenizer again with a current version of Hugging Face's tokenizers")
  }

  func inconsistent(_ message: String, mend: String) -> TokenizerError { TokenizerError(.inconsistent, message, mend: mend) }

  func unsupported(_ message: String, supported: String) -> TokenizerError {
    TokenizerError(.unsupported, "\(message), which is not supported", mend: "Supported: \(supported)")
  }
}
