import StrictJSON

// Reading.
extension Tokenizer {
  /// A tokenizer as Hugging Face models carry it.
  /// - `json`: `tokenizer.json`
  /// - `configuration`: `tokenizer_config.json`, where there is one
  /// - `chatTemplate`: `chat_template.jinja`, where there is one
  package static func read(json: [UInt8], configuration: [UInt8]? = nil, chatTemplate: String? = nil) throws(TokenizerError) -> Tokenizer {
    try TokenizerJSONReader(json).tokenizer(settings: TokenizerSettings(configuration: configuration, chatTemplate: chatTemplate))
  }

  /// The same tokenizer with other settings (a chat template, an end-of-text token).
  package func with(_ settings: TokenizerSettings) throws(TokenizerError) -> Tokenizer {
    try TokenizerJSONReader(json).tokenizer(settings: settings)
  }
}

// Roles.
extension Tokenizer {
  package var beginningOfTextID: TokenID? { settings.beginningOfText.flatMap(vocabulary.id(of:)) }
  package var endOfTextID: TokenID? { settings.endOfText.flatMap(vocabulary.id(of:)) }
  package var paddingID: TokenID? { settings.padding.flatMap(vocabulary.id(of:)) }
  package var unknownID: TokenID? { settings.unknown.flatMap(vocabulary.id(of:)) }
  /// What bytes without a token of their own become; nil where every byte has one. A tokenizer may name an unknown token that no
  /// text leads to: GPT-2's is its end of text.
  package var unknownByteID: TokenID? {
    for byte in UInt8.min...UInt8.max {
      let own = withUnsafePointer(to: byte) { vocabulary.id(ofModelToken: UnsafeBufferPointer(start: $0, count: 1)) }
      if own == nil, vocabulary.contains(byteTokens[Int(byte)]) { return byteTokens[Int(byte)] }
    }
    return nil
  }
}

// Saving.
extension Tokenizer {
  /// A file to be written beside a model.
  package struct File: Sendable, Equatable {
    package let name: String
    package let bytes: [UInt8]
  }

  /// The tokenizer's files in the form that transformers 4.57 and 5 both load: `tokenizer.json` as it was read,
  /// `tokenizer_config.json` with the class PreTrainedTokenizerFast (5 writes "TokenizersBackend", which 4 does not know) and
  /// the chat template in it, `special_tokens_map.json`, and the chat template once more as `chat_template.jinja`.
  package func files() -> [File] {
    var files = [
      File(name: TokenizerJSONReader.fileName, bytes: json),
      File(name: TokenizerSettings.fileName, bytes: Self.bytes(of: configuration)),
      File(name: "special_tokens_map.json", bytes: Self.bytes(of: specialTokensMap)),
    ]
    if let template = settings.chatTemplate { files.append(File(name: "chat_template.jinja", bytes: Array(template.utf8))) }
    return files
  }

  private static func bytes(of object: JSONObject) -> [UInt8] { Array((JSONNode(.object(object)).text(.pretty) + "\n").utf8) }

  private var configuration: JSONObject {
    var object = settings.otherMembers
    if object["clean_up_tokenization_spaces"] == nil { object["clean_up_tokenization_spaces"] = false }
    for (name, token) in settings.roles { object[name] = token.map { JSONNode(.string($0)) } ?? .init(.null) }
    object["model_max_length"] =
      settings.modelMaximumLength.map { JSONNode(.number(JSONNumber($0))) }
      // What transformers writes for "no limit": int(1e30).
      ?? JSONNode(.number(JSONNumber(text: "1000000000000000019884624838656")))
    object["tokenizer_class"] = "PreTrainedTokenizerFast"
    if !settings.namedChatTemplates.isEmpty {
      let templates = (settings.chatTemplate.map { [.init(name: "default", template: $0)] } ?? []) + settings.namedChatTemplates
      object["chat_template"] = JSONNode(
        .array(templates.map { ["name": .init(.string($0.name)), "template": .init(.string($0.template))] }))
    } else if let template = settings.chatTemplate {
      object["chat_template"] = JSONNode(.string(template))
    }
    return object
  }

  private var specialTokensMap: JSONObject {
    var object = JSONObject()
    for (name, token) in settings.roles { if let token { object[name] = JSONNode(.string(token)) } }
    if let more = settings.otherMembers["additional_special_tokens"] { object["additional_special_tokens"] = more }
    return object
  }
}
