import StrictJSON

/// An example as messages, whatever it was written as: what conversions go through.
struct Dialogue {
  /// Objects of `role`, `content` and what else they have, as chat templates read them.
  var messages: [JSONObject]
  var tools: JSONNode?

  init(messages: [JSONObject], tools: JSONNode? = nil) {
    self.messages = messages
    self.tools = tools
  }

  /// One exchange.
  init(system: String?, prompt: String, answer: String) {
    messages = []
    if let system, !system.isEmpty { messages.append(Self.message("system", system)) }
    messages += [Self.message("user", prompt), Self.message("assistant", answer)]
  }

  static func message(_ role: String, _ content: String) -> JSONObject {
    ["role": JSONNode(.string(role)), "content": JSONNode(.string(content))]
  }

  private static let roles = [
    "human": "user", "gpt": "assistant", "bot": "assistant", "ai": "assistant", "model": "assistant", "chatgpt": "assistant",
    "observation": "tool", "function": "tool", "tool_response": "tool", "function_call": "assistant", "tool_call": "assistant",
  ]

  /// A list of {role, content} or {from, value}; nil where it is neither.
  static func messages(_ node: JSONNode?) -> [JSONObject]? {
    guard let elements = node?.array, !elements.isEmpty else { return nil }
    var messages: [JSONObject] = []
    for element in elements {
      guard let object = element.object, let speaker = (object["role"] ?? object["from"])?.string else { return nil }
      let said = object["content"] ?? object["value"]
      if speaker == "function_call" || speaker == "tool_call" {
        messages.append(call(said?.string ?? ""))
        continue
      }
      guard said != nil || object["tool_calls"] != nil else { return nil }
      var message: JSONObject = ["role": JSONNode(.string(roles[speaker] ?? speaker))]
      message["content"] = said.map { text(of: $0).map { JSONNode(.string($0)) } ?? $0 } ?? JSONNode(.null)
      for member in object.members where !["role", "content", "from", "value"].contains(member.key) { message[member.key] = member.node }
      messages.append(message)
    }
    return messages
  }

  /// ShareGPT's {"name", "arguments"} as a tool call; what is none stays what the assistant said.
  private static func call(_ text: String) -> JSONObject {
    guard let call = try? JSONParser.parse(text), call["name"]?.string != nil else { return message("assistant", text) }
    return ["role": "assistant", "content": "", "tool_calls": [["type": "function", "function": call]]]
  }

  /// A content: a string, or a list of parts with texts. nil for what holds none.
  static func text(of content: JSONNode) -> String? {
    if let string = content.string { return string }
    guard let parts = content.array else { return nil }
    var text = ""
    for part in parts {
      guard let piece = part.string ?? part["text"]?.string ?? part["value"]?.string else { return nil }
      text += piece
    }
    return text
  }

  // MARK: what it can be said as

  /// The system's words, what is asked and what is answered, where it is one exchange in plain text.
  var exchange: (system: String?, prompt: String, answer: String)? {
    var rest = messages[...]
    var system: String?
    if rest.first?["role"]?.string == "system" { system = rest.removeFirst()["content"].flatMap(Self.text) }
    guard rest.count == 2, let ask = rest.first, let reply = rest.last, ask["role"]?.string == "user",
      reply["role"]?.string == "assistant", reply["tool_calls"] == nil, let prompt = ask["content"].flatMap(Self.text),
      let answer = reply["content"].flatMap(Self.text)
    else { return nil }
    return (system, prompt, answer)
  }

  var asMessages: JSONNode { JSONNode(.array(messages.map { JSONNode(.object($0)) })) }

  /// {from, value} of each; nil where something is said that ShareGPT has no form for.
  var asConversations: JSONNode? {
    let names = ["user": "human", "assistant": "gpt", "tool": "observation"]
    var turns: [JSONNode] = []
    for message in messages {
      let role = message["role"]?.string ?? ""
      let text = message["content"].flatMap { $0.isNull ? "" : Self.text(of: $0) }
      guard let text else { return nil }
      let calls = message["tool_calls"]?.array ?? []
      if !text.isEmpty || calls.isEmpty {
        turns.append(["from": JSONNode(.string(names[role] ?? role)), "value": JSONNode(.string(text))])
      }
      for call in calls {
        turns.append(["from": "function_call", "value": JSONNode(.string((call["function"] ?? call).text()))])
      }
    }
    return JSONNode(.array(turns))
  }

  /// Everything that is said, a blank line between; nil where something is not text.
  var asText: String? {
    var texts: [String] = []
    for message in messages {
      guard let text = message["content"].flatMap({ $0.isNull ? "" : Self.text(of: $0) }) else { return nil }
      if !text.isEmpty { texts.append(text) }
      for call in message["tool_calls"]?.array ?? [] { texts.append((call["function"] ?? call).text()) }
    }
    return texts.joined(separator: "\n\n")
  }
}
