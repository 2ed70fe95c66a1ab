/// Whether a dataset has what a training method needs: asked before anything is started.
package enum MethodFit {
  /// nil where it fits.
  package static func problem(
    method: TrainingMethod, data: DataSection, dataset: SafeName, ingest: IngestResult, rewards: [RewardSettings] = []
  ) -> Problem? {
    let columns = Set(ingest.columns.map(\.name))
    let named = [
      ("data.text_field", data.textField), ("data.prompt_field", data.promptField), ("data.completion_field", data.completionField),
    ]
    for case (let field, let column?) in named where !columns.contains(column) {
      return Problem(
        "data.no-such-column", "the dataset '\(dataset)' has no column '\(column)'", at: .init(field: field),
        why: "its columns are \(list(columns))", mend: hint(column, columns) + "Mend the field and drop the job again.")
    }
    switch method {
    case .pretrain, .sft: break
    case .dpo, .orpo: return pairs(method, data, dataset, ingest)
    case .grpo: return prompts(data, dataset, ingest, rewards)
    }
    if data.textField != nil || (data.promptField != nil && data.completionField != nil) { return nil }
    if let problem = needsConversion(method, dataset, ingest) { return problem }
    switch ingest.detected {
    case .text, .messages, .conversations, .instruction, .promptCompletion, .problemSolution: return nil
    case .preference:
      return Problem(
        "data.does-not-fit",
        "the dataset '\(dataset)' holds preferences (chosen and rejected), and \(method.rawValue) does not train on pairs",
        mend:
          "Train on pairs with \"method\": \"dpo\", or name the column to train on: \"data\": {\"prompt_field\": \"prompt\", \"completion_field\": \"chosen\"}."
      )
    case .table:
      return Problem(
        "data.does-not-fit", "it cannot be told which columns of the dataset '\(dataset)' to train on",
        why: "its columns are \(list(columns))",
        mend: method == .pretrain
          ? "Name the column with the text: \"data\": {\"text_field\": \"COLUMN\"}, and drop the job again."
          : "Name the columns: \"data\": {\"prompt_field\": \"COLUMN\", \"completion_field\": \"COLUMN\"}, and drop the job again.")
    }
  }

  /// Rows that hold what the method needs, in a form that it does not read: the request that converts them is told.
  private static func needsConversion(_ method: TrainingMethod, _ dataset: SafeName, _ ingest: IngestResult) -> Problem? {
    let shape = DatasetShape(ingest)
    if shape == .unnatural {
      return Problem(
        "data.does-not-fit", "the rows of the dataset '\(dataset)' hold several examples each (\(shape.title))",
        mend: "Convert them, an example a row: \(conversion(of: dataset, to: .instruction)). Then run the job on '\(dataset)-alpaca'.")
    }
    let roles = ["prompt", "completion"].map { ingest.mapping[$0] ?? $0 }
    let hasLists = ingest.columns.contains { roles.contains($0.name) && $0.kinds.contains(.list) }
    if ingest.detected == .promptCompletion, hasLists {
      return Problem(
        "data.does-not-fit",
        "the prompts and completions of the dataset '\(dataset)' are lists of messages, which \(method.rawValue) reads in one column",
        mend: "Convert them: \(conversion(of: dataset, to: .messages)). Then run the job on '\(dataset)-messages'.")
    }
    return nil
  }

  /// A file for inbox/requests/, as text.
  private static func conversion(of dataset: SafeName, to schema: DatasetSchema) -> String {
    "drop {\"action\": \"convert\", \"dataset\": \"\(dataset)\", \"to\": \"\(schema.rawValue)\"} into inbox/requests/"
  }

  /// dpo and orpo want an answer that was chosen and one that was rejected.
  private static func pairs(_ method: TrainingMethod, _ data: DataSection, _ dataset: SafeName, _ ingest: IngestResult) -> Problem? {
    for (field, value) in [("data.text_field", data.textField), ("data.completion_field", data.completionField)] where value != nil {
      return Problem(
        "data.does-not-fit", "\(method.rawValue) trains on pairs of answers, and \(field) names a single one", at: .init(field: field),
        mend: "Remove the field and drop the job again; the dataset's columns chosen and rejected are read.")
    }
    if ingest.detected == .preference { return nil }
    if DatasetShape(ingest) == .rated {
      return Problem(
        "data.does-not-fit",
        "\(method.rawValue) trains on pairs of answers, and the dataset '\(dataset)' has single ones with what each is worth",
        why: "where a prompt has several, the best and the worst of them are a pair",
        mend: "Make pairs of them: \(conversion(of: dataset, to: .preference)). Then run the job on '\(dataset)-preference'.")
    }
    return Problem(
      "data.does-not-fit",
      "\(method.rawValue) trains on pairs of answers, and the dataset '\(dataset)' has rows of \(ingest.detected.rawValue)",
      why:
        "its columns are \(list(Set(ingest.columns.map(\.name)))); a pair needs chosen and rejected, and prompt where they do not begin with it",
      mend:
        "Use \"method\": \"sft\" for such rows, or, where there are two answers, drop the dataset with a \(dataset)\(DatasetSidecar.ending) beside it: {\"columns\": {\"prompt\": \"COLUMN\", \"chosen\": \"COLUMN\", \"rejected\": \"COLUMN\"}}."
    )
  }

  /// The role of the prompt, and of the right answer where a row has one, in what grpo reads.
  package static func promptColumns(_ data: DataSection, _ ingest: IngestResult) -> (prompt: String, answer: String?)? {
    func column(_ role: String) -> String { ingest.mapping[role] ?? role }
    let columns = Set(ingest.columns.map(\.name))
    let answer =
      data.completionField
      ?? ["solution", "answer", "completion", "output", "response", "target"].map(column).first(where: columns.contains)
    if let prompt = data.promptField { return (prompt, answer) }
    switch ingest.detected {
    case .problemSolution: return (column("problem"), column("solution"))
    case .promptCompletion: return (column("prompt"), column("completion"))
    case .instruction: return (column("instruction"), column("output"))
    case .messages: return (column("messages"), column("messages"))
    case .conversations: return (column("conversations"), column("conversations"))
    case .text, .preference, .table: return columns.contains(column("prompt")) ? (column("prompt"), answer) : nil
    }
  }

  /// grpo wants prompts, and what its rewards compare with.
  private static func prompts(_ data: DataSection, _ dataset: SafeName, _ ingest: IngestResult, _ rewards: [RewardSettings]) -> Problem? {
    let columns = Set(ingest.columns.map(\.name))
    if data.textField != nil {
      return Problem(
        "data.does-not-fit", "grpo samples answers to prompts, and data.text_field names a whole text", at: .init(field: "data.text_field"),
        mend: "Name the column with the prompt instead: \"data\": {\"prompt_field\": \"COLUMN\"}, and drop the job again.")
    }
    guard let found = promptColumns(data, ingest) else {
      return Problem(
        "data.does-not-fit",
        "grpo samples answers to prompts, and the dataset '\(dataset)', rows of \(ingest.detected.rawValue), has no prompt",
        why: "its columns are \(list(columns))",
        mend: "Name the column with the prompt: \"data\": {\"prompt_field\": \"COLUMN\"}, and drop the job again.")
    }
    for reward in rewards {
      if let column = reward.column, !columns.contains(column) {
        return Problem(
          "data.no-such-column", "the reward '\(reward.label)' reads the column '\(column)', which the dataset '\(dataset)' does not have",
          at: .init(field: "training.rewards"), why: "its columns are \(list(columns))",
          mend: hint(column, columns) + "Mend the field and drop the job again.")
      }
      if reward.kind.needsAnswer, reward.column == nil, found.answer == nil {
        return Problem(
          "data.no-answer",
          "the reward '\(reward.label)' compares with the right answer, and the dataset '\(dataset)' has no column with one",
          at: .init(field: "training.rewards"), why: "its columns are \(list(columns))",
          mend:
            "Name it in the reward: {\"name\": \"\(reward.kind.rawValue)\", \"column\": \"COLUMN\"}, or choose rewards that need none, and drop the job again."
        )
      }
    }
    return nil
  }

  private static func list(_ columns: Set<String>) -> String { columns.sorted().map { "'\($0)'" }.joined(separator: ", ") }

  private static func hint(_ column: String, _ columns: Set<String>) -> String {
    NearestKey.suggestion(for: column, among: columns.sorted()).map { "Did you mean '\($0)'? " } ?? ""
  }
}
