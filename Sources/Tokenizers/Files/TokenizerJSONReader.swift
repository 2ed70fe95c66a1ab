import StrictJSON

/// Reads Hugging Face's `tokenizer.json` (version 1.0, the format of huggingface/tokenizers) into a `Tokenizer`.
///
/// Everything in the file that changes ids is obeyed or refused by name; nothing is passed over but `truncation`, `padding`
/// and what concerns offsets only.
struct TokenizerJSONReader {
  static let fileName = "tokenizer.json"

  let json: [UInt8]
  /// Without the model's vocabulary and merges where `scan` has them.
  let root: TokenizerJSONField
  private let scan: ModelScan?

  init(_ json: [UInt8]) throws(TokenizerError) {
    self.json = json
    scan = ModelScan(json)
    if let scan { root = scan.root } else { root = try TokenizerJSONField.parse(json, file: Self.fileName) }
  }

  func tokenizer(settings: TokenizerSettings) throws(TokenizerError) -> Tokenizer {
    if let version = try root.optional("version")?.string(), version != "1.0" {
      throw root.unsupported("\"version\" in tokenizer.json is \"\(version)\"", supported: "\"1.0\"")
    }
    var pipeline = try preTokenizer()
    pipeline.composes = try composes(root.optional("normalizer"))
    try checkDecoder()
    let model = try BPEModelReader(root.member("model"), scan)
    try model.checkAlphabet(passesBytesThrough: pipeline.leavesTextWhole && model.merges.count == 0)
    let addedTokens = try addedTokens(model)
    let vocabulary = Vocabulary(
      modelTokens: model.tokens,
      plain: model.plainTokens.filter { token in !addedTokens.contains { $0.id == token.id } } + addedTokens.map { ($0.content, $0.id) })
    let tokenizer = Tokenizer(
      vocabulary: vocabulary, addedTokens: addedTokens, template: try template(vocabulary), settings: settings, json: json,
      pipeline: pipeline, merges: model.merges, byteTokens: model.byteTokens, ignoresMerges: model.ignoresMerges)
    try settings.check(against: tokenizer)
    return tokenizer
  }
}

// Normalizer and decoder.
extension TokenizerJSONReader {
  private func composes(_ normalizer: TokenizerJSONField?) throws(TokenizerError) -> Bool {
    guard let normalizer else { return false }
    switch try normalizer.type() {
    case "NFC": return true
    case "Sequence":
      var composes = false
      for element in try normalizer.member("normalizers").elements() where try self.composes(element) { composes = true }
      return composes
    case let type:
      throw normalizer.unsupported(
        "\"\(normalizer.path)\" in tokenizer.json is of the type \"\(type)\"",
        supported: "no normalizer (null), \"NFC\", \"Sequence\" of them")
    }
  }

  /// Without a decoder Hugging Face puts spaces between the tokens' texts, which no one can mean here.
  private func checkDecoder() throws(TokenizerError) {
    var decoder = try root.optional("decoder")
    if let sequence = decoder, try sequence.type() == "Sequence" {
      let decoders = try sequence.member("decoders").elements()
      decoder = decoders.count == 1 ? decoders[0] : sequence
    }
    let type = try decoder?.type()
    guard type == "ByteLevel" else {
      throw root.unsupported(
        "\"decoder\" in tokenizer.json is \(type.map { "of the type \"\($0)\"" } ?? "null")", supported: "\"ByteLevel\"")
    }
  }
}

// Post-processor.
extension TokenizerJSONReader {
  private func template(_ vocabulary: Vocabulary) throws(TokenizerError) -> Tokenizer.Template {
    guard let processor = try root.optional("post_processor") else { return Tokenizer.Template() }
    var template: Tokenizer.Template?
    for part in try steps(processor, elements: "processors") {
      switch try part.type() {
      case "ByteLevel": continue  // concerns offsets only
      case "TemplateProcessing" where template == nil: template = try singleTemplate(part, vocabulary)
      case let type:
        throw part.unsupported(
          "\"\(part.path)\" in tokenizer.json is of the type \"\(type)\"",
          supported:
            "no post-processor (null), \"ByteLevel\", \"TemplateProcessing\", \"Sequence\" of \"ByteLevel\" and one \"TemplateProcessing\"")
      }
    }
    return template ?? Tokenizer.Template()
  }

  private func singleTemplate(_ processor: TokenizerJSONField, _ vocabulary: Vocabulary) throws(TokenizerError) -> Tokenizer.Template {
    var template = Tokenizer.Template()
    var sequences = 0
    for piece in try processor.member("single").elements() {
      if let sequence = try piece.optional("Sequence") {
        guard try sequence.member("id").string() == "A" else {
          throw piece.malformed("\"\(sequence.path).id\" in tokenizer.json must be \"A\": a single text has no other")
        }
        sequences += 1
        continue
      }
      let name = try piece.member("SpecialToken").member("id")
      for id in try processor.member("special_tokens").member(name.string()).member("ids").elements() {
        let id = try id.tokenID()
        guard vocabulary.contains(id) else {
          throw name.inconsistent(
            "\"\(name.path)\" in tokenizer.json puts the token \(id) around a text, but the vocabulary has no such id",
            mend: "Correct \"\(processor.path).special_tokens\"")
        }
        if sequences == 0 { template.before.append(id) } else { template.after.append(id) }
      }
    }
    guard sequences == 1 else {
      throw processor.malformed(
        "\"\(processor.path).single\" in tokenizer.json must hold the sequence A once, but holds it \(sequences) times")
    }
    return template
  }

  /// The parts of a "Sequence", nested ones included, or the value itself.
  func steps(_ field: TokenizerJSONField, elements: String) throws(TokenizerError) -> [TokenizerJSONField] {
    guard try field.type() == "Sequence" else { return [field] }
    var all: [TokenizerJSONField] = []
    for element in try field.member(elements).elements() { all += try steps(element, elements: elements) }
    return all
  }
}
