import StrictJSON

/// The member "model" of a `tokenizer.json`: vocabulary and merges of a byte-level BPE.
struct BPEModelReader {
  let field: TokenizerJSONField
  /// Tokens written in `ByteAlphabet`, by their bytes.
  let tokens: ModelTokens
  /// Tokens of the vocabulary that are not: nothing in a text becomes one of them, but they have ids.
  let plainTokens: [(text: String, id: TokenID)]
  let merges: MergeTable
  /// The token of every byte; the unknown token for a byte that has none; `noToken` where there is not even that.
  let byteTokens: FrozenTable<TokenID>
  let ignoresMerges: Bool
  /// To look ids up while the added tokens are read.
  let vocabulary: Vocabulary
  private let missingBytes: [UInt8]

  private static let noToken = TokenID(MergeTable.idLimit - 1)

  /// - Parameter scan: vocabulary and merges, where they were read in place.
  init(_ field: TokenizerJSONField, _ scan: ModelScan?) throws(TokenizerError) {
    self.field = field
    let type = try field.optional("type")?.string() ?? "BPE"
    guard type == "BPE" else { throw field.unsupported("\"model\" in tokenizer.json is of the type \"\(type)\"", supported: "\"BPE\"") }
    try Self.checkSwitches(field)
    ignoresMerges = try field.flag("ignore_merges")

    if let scan {
      (tokens, plainTokens) = (scan.tokens, scan.plain)
    } else {
      (tokens, plainTokens) = try Self.readTokens(field.member("vocab"))
    }
    let vocabulary = scan?.vocabulary ?? Vocabulary(modelTokens: tokens, plain: plainTokens)
    self.vocabulary = vocabulary
    let unknown = try Self.unknownToken(field, vocabulary)
    var byteTokens = [TokenID](repeating: unknown ?? Self.noToken, count: 256)
    var missing: [UInt8] = []
    for byte in UInt8.min...UInt8.max {
      let id = withUnsafePointer(to: byte) { vocabulary.id(ofModelToken: UnsafeBufferPointer(start: $0, count: 1)) }
      if let id { byteTokens[Int(byte)] = id } else { missing.append(byte) }
    }
    if unknown != nil, !missing.isEmpty, try field.flag("fuse_unk") {
      throw field.unsupported(
        "\"model.fuse_unk\" in tokenizer.json is true, and \(missing.count) bytes have no token",
        supported: "false, or a token for every byte")
    }
    missingBytes = unknown == nil ? missing : []
    self.byteTokens = FrozenTable(byteTokens)
    let pairs = if let scan { scan.merges } else { try Self.readMerges(field.member("merges"), vocabulary) }
    merges = MergeTable(pairs, byteTokens: self.byteTokens)
  }

  private static func checkSwitches(_ field: TokenizerJSONField) throws(TokenizerError) {
    if let dropout = try field.optional("dropout"), dropout.node.double != 0 {
      throw field.unsupported("\"model.dropout\" in tokenizer.json is \(dropout.node.text()): ids would be random", supported: "null or 0")
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      guard let affix = try field.optional(name)?.string(), !affix.isEmpty else { continue }
      throw field.unsupported("\"model.\(name)\" in tokenizer.json is \"\(affix)\"", supported: "null or \"\"")
    }
  }

  private static func unknownToken(_ field: TokenizerJSONField, _ vocabulary: Vocabulary) throws(TokenizerError) -> TokenID? {
    guard let text = try field.optional("unk_token")?.string(), !text.isEmpty else { return nil }
    // Hugging Face notices a missing one only when it needs it; so does this reader.
    return vocabulary.id(of: text)
  }

  private static func readTokens(
    _ vocab: TokenizerJSONField
  ) throws(TokenizerError) -> (tokens: ModelTokens, plain: [(text: String, id: TokenID)]) {
    var tokens = ModelTokens()
    var plain: [(text: String, id: TokenID)] = []
    var textOfID: [TokenID: String] = [:]
    for (text, value) in try vocab.members() {
      let id = try value.tokenID()
      if let other = textOfID.updateValue(text, forKey: id) {
        throw vocab.inconsistent(
          "\"model.vocab\" in tokenizer.json gives the id \(id) to \"\(other)\" and to \"\(text)\"",
          mend: "Give every token an id of its own")
      }
      if let bytes = ByteAlphabet.bytes(of: text), !bytes.isEmpty { tokens.append(bytes, id: id) } else { plain.append((text, id)) }
    }
    return (tokens, plain)
  }

  /// Refuses a vocabulary without a token for a byte that text can hold: Hugging Face would drop such bytes silently.
  func checkAlphabet(passesBytesThrough: Bool) throws(TokenizerError) {
    let needed = missingBytes.filter { byte in passesBytesThrough || !(byte == 0xC0 || byte == 0xC1 || byte >= 0xF5) }
    guard let first = needed.first else { return }
    let hex = String(first, radix: 16, uppercase: true)
    throw field.unsupported(
      "\"model.vocab\" in tokenizer.json has no token for \(needed.count) of the 256 bytes (the first is 0x\(hex.count == 1 ? "0" : "")\(hex)), and no unk_token",
      supported: "byte-level vocabularies with a token for every byte that UTF-8 text can hold, or with an unk_token")
  }
}

// Merges.
extension BPEModelReader {
  private static func readMerges(_ field: TokenizerJSONField, _ vocabulary: Vocabulary) throws(TokenizerError) -> [MergeTable.Merge] {
    var merges: [MergeTable.Merge] = []
    for element in try field.elements() {
      if let text = element.node.string, text.hasPrefix("#version") { continue }
      let (left, right) = try pair(element)
      merges.append(
        MergeTable.Merge(
          left: try id(of: left, in: element, vocabulary), right: try id(of: right, in: element, vocabulary),
          result: try id(of: left + right, in: element, vocabulary)))
    }
    guard merges.count < MergeTable.rankLimit else {
      throw field.unsupported(
        "\"model.merges\" in tokenizer.json has \(merges.count) entries", supported: "fewer than \(MergeTable.rankLimit)")
    }
    return merges
  }

  /// `"a b"`, or `["a", "b"]` as tokenizers 0.20 and later write it.
  private static func pair(_ element: TokenizerJSONField) throws(TokenizerError) -> (left: String, right: String) {
    if let pair = element.node.array {
      guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else {
        throw element.malformed("\"\(element.path)\" in tokenizer.json must hold two strings")
      }
      return (left, right)
    }
    let text = try element.string()
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw element.malformed("\"\(element.path)\" in tokenizer.json must be two tokens with one space between them, but is \"\(text)\"")
    }
    return (String(parts[0]), String(parts[1]))
  }

  private static func id(of text: String, in merge: TokenizerJSONField, _ vocabulary: Vocabulary) throws(TokenizerError) -> TokenID {
    guard let id = vocabulary.id(of: text) else {
      throw merge.inconsistent(
        "\"\(merge.path)\" in tokenizer.json needs the token \"\(text)\", which \"model.vocab\" does not have",
        mend: "Take vocabulary and merges from one training")
    }
    return id
  }
}
