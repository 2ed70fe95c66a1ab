import Domain
import StrictJSON
import Tokenizers

/// Conversations for a tokenizer that has no chat template of its own: `<|role|>`, a line feed, the content, the end-of-text
/// token, a line feed. `template` says it in Jinja and is saved with the model, so that other programs prompt it alike.
enum ChatFormat {
  static let template = """
    {% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token + '\\n' }}{% endfor %}\
    {% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}
    """

  /// Conversations need a template: a tokenizer without one gets ours.
  static func withTemplate(_ tokenizer: Tokenizer) throws -> Tokenizer {
    guard tokenizer.settings.chatTemplate == nil, tokenizer.settings.namedChatTemplates.isEmpty else { return tokenizer }
    guard tokenizer.endOfTextID != nil else {
      throw Problem(
        "tokenizer.no-end", "the tokenizer has neither a chat template nor an end-of-text token, and conversations need one of them",
        mend: "Set chat_template or eos_token in its tokenizer_config.json and drop the model again.")
    }
    var settings = tokenizer.settings
    settings.chatTemplate = template
    return try tokenizer.with(settings)
  }

  /// What a tokenizer is trained on, before there is one that could render: names of roles and what they say.
  static func texts(of turns: [JSONNode]) -> [Segment]? {
    ChatMessages(turns)?.nodes.map { message in
      let content = message["content"]?.string ?? ""
      return Segment(
        text: Array("<|\(message["role"]?.string ?? "")|>\n\(content)\n".utf8), isTrained: message["role"]?.string == "assistant")
    }
  }
}

/// The turns of a row in the form that chat templates read: `role`, `content`, and whatever else they have.
struct ChatMessages {
  let nodes: [JSONNode]

  /// Turns as {role, content} or {from, value}; nil where there is none, or one is neither.
  init?(_ turns: [JSONNode]) {
    guard !turns.isEmpty else { return nil }
    var nodes: [JSONNode] = []
    for turn in turns {
      guard let object = turn.object, let speaker = (object["role"] ?? object["from"])?.string else { return nil }
      let content = object["content"] ?? (object["from"] == nil ? nil : object["value"])
      guard content != nil || object["tool_calls"] != nil || object["reasoning_content"] != nil else { return nil }
      var message: JSONObject = ["role": JSONNode(.string(Self.roles[speaker] ?? speaker))]
      message["content"] = content ?? JSONNode(.null)
      for member in object.members where !["role", "content", "from", "value"].contains(member.key) { message[member.key] = member.node }
      nodes.append(JSONNode(.object(Self.named(message))))
    }
    self.nodes = nodes
  }

  var isAssistant: [Bool] { nodes.map { $0["role"]?.string == "assistant" } }

  /// What a model thought stands under several names; templates find it under the one they read, as in transformers 5.
  private static func named(_ message: JSONObject) -> JSONObject {
    guard let thought = ["reasoning_content", "thinking", "reasoning"].lazy.compactMap({ message[$0] }).first(where: { !$0.isNull }) else {
      return message
    }
    var message = message
    if message["thinking"] == nil { message["thinking"] = thought }
    message["reasoning_content"] = thought
    return message
  }

  /// ShareGPT's names and others to those of chat templates.
  private static let roles = [
    "human": "user", "gpt": "assistant", "bot": "assistant", "ai": "assistant", "model": "assistant", "chatgpt": "assistant",
    "function_call": "assistant", "tool_call": "assistant", "observation": "tool", "function": "tool", "tool_response": "tool",
  ]

  /// The tools of a row: a list, or a string that holds one; nil for none.
  static func tools(_ node: JSONNode?) -> JSONNode? {
    guard let node else { return nil }
    let list = node.string.flatMap { try? JSONParser.parse($0.utf8) } ?? node  // a string that is no JSON names no tools
    return list.array?.isEmpty == false ? list : nil
  }
}
