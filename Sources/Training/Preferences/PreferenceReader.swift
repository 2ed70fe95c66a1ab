import DatasetFormats
import Domain
import StrictJSON

/// Makes two sequences of a row of preferences: the prompt with the chosen answer, and with the rejected one.
///
/// Explicit rows have a prompt; implicit ones begin alike, and what both begin with is the prompt (TRL's `extract_prompt`). Answers are
/// texts, messages or lists of them; a text as prompt beside lists (ultrafeedback_binarized) is left aside, for the lists hold it.
struct PreferenceReader: SequenceReader {
  private let prompt: FieldName?
  private let chosen: FieldName
  private let rejected: FieldName
  private let separator: [UInt8]
  let isConversation: Bool
  private var chat: ChatRenderer?
  var hasPrompts: Bool { true }
  var sequencesOfRow: Int { 2 }

  init(_ data: DataSection, ingest: IngestResult) {
    func column(_ role: String) -> String { ingest.mapping[role] ?? role }
    let columns = Dictionary(ingest.columns.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let named = data.promptField ?? column("prompt")
    prompt = columns[named] == nil ? nil : FieldName(named)
    chosen = FieldName(column("chosen"))
    rejected = FieldName(column("rejected"))
    // Columns called so are joined as they are, as TRL does; others were never written to be joined.
    separator = ingest.mapping["prompt"] == nil && data.promptField == nil ? [] : [UInt8(ascii: "\n")]
    isConversation = columns[column("chosen")]?.kinds.contains { $0 == .list || $0 == .object } ?? false
  }

  var joinsSegments: Bool { isConversation && chat != nil }

  func rendering(with chat: ChatRenderer) -> any SequenceReader {
    var reader = self
    reader.chat = chat
    return reader
  }

  func sequences(of row: DatasetRow) -> [[Segment]]? {
    if case .sequences(let sequences) = reading(row) { sequences } else { nil }
  }

  func reading(_ row: DatasetRow) -> RowReading {
    do throws(ChatRenderer.Refusal) {
      return try read(row).map { .sequences($0) } ?? .nothing
    } catch {
      return .refused(error.reason)
    }
  }

  private func read(_ row: DatasetRow) throws(ChatRenderer.Refusal) -> [[Segment]]? {
    guard let chosen = row.node(chosen).map(Self.listed), let rejected = row.node(rejected).map(Self.listed) else { return nil }
    let prompt = prompt.flatMap { row.node($0) }.flatMap { $0.isNull ? nil : $0 }
    if let chosen = chosen.array, let rejected = rejected.array { return try conversation(prompt, chosen, rejected) }
    guard let chosen = chosen.string, let rejected = rejected.string else { return nil }
    if let prompt { return prompt.string.map { text(Array($0.utf8) + separator, Array(chosen.utf8), Array(rejected.utf8)) } }
    let (first, second) = (Array(chosen.utf8), Array(rejected.utf8))
    let common = Self.commonPrefix(first, second)
    return text(Array(first[..<common]), Array(first[common...]), Array(second[common...]))
  }

  /// LLaMA-Factory's answers are one message each, without a list around it.
  private static func listed(_ answer: JSONNode) -> JSONNode { answer.object == nil ? answer : JSONNode(.array([answer])) }

  private func text(_ prompt: [UInt8], _ chosen: [UInt8], _ rejected: [UInt8]) -> [[Segment]] {
    [chosen, rejected].map { [Segment(text: prompt, isTrained: false), Segment(text: $0, isTrained: true, endsText: true)] }
  }

  /// Whole characters that both texts begin with, a space before the first that differs left to the answers.
  private static func commonPrefix(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var common = zip(first, second).prefix { $0 == $1 }.count
    // Not within a character: bytes 10xxxxxx go on with one.
    while common > 0, common < first.count && first[common] & 0xC0 == 0x80 || common < second.count && second[common] & 0xC0 == 0x80 {
      common -= 1
    }
    return common > 0 && first[common - 1] == UInt8(ascii: " ") ? common - 1 : common
  }

  private func conversation(
    _ prompt: JSONNode?, _ chosen: [JSONNode], _ rejected: [JSONNode]
  ) throws(ChatRenderer.Refusal) -> [[Segment]]? {
    var opening: [JSONNode], answers: [[JSONNode]]
    if let given = prompt?.array {
      (opening, answers) = (given, [chosen, rejected])
    } else {
      let common = zip(chosen, rejected).prefix { $0 == $1 }.count
      (opening, answers) = (Array(chosen[..<common]), [Array(chosen[common...]), Array(rejected[common...])])
    }
    guard !answers.contains(where: \.isEmpty) else { return nil }
    var sequences: [[Segment]] = []
    for answer in answers {
      guard let chat else {
        guard let texts = ChatFormat.texts(of: opening + answer) else { return nil }
        sequences.append(texts)
        continue
      }
      sequences.append(try chat.segments(of: opening, answeredBy: answer))
    }
    return sequences
  }
}
