/// Text to token ids and back: a byte-level BPE vocabulary with all that stands around it in a `tokenizer.json`.
///
/// Immutable, so one tokenizer serves any number of threads; each thread encodes with an `Encoder` of its own.
///
/// **Invalid UTF-8** is encoded as if every maximal ill-formed sequence were U+FFFD, the way Rust's `from_utf8_lossy` and
/// Python's `errors="replace"` mend it before Hugging Face's tokenizers see the text. A tokenizer that neither normalizes,
/// splits nor merges (the byte tokenizer) passes the bytes through as they are.
///
/// `truncation` and `padding` in a `tokenizer.json` are carried along but not obeyed: they belong to the caller, as they
/// do in transformers, which sets them anew for every call.
package final class Tokenizer: Sendable {
  package let vocabulary: Vocabulary
  /// In the order of the file.
  package let addedTokens: [AddedToken]
  /// What the post-processor puts around a single text where special tokens are asked for.
  package let template: Template
  package let settings: TokenizerSettings
  /// The `tokenizer.json` this tokenizer was read from, byte for byte.
  package let json: [UInt8]

  let pipeline: TextPipeline
  let merges: MergeTable
  let byteTokens: FrozenTable<TokenID>
  /// Whether a pre-token that is a token is that token, whatever the merges would make of it.
  let ignoresMerges: Bool
  /// Looked for in the text as given.
  let plainMatcher: AddedTokenMatcher?
  /// Looked for in the normalized text.
  let normalizedMatcher: AddedTokenMatcher?
  /// Made with the tokenizer, not with the first text.
  let classes = ScalarClasses.patterns
  let normalizer: NFC?
  private let specialIDs: Set<TokenID>

  /// The ids that stand before and after a text.
  package struct Template: Sendable, Equatable {
    package var before: [TokenID] = []
    package var after: [TokenID] = []
  }

  init(
    vocabulary: Vocabulary, addedTokens: [AddedToken], template: Template, settings: TokenizerSettings, json: [UInt8],
    pipeline: TextPipeline, merges: MergeTable, byteTokens: FrozenTable<TokenID>, ignoresMerges: Bool
  ) {
    self.vocabulary = vocabulary
    self.addedTokens = addedTokens
    self.template = template
    self.settings = settings
    self.json = json
    self.pipeline = pipeline
    self.merges = merges
    self.byteTokens = byteTokens
    self.ignoresMerges = ignoresMerges
    let normalizer = pipeline.composes ? NFC.shared : nil
    self.normalizer = normalizer
    specialIDs = Set(addedTokens.lazy.filter(\.special).map(\.id))
    let plain = addedTokens.filter { !$0.normalized }
    plainMatcher = AddedTokenMatcher(plain, contents: plain.map { Array($0.content.utf8) })
    let normalized = addedTokens.filter(\.normalized)
    normalizedMatcher = AddedTokenMatcher(
      normalized,
      contents: normalized.map { token in
        let content = Array(token.content.utf8)
        return content.withUnsafeBufferPointer { normalizer?.normalized($0) } ?? content
      })
  }

  /// One more than the highest id: the rows of the embedding table that fits.
  package var vocabularySize: Int { vocabulary.count }

  /// Whether ill-formed UTF-8 goes through as bytes instead of being mended.
  package var passesBytesThrough: Bool { pipeline.leavesTextWhole && merges.count == 0 }

  /// State for encoding, for one thread.
  ///
  /// - Parameter isForMuchText: whether it is worth a millisecond to have its memory ready, which is 8 MB at least then.
  package func makeEncoder(isForMuchText: Bool = false) -> Encoder { Encoder(self, isForMuchText: isForMuchText) }

  /// The ids of one text. For more than a few texts keep an `Encoder`.
  package func encode(_ text: String, addingSpecialTokens: Bool = false) -> [TokenID] {
    var ids: [TokenID] = []
    makeEncoder().encode(text, addingSpecialTokens: addingSpecialTokens, into: &ids)
    return ids
  }
}

// Decoding.
extension Tokenizer {
  /// The bytes of the tokens, one after another. Ids that are no token's are passed over, as Hugging Face does.
  ///
  /// Added tokens decode to their own text. (Hugging Face runs it through the byte alphabet, which garbles a content with
  /// letters between U+00A1 and U+0143; here every text comes back.)
  package func bytes(of ids: some Sequence<TokenID>, skippingSpecialTokens: Bool = false) -> [UInt8] {
    var output: [UInt8] = []
    for id in ids where !(skippingSpecialTokens && isSpecial(id)) { output.append(contentsOf: vocabulary.bytes(of: id)) }
    return output
  }

  /// The text of the tokens; ill-formed UTF-8 comes out as U+FFFD.
  package func decode(_ ids: some Sequence<TokenID>, skippingSpecialTokens: Bool = false) -> String {
    String(decoding: bytes(of: ids, skippingSpecialTokens: skippingSpecialTokens), as: UTF8.self)
  }

  /// Whether the id is that of an added token marked special.
  package func isSpecial(_ id: TokenID) -> Bool { specialIDs.contains(id) }
}
