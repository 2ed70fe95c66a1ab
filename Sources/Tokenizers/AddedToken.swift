/// A token that is looked for in the text before anything is split or merged, with Hugging Face's five switches.
package struct AddedToken: Sendable, Equatable {
  package var id: TokenID
  package var content: String
  /// Only where no word character (`\w`) stands right before or after it.
  package var singleWord = false
  /// Swallows white space before it.
  package var stripsLeft = false
  /// Swallows white space after it.
  package var stripsRight = false
  /// Looked for in the normalized text, by its normalized content, after those that are not normalized.
  package var normalized = false
  /// Left out when decoding without special tokens.
  package var special = true
}
