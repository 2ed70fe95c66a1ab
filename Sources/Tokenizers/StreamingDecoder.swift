/// Turns ids into text as they come, for generation: a character whose bytes are spread over several tokens comes out whole,
/// with its last token.
///
/// All texts together are what `Tokenizer.decode` makes of all ids.
package struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skippingSpecialTokens: Bool
  /// The start of a character, up to three bytes.
  private var incomplete: [UInt8] = []

  package init(_ tokenizer: Tokenizer, skippingSpecialTokens: Bool = true) {
    self.tokenizer = tokenizer
    self.skippingSpecialTokens = skippingSpecialTokens
  }

  /// The text that the next token completes; empty where it completes no character.
  package mutating func text(of id: TokenID) -> String {
    if skippingSpecialTokens, tokenizer.isSpecial(id) { return "" }
    incomplete.append(contentsOf: tokenizer.vocabulary.bytes(of: id))
    let held = Self.lengthOfIncompleteTail(incomplete)
    let text = String(decoding: incomplete.dropLast(held), as: UTF8.self)
    incomplete.removeFirst(incomplete.count - held)
    return text
  }

  /// What is left at the end: bytes that never became a character, as U+FFFD.
  package mutating func finish() -> String {
    defer { incomplete = [] }
    return String(decoding: incomplete, as: UTF8.self)
  }

  /// How many bytes at the end may be the start of a character that is not yet whole. An ill-formed one may be among them;
  /// it comes out as it would have, one token later.
  static func lengthOfIncompleteTail(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      switch bytes[bytes.count - length] {
      case 0x80...0xBF: continue
      case 0xC2...0xDF: return length < 2 ? length : 0
      case 0xE0...0xEF: return length < 3 ? length : 0
      case 0xF0...0xF4: return length
      default: return 0
      }
    }
    return 0
  }
}
