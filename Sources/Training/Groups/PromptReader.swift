import DatasetFormats
import Domain
import StrictJSON

/// Reads the prompt of a row, and the right answer where the row has one.
struct PromptReader: SequenceReader {
  private enum Form: Sendable {
    /// A text, or a list of messages.
    case prompt(FieldName, separator: [UInt8])
    case instruction(instruction: FieldName, input: FieldName, system: FieldName)
    /// A conversation: what comes before the last thing that the assistant says.
    case turns(FieldName)
  }

  private let form: Form
  private let answerField: FieldName?
  let isConversation: Bool
  private var chat: ChatRenderer?
  var hasPrompts: Bool { true }
  var sequencesOfRow: Int { 1 }

  /// - Throws: `Problem` where there is no prompt: `MethodFit` has said so before.
  init(_ data: DataSection, ingest: IngestResult) throws {
    guard let found = MethodFit.promptColumns(data, ingest) else {
      throw Problem(
        "data.does-not-fit", "rows of \(ingest.detected.rawValue) have no prompt",
        mend: "Name the column in the config's data section: prompt_field.")
    }
    func column(_ role: String) -> FieldName { FieldName(ingest.mapping[role] ?? role) }
    answerField = found.answer.map { FieldName($0) }
    let kinds = ingest.columns.first { $0.name == found.prompt }?.kinds ?? []
    // As sft joins the same rows, so that a model fine-tuned on them is prompted alike.
    let isPlain = data.promptField == nil && ingest.detected != .problemSolution && ingest.mapping["prompt"] == nil
    switch ingest.detected {
    case .instruction where data.promptField == nil:
      form = .instruction(instruction: column("instruction"), input: column("input"), system: column("system"))
      isConversation = false
    case .messages where data.promptField == nil, .conversations where data.promptField == nil:
      form = .turns(FieldName(found.prompt))
      isConversation = true
    default:
      form = .prompt(FieldName(found.prompt), separator: isPlain ? [] : [UInt8(ascii: "\n")])
      isConversation = kinds.contains(.list)
    }
  }

  var joinsSegments: Bool { isConversation && chat != nil }

  func rendering(with chat: ChatRenderer) -> any SequenceReader {
    var reader = self
    reader.chat = chat
    return reader
  }

  func sequences(of row: DatasetRow) -> [[Segment]]? { prompt(of: row).map { [$0] } }

  /// A conversation up to where the assistant is to speak; nil where the template refuses it.
  private func prompt(of turns: [JSONNode]) -> [Segment]? {
    guard !turns.isEmpty else { return nil }
    guard let chat else { return ChatFormat.texts(of: turns) }
    return (try? chat.prompt(of: turns)).map { [Segment(text: $0, isTrained: false)] }  // counted with the empty ones
  }

  func prompt(of row: DatasetRow) -> [Segment]? {
    switch form {
    case .prompt(let field, let separator):
      guard let node = row.node(field) else { return nil }
      if let turns = node.array { return prompt(of: turns) }
      return node.string.map { [Segment(text: Array($0.utf8) + separator, isTrained: false)] }
    case .instruction(let instruction, let input, let system):
      guard let task = row.text(instruction) else { return nil }
      let text = InstructionFormat.prompt(instruction: task, input: row.text(input) ?? "", system: row.text(system) ?? "")
      return [Segment(text: Array(text.utf8), isTrained: false)]
    case .turns(let field):
      guard let turns = row.node(field)?.array else { return nil }
      return prompt(of: Array(turns[..<(Self.lastAnswer(turns) ?? turns.count)]))
    }
  }

  /// The right answer; nil where the row has none.
  func answer(of row: DatasetRow) -> String? {
    guard let answerField, let node = row.node(answerField) else { return nil }
    if case .turns = form, let turns = node.array {
      return Self.lastAnswer(turns).flatMap { (turns[$0]["content"] ?? turns[$0]["value"])?.string }
    }
    return Self.text(node)
  }

  /// A string as it is, a number or a truth value as JSON writes it, of messages the last one's content.
  static func text(_ node: JSONNode) -> String? {
    if let string = node.string { return string }
    if let last = node.array?.last { return (last["content"] ?? last["value"])?.string }
    return node.isNull || node.object != nil ? nil : node.text()
  }

  private static func lastAnswer(_ turns: [JSONNode]) -> Int? {
    turns.lastIndex { ChatFormat.isAssistant(($0["role"] ?? $0["from"])?.string ?? "") }
  }
}

extension ChatFormat {
  static func isAssistant(_ speaker: String) -> Bool { ["assistant", "gpt", "bot", "ai", "model", "chatgpt"].contains(speaker) }
}
