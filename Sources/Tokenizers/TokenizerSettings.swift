import StrictJSON

/// What stands beside the vocabulary: `tokenizer_config.json` and the chat template.
package struct TokenizerSettings: Sendable, Equatable {
  /// Texts of tokens with a role; each must be a token of the vocabulary.
  package var beginningOfText: String?
  package var endOfText: String?
  package var padding: String?
  package var unknown: String?
  /// The longest sequence the model was made for, in tokens; nil where it is unlimited or unknown.
  package var modelMaximumLength: Int?
  /// The Jinja text that turns a conversation into a prompt; carried along as it is.
  package var chatTemplate: String?
  /// Templates with names, where a model has several ("tool_use", "rag"); the one named "default" is `chatTemplate`.
  package var namedChatTemplates: [NamedTemplate] = []
  /// Members that have no meaning here, to be written back as they came.
  var otherMembers = JSONObject()

  package struct NamedTemplate: Sendable, Equatable {
    package var name: String
    package var template: String
  }

  package init(
    beginningOfText: String? = nil, endOfText: String? = nil, padding: String? = nil, unknown: String? = nil,
    modelMaximumLength: Int? = nil,
    chatTemplate: String? = nil
  ) {
    self.beginningOfText = beginningOfText
    self.endOfText = endOfText
    self.padding = padding
    self.unknown = unknown
    self.modelMaximumLength = modelMaximumLength
    self.chatTemplate = chatTemplate
  }

  /// The roles of a new tokenizer: the first special token ends a text, `<|pad|>`, where there is one, pads.
  init(specialTokens: [String]) {
    self.init(endOfText: specialTokens.first, padding: specialTokens.first { $0 == "<|pad|>" })
  }

  /// A role's name in files and its token's text.
  var roles: [(name: String, token: String?)] {
    [("bos_token", beginningOfText), ("eos_token", endOfText), ("unk_token", unknown), ("pad_token", padding)]
  }
}

// Reading `tokenizer_config.json`.
extension TokenizerSettings {
  static let fileName = "tokenizer_config.json"
  /// transformers writes 10^30 for "no limit".
  private static let unlimited = 1e18
  private static let ownMembers: Set<String> = [
    "bos_token", "eos_token", "pad_token", "unk_token", "model_max_length", "chat_template", "tokenizer_class", "backend", "auto_map",
  ]

  /// `configuration` is `tokenizer_config.json`, `chatTemplate` the text of `chat_template.jinja`, which goes before the one
  /// inside the configuration, as in transformers 5.
  package init(configuration: [UInt8]?, chatTemplate: String? = nil) throws(TokenizerError) {
    self.init()
    if let configuration {
      let root = try TokenizerJSONField.parse(configuration, file: Self.fileName)
      guard let object = root.node.object else { throw root.wrongType("an object") }
      beginningOfText = try Self.token("bos_token", root)
      endOfText = try Self.token("eos_token", root)
      padding = try Self.token("pad_token", root)
      unknown = try Self.token("unk_token", root)
      try readMaximumLength(root)
      try readTemplates(root)
      otherMembers = JSONObject(object.members.filter { !Self.ownMembers.contains($0.key) })
    }
    if let chatTemplate { self.chatTemplate = chatTemplate }
  }

  /// `"<s>"`, or `{"content": "<s>", …}` as transformers 4 writes it.
  private static func token(_ name: String, _ root: TokenizerJSONField) throws(TokenizerError) -> String? {
    guard let field = try root.optional(name) else { return nil }
    return try field.node.object == nil ? field.string() : field.member("content").string()
  }

  private mutating func readMaximumLength(_ root: TokenizerJSONField) throws(TokenizerError) {
    guard let field = try root.optional("model_max_length") else { return }
    guard let length = field.node.double, length > 0 else { throw field.wrongType("a positive number") }
    modelMaximumLength = length < Self.unlimited ? Int(length) : nil
  }

  private mutating func readTemplates(_ root: TokenizerJSONField) throws(TokenizerError) {
    guard let field = try root.optional("chat_template") else { return }
    guard field.node.array != nil else {
      chatTemplate = try field.string()
      return
    }
    for element in try field.elements() {
      let template = NamedTemplate(name: try element.member("name").string(), template: try element.member("template").string())
      if template.name == "default" { chatTemplate = template.template } else { namedChatTemplates.append(template) }
    }
  }
}

// Agreement with `tokenizer.json`.
extension TokenizerSettings {
  /// Refuses what transformers would mend silently while loading: tokens with a role that are not among the added tokens, and
  /// added tokens with another id or other switches. Ids would differ, or the model would have no row for them.
  func check(against tokenizer: Tokenizer) throws(TokenizerError) {
    for (name, token) in roles {
      guard let token, !tokenizer.addedTokens.contains(where: { $0.content == token }) else { continue }
      throw Self.disagreement("\"\(name)\" in tokenizer_config.json is \"\(token)\", which is no added token of tokenizer.json")
    }
    guard let added = otherMembers["added_tokens_decoder"] else { return }
    for (key, field) in try TokenizerJSONField(file: Self.fileName, path: "added_tokens_decoder", node: added).members() {
      let content = try field.member("content").string()
      let known = tokenizer.addedTokens.first { $0.content == content }
      guard let known, TokenID(key) == known.id else {
        throw Self.disagreement("\"\(field.path)\" in tokenizer_config.json is \"\(content)\", which has not this id in tokenizer.json")
      }
      let switches = [
        ("single_word", known.singleWord), ("lstrip", known.stripsLeft), ("rstrip", known.stripsRight), ("normalized", known.normalized),
        ("special", known.special),
      ]
      for (name, value) in switches {
        guard let stated = try field.optional(name)?.bool(), stated != value else { continue }
        throw Self.disagreement("\"\(field.path).\(name)\" in tokenizer_config.json is \(stated), but \(value) in tokenizer.json")
      }
    }
  }

  private static func disagreement(_ message: String) -> TokenizerError {
    TokenizerError(.inconsistent, message, mend: "Load the tokenizer with transformers and save it again, so that both files agree")
  }
}
