extension TokenizerJSONReader {
  /// Regular expressions that have a scanner, exactly as files write them.
  static let patterns: [(text: String, pattern: PreTokenPattern)] = [
    (#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .gpt2),
    (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
      .llama3
    ),
    (#"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#, .qwen2),
  ]

  private static let supported =
    "\"ByteLevel\"; or a \"Sequence\" that ends in \"ByteLevel\" with add_prefix_space false, before it \"Digits\", or \"Split\" "
    + "(behavior Isolated, not inverted) with the pattern of GPT-2, Llama 3 or Qwen 2, or both"

  /// The pipeline without its normalizer.
  func preTokenizer() throws(TokenizerError) -> TextPipeline {
    guard let field = try root.optional("pre_tokenizer") else {
      throw root.unsupported("\"pre_tokenizer\" in tokenizer.json is null", supported: Self.supported)
    }
    var steps = try steps(field, elements: "pretokenizers")
    guard let last = steps.popLast(), try last.type() == "ByteLevel" else {
      throw field.unsupported("\"pre_tokenizer\" in tokenizer.json does not end in \"ByteLevel\"", supported: Self.supported)
    }
    var pipeline = TextPipeline()
    pipeline.addsPrefixSpace = try last.member("add_prefix_space").bool()
    let usesPattern = try last.optional("use_regex")?.bool() ?? true
    pipeline.pattern = usesPattern ? .gpt2 : .none
    if pipeline.addsPrefixSpace, !steps.isEmpty {
      throw last.unsupported(
        "\"\(last.path).add_prefix_space\" in tokenizer.json is true behind other pre-tokenizers", supported: Self.supported)
    }
    for (index, step) in steps.enumerated() {
      switch try step.type() {
      case "Digits" where index == 0:
        pipeline.digits = try step.member("individual_digits").bool() ? .individual : .contiguous
      case "Split" where index == steps.count - 1 && !usesPattern:
        pipeline.pattern = try pattern(step)
      case let type:
        throw step.unsupported("\"\(step.path)\" in tokenizer.json is of the type \"\(type)\" at that place", supported: Self.supported)
      }
    }
    return pipeline
  }

  private func pattern(_ split: TokenizerJSONField) throws(TokenizerError) -> PreTokenPattern {
    let behavior = try split.member("behavior").string()
    guard behavior == "Isolated" else {
      throw split.unsupported("\"\(split.path).behavior\" in tokenizer.json is \"\(behavior)\"", supported: "\"Isolated\"")
    }
    if try split.flag("invert") {
      throw split.unsupported("\"\(split.path).invert\" in tokenizer.json is true", supported: "false")
    }
    let pattern = try split.member("pattern")
    guard let regex = try pattern.optional("Regex") else {
      throw pattern.unsupported(
        "\"\(pattern.path)\" in tokenizer.json is no \"Regex\"", supported: "a \"Regex\" of GPT-2, Llama 3 or Qwen 2")
    }
    let text = try regex.string()
    guard let known = Self.patterns.first(where: { $0.text == text }) else {
      throw regex.unsupported(
        "\"\(regex.path)\" in tokenizer.json is the pattern \(text)",
        supported: "the patterns of GPT-2, Llama 3 and Qwen 2: " + Self.patterns.map(\.text).joined(separator: "   "))
    }
    return known.pattern
  }
}
