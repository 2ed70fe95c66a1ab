import DatasetFormats
import Domain
import StrictJSON

/// Makes segments of a row, by the dataset's schema. What a row of each schema becomes is written in docs/formats.md.
struct RowReader: SequenceReader {
  private enum Form: Sendable {
    case text(FieldName)
    case promptCompletion(FieldName, FieldName, separator: [UInt8])
    case instruction(instruction: FieldName, input: FieldName, output: FieldName, system: FieldName)
    case turns(FieldName)
  }

  private let form: Form

  /// - Throws: `Problem` where the schema has nothing to train on: `MethodFit` has said so before.
  init(_ data: DataSection, ingest: IngestResult) throws {
    func column(_ role: String) -> FieldName { FieldName(ingest.mapping[role] ?? role) }
    if let text = data.textField {
      form = .text(FieldName(text))
    } else if let prompt = data.promptField, let completion = data.completionField {
      form = .promptCompletion(FieldName(prompt), FieldName(completion), separator: Self.lineFeed)
    } else {
      switch ingest.detected {
      case .text: form = .text(column("text"))
      case .promptCompletion:
        // Columns called so are joined as they are, as TRL does; others were never written to be joined.
        let isPlain = ingest.mapping["prompt"] == nil && ingest.mapping["completion"] == nil
        form = .promptCompletion(column("prompt"), column("completion"), separator: isPlain ? [] : Self.lineFeed)
      case .problemSolution: form = .promptCompletion(column("problem"), column("solution"), separator: Self.lineFeed)
      case .instruction:
        form = .instruction(instruction: column("instruction"), input: column("input"), output: column("output"), system: column("system"))
      case .messages: form = .turns(column("messages"))
      case .conversations: form = .turns(column("conversations"))
      case .preference, .table:
        throw Problem(
          "data.does-not-fit", "rows of \(ingest.detected.rawValue) have nothing that this method trains on",
          mend: "Name the columns in the config's data section: text_field, or prompt_field and completion_field.")
      }
    }
  }

  private static let lineFeed = [UInt8(ascii: "\n")]

  /// Whether rows are prompts with completions, so that there is something to mask.
  var hasPrompts: Bool { if case .text = form { false } else { true } }

  /// Whether rows are conversations, which a chat template renders.
  var isConversation: Bool { if case .turns = form { true } else { false } }

  var sequencesOfRow: Int { 1 }
  func sequences(of row: DatasetRow) -> [[Segment]]? { segments(of: row).map { [$0] } }

  /// nil where the row lacks what the schema promises: a null, an empty list.
  func segments(of row: DatasetRow) -> [Segment]? {
    switch form {
    case .text(let field):
      var text: [UInt8] = []
      guard row.appendText(field, to: &text) else { return nil }
      return [Segment(text: text, isTrained: true, endsText: !row.continues)]
    case .promptCompletion(let prompt, let completion, let separator):
      var question: [UInt8] = []
      var answer: [UInt8] = []
      guard row.appendText(prompt, to: &question), row.appendText(completion, to: &answer) else { return nil }
      return [Segment(text: question + separator, isTrained: false), Segment(text: answer, isTrained: true, endsText: true)]
    case .instruction(let instruction, let input, let output, let system):
      guard let task = row.text(instruction), let answer = row.text(output) else { return nil }
      let prompt = InstructionFormat.prompt(instruction: task, input: row.text(input) ?? "", system: row.text(system) ?? "")
      return [Segment(text: Array(prompt.utf8), isTrained: false), Segment(text: Array(answer.utf8), isTrained: true, endsText: true)]
    case .turns(let field):
      guard let turns = row.node(field)?.array, !turns.isEmpty else { return nil }
      return ChatFormat.segments(of: turns)
    }
  }
}

/// The prompt of Stanford's Alpaca, which instruction data is written for.
enum InstructionFormat {
  static func prompt(instruction: String, input: String, system: String) -> String {
    let opening =
      !system.isEmpty
      ? system
      : input.isEmpty
        ? "Below is an instruction that describes a task. Write a response that appropriately completes the request."
        : "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request."
    let context = input.isEmpty ? "" : "\n\n### Input:\n\(input)"
    return "\(opening)\n\n### Instruction:\n\(instruction)\(context)\n\n### Response:\n"
  }
}

/// Conversations for a tokenizer that has no chat template of its own: `<|role|>`, a line feed, the content, the end-of-text
/// token, a line feed. `template` says the same in Jinja and is saved with the model, so that other programs prompt it alike.
enum ChatFormat {
  static let template = """
    {% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + eos_token + '\\n' }}{% endfor %}\
    {% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}
    """

  /// Turns as {role, content} or {from, value}. Only what the assistant says is trained. nil where a turn is neither.
  static func segments(of turns: [JSONNode]) -> [Segment]? {
    var segments: [Segment] = []
    for turn in turns {
      guard let speaker = (turn["role"] ?? turn["from"])?.string, let content = (turn["content"] ?? turn["value"])?.string else {
        return nil
      }
      let role = roles[speaker] ?? speaker
      segments.append(Segment(text: Array("<|\(role)|>\n".utf8), isTrained: false))
      segments.append(Segment(text: Array(content.utf8), isTrained: role == "assistant", endsText: true))
      segments.append(Segment(text: [UInt8(ascii: "\n")], isTrained: false))
    }
    return segments
  }

  /// ShareGPT's names and others to those of chat templates.
  private static let roles = [
    "human": "user", "gpt": "assistant", "bot": "assistant", "ai": "assistant", "model": "assistant", "chatgpt": "assistant",
    "function_call": "assistant", "tool_call": "assistant", "observation": "tool", "function": "tool", "tool_response": "tool",
  ]
}
