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
  /// The column that names a row's tools, where there is one.
  private let tools: FieldName?
  /// Renders conversations; nil before there is a tokenizer.
  private(set) var chat: ChatRenderer?

  /// - Throws: `Problem` where the schema has nothing to train on: `MethodFit` has said so before.
  init(_ data: DataSection, ingest: IngestResult) throws {
    func column(_ role: String) -> FieldName { FieldName(ingest.mapping[role] ?? role) }
    tools = ingest.columns.contains { $0.name == "tools" } ? FieldName("tools") : nil
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

  var plainText: FieldName? { if case .text(let field) = form { field } else { nil } }

  /// Whether rows are conversations, which a chat template renders.
  var isConversation: Bool { if case .turns = form { true } else { false } }

  /// The same with conversations rendered as the tokenizer wants them.
  func rendering(with chat: ChatRenderer) -> any SequenceReader {
    var reader = self
    reader.chat = chat
    return reader
  }

  /// Whether a row's segments are one text that is tokenized as a whole, and not texts side by side.
  var joinsSegments: Bool { isConversation && chat != nil }

  var sequencesOfRow: Int { 1 }
  func sequences(of row: DatasetRow) -> [[Segment]]? { segments(of: row).map { [$0] } }

  func reading(_ row: DatasetRow) -> RowReading {
    if case .turns(let field) = form, let chat {
      guard let turns = row.node(field)?.array, !turns.isEmpty else { return .nothing }
      do throws(ChatRenderer.Refusal) {
        return .sequences([try chat.segments(of: turns, tools: tools.flatMap { ChatMessages.tools(row.node($0)) })])
      } catch {
        return .refused(error.reason)
      }
    }
    return segments(of: row).map { .sequences([$0]) } ?? .nothing
  }

  private static func segment(_ value: DatasetRow.Value, endsText: Bool) -> Segment {
    var text: [UInt8] = []
    value.appendText(to: &text)
    return Segment(text: text, isTrained: true, endsText: endsText)
  }

  /// The texts of a row; nil where it has none. Conversations are rendered where there is a renderer for them.
  func segments(of row: DatasetRow) -> [Segment]? {
    switch form {
    case .text(let field):
      let (value, continues) = row.valueAndContinuation(field)
      guard let value, value.isString else { return nil }
      return [Self.segment(value, endsText: !continues)]
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
      guard let chat else { return ChatFormat.texts(of: turns) }
      return try? chat.segments(of: turns, tools: tools.flatMap { ChatMessages.tools(row.node($0)) })  // `reading` says why
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
