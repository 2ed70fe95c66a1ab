import ChatTemplates
import Domain
import Platform
import StrictJSON
import Tokenizers

/// Makes text of conversations: with the tokenizer's own chat template, or with ours where it has none. One way for both, so that
/// what is trained is what transformers' `apply_chat_template` gives.
struct ChatRenderer: Sendable {
  private let template: ChatTemplate
  /// Where the tokenizer has one of that name it is used for rows with tools, as transformers does.
  private let toolTemplate: ChatTemplate?
  private let special: [(name: String, value: JSONNode)]
  private let endOfText: [UInt8]
  /// Of the config, for rows that bring none.
  private let tools: JSONNode?
  private let now: Int

  /// Why a conversation is not trained on.
  struct Refusal: Error, Equatable { var reason: String }

  /// - Parameter now: seconds since 1970, for templates that write the date.
  /// - Throws: `Problem` where the template is none that can be rendered.
  init(_ settings: TokenizerSettings, tools: JSONNode? = nil, now: Int) throws {
    func named(_ name: String) -> String? { settings.namedChatTemplates.first { $0.name == name }?.template }
    guard let source = settings.chatTemplate ?? named("default") else {
      throw Problem(
        "chat.template", "the tokenizer has several chat templates, and none of them is called \"default\"",
        why: "they are \(settings.namedChatTemplates.map { "\"\($0.name)\"" }.joined(separator: ", "))",
        mend: "Write the one to train with into chat_template.jinja in the model's folder, and drop the model again.")
    }
    template = try Self.parsed(source)
    toolTemplate = try named("tool_use").map { try Self.parsed($0) }
    special = [
      ("bos_token", settings.beginningOfText), ("eos_token", settings.endOfText), ("unk_token", settings.unknown),
      ("pad_token", settings.padding),
    ].compactMap { name, token in token.map { (name, JSONNode(.string($0))) } }
    endOfText = Array((settings.endOfText ?? "").utf8)
    self.tools = tools
    self.now = now
  }

  private static func parsed(_ source: String) throws -> ChatTemplate {
    do throws(TemplateError) {
      return try ChatTemplate(source)
    } catch {
      throw Problem(
        "chat.template", "the tokenizer's chat template cannot be rendered", why: error.description,
        mend:
          "Put a template without that into chat_template.jinja in the model's folder and drop the model again, or give the rows as prompt and completion, with the template's text in them."
      )
    }
  }

  /// The whole conversation in pieces: what the assistant says is trained. To be tokenized as one text.
  ///
  /// What is the assistant's is told by the template's `{% generation %}`; without that by rendering what comes before each of its turns,
  /// with the words that ask for an answer, and what comes up to its end: both must be the beginning of the whole.
  func segments(of turns: [JSONNode], tools: JSONNode? = nil) throws(Refusal) -> [Segment] {
    let messages = try self.messages(turns)
    let template = self.template(for: tools)
    let whole = try render(template, messages.nodes, tools, asks: false)
    let text = Array(whole.text.utf8)
    let spans = template.marksGeneration ? whole.generated : try answers(in: text, messages, template, tools)
    var segments: [Segment] = []
    var at = 0
    for span in spans where !span.isEmpty {
      if span.lowerBound > at { segments.append(Segment(text: Array(text[at..<span.lowerBound]), isTrained: false)) }
      segments.append(Segment(text: Array(text[max(at, span.lowerBound)..<span.upperBound]), isTrained: true))
      at = span.upperBound
    }
    if at < text.count { segments.append(Segment(text: Array(text[at...]), isTrained: false)) }
    return segments
  }

  /// An opening and what answers it: only the answer is trained, whatever the assistant said before.
  func segments(of opening: [JSONNode], answeredBy answer: [JSONNode], tools: JSONNode? = nil) throws(Refusal) -> [Segment] {
    let whole = try segments(of: opening + answer, tools: tools)
    // What ends the opening when nothing follows may be missing in the whole.
    let first = opening.isEmpty ? 0 : zip(whole.flatMap(\.text), try text(of: opening, tools: tools)).prefix { $0 == $1 }.count
    var at = 0
    return whole.map { segment in
      defer { at += segment.text.count }
      var segment = segment
      segment.isTrained = segment.isTrained && at >= first
      return segment
    }
  }

  /// The conversation up to where the assistant is to speak: what a model is prompted with.
  func prompt(of turns: [JSONNode], tools: JSONNode? = nil) throws(Refusal) -> [UInt8] {
    Array(try render(template(for: tools), try messages(turns).nodes, tools, asks: true).text.utf8)
  }

  /// The whole conversation.
  func text(of turns: [JSONNode], tools: JSONNode? = nil) throws(Refusal) -> [UInt8] {
    Array(try render(template(for: tools), try messages(turns).nodes, tools, asks: false).text.utf8)
  }

  private func messages(_ turns: [JSONNode]) throws(Refusal) -> ChatMessages {
    guard let messages = ChatMessages(turns) else { throw Refusal(reason: "a turn has no role, or nothing to say") }
    return messages
  }

  private func template(for tools: JSONNode?) -> ChatTemplate { (tools ?? self.tools) == nil ? template : toolTemplate ?? template }

  private func render(
    _ template: ChatTemplate, _ messages: [JSONNode], _ tools: JSONNode?, asks: Bool
  ) throws(Refusal) -> RenderedChat {
    let variables: [(name: String, value: JSONNode)] = [
      ("messages", JSONNode(.array(messages))), ("tools", tools ?? self.tools ?? JSONNode(.null)), ("documents", JSONNode(.null)),
      ("add_generation_prompt", JSONNode(.bool(asks))),
    ]
    do throws(TemplateError) {
      return try template.render(variables + special, now: now)
    } catch {
      throw Refusal(reason: "the chat template refuses it, \(error.description)")
    }
  }

  /// Places of the assistant's turns in the whole text, without the white space that ends them.
  private func answers(
    in whole: [UInt8], _ messages: ChatMessages, _ template: ChatTemplate, _ tools: JSONNode?
  ) throws(Refusal) -> [Range<Int>] {
    var spans: [Range<Int>] = []
    for (index, isAssistant) in messages.isAssistant.enumerated() where isAssistant {
      guard index > 0 else {
        throw Refusal(reason: "it begins with the assistant, and the template does not say with {% generation %} what is the assistant's")
      }
      let before = Array(try render(template, Array(messages.nodes[..<index]), tools, asks: true).text.utf8)
      guard whole.starts(with: before) else { throw Self.disagreement(index) }
      var through = whole
      if index + 1 < messages.nodes.count {
        through = Array(try render(template, Array(messages.nodes[...index]), tools, asks: false).text.utf8)
        // Some templates end the whole with the end-of-text token, which stands after the last turn only.
        if !whole.starts(with: through), through.suffix(endOfText.count).elementsEqual(endOfText) { through.removeLast(endOfText.count) }
        guard whole.starts(with: through), through.count >= before.count else { throw Self.disagreement(index) }
      }
      var end = through.count
      while end > before.count, [0x20, 0x09, 0x0A, 0x0D].contains(whole[end - 1]) { end -= 1 }
      spans.append(before.count..<end)
    }
    return spans
  }

  private static func disagreement(_ index: Int) -> Refusal {
    Refusal(
      reason:
        "the chat template writes turn \(index + 1) otherwise when it is the last than within the whole conversation, so that it cannot be told what the assistant writes; a template with {% generation %}, or rows that end with their first answer, can be trained on"
    )
  }
}
