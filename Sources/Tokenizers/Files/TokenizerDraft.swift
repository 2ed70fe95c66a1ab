import StrictJSON

/// A tokenizer that is made here, before it is written as `tokenizer.json`. Every tokenizer made here goes through that text
/// and the reader, so that what is used and what is saved cannot differ.
struct TokenizerDraft {
  /// Tokens of the model in the order of their ids, from 0, as texts in `ByteAlphabet` (special tokens as they are).
  var tokens: [String]
  /// In the order of their ranks.
  var merges: [(left: String, right: String)] = []
  var addedTokens: [AddedToken] = []
  var pattern = PreTokenPattern.gpt2

  /// The text of `tokenizer.json`, as huggingface/tokenizers 0.23 reads and writes it; merges in the older form `"a b"`, which
  /// its releases before 0.20 read too.
  func json() -> [UInt8] {
    let root: JSONNode = [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .init(.array(addedTokens.map(Self.node))), "normalizer": nil,
      "pre_tokenizer": preTokenizer, "post_processor": Self.byteLevel(usesPattern: true, trimsOffsets: false),
      "decoder": Self.byteLevel(usesPattern: true, trimsOffsets: true), "model": model,
    ]
    return Array((root.text(.pretty) + "\n").utf8)
  }

  private var model: JSONNode {
    let vocabulary = JSONObject(tokens.enumerated().map { .init(key: $0.element, keyByte: 0, node: .init(.number(JSONNumber($0.offset)))) })
    return [
      "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil, "fuse_unk": false,
      "byte_fallback": false, "ignore_merges": false, "vocab": .init(.object(vocabulary)),
      "merges": .init(.array(merges.map { .init(.string("\($0.left) \($0.right)")) })),
    ]
  }

  private var preTokenizer: JSONNode {
    switch pattern {
    case .none: return Self.byteLevel(usesPattern: false, trimsOffsets: true)
    case .gpt2: return Self.byteLevel(usesPattern: true, trimsOffsets: true)
    case .llama3, .qwen2:
      let regex = TokenizerJSONReader.patterns.first { $0.pattern == pattern }?.text ?? ""
      let split: JSONNode = ["type": "Split", "pattern": ["Regex": .init(.string(regex))], "behavior": "Isolated", "invert": false]
      return ["type": "Sequence", "pretokenizers": [split, Self.byteLevel(usesPattern: false, trimsOffsets: true)]]
    }
  }

  private static func byteLevel(usesPattern: Bool, trimsOffsets: Bool) -> JSONNode {
    ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": .init(.bool(trimsOffsets)), "use_regex": .init(.bool(usesPattern))]
  }

  static func node(_ token: AddedToken) -> JSONNode {
    [
      "id": .init(.number(JSONNumber(Int(token.id)))), "content": .init(.string(token.content)),
      "single_word": .init(.bool(token.singleWord)),
      "lstrip": .init(.bool(token.stripsLeft)), "rstrip": .init(.bool(token.stripsRight)), "normalized": .init(.bool(token.normalized)),
      "special": .init(.bool(token.special)),
    ]
  }
}
