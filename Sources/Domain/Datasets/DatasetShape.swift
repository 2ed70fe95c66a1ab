import StrictJSON

/// What people call the rows of a dataset: the forms that the trainers of the field are fed with. Finer than `DatasetSchema`, which says
/// how the rows are read: a shape is told from the schema, the columns and the files, and says what can be made of the rows.
package enum DatasetShape: String, Sendable, Codable, CaseIterable {
  /// Stanford's: instruction, input, output.
  case alpaca
  /// system_prompt, question, response.
  case openorca
  /// Unnatural Instructions: an instruction and a list of instances of it, several examples a row.
  case unnatural
  /// conversations of {from, value}.
  case sharegpt
  /// messages of {role, content}.
  case chatml
  /// A conversation beside the tools that may be called in it.
  case toolUse = "tool-use"
  case promptCompletion = "prompt-completion"
  /// An answer and what it is worth: prompt, response, reward (rlhf), or a label (TRL's unpaired preference).
  case rated
  /// prompt, chosen, rejected.
  case preference
  /// chosen and rejected, which begin with the prompt.
  case implicitPreference = "preference-implicit"
  case problemSolution = "problem-solution"
  case text
  /// Documents of plain text, cut into rows where they are long.
  case corpus
  case table

  package init(_ result: IngestResult) {
    let columns = Dictionary(result.columns.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    switch result.detected {
    case .text: self = result.files.allSatisfy { $0.format == .plainText } && !result.files.isEmpty ? .corpus : .text
    case .instruction: self = columns["system_prompt"] != nil || columns["question"] != nil ? .openorca : .alpaca
    case .messages: self = columns["tools"] == nil ? .chatml : .toolUse
    case .conversations: self = columns["tools"] == nil ? .sharegpt : .toolUse
    case .preference: self = columns[result.mapping["prompt"] ?? "prompt"] == nil ? .implicitPreference : .preference
    case .problemSolution: self = .problemSolution
    case .promptCompletion: self = Self.ratingColumn(result) == nil ? .promptCompletion : .rated
    case .table: self = Self.holdsInstances(result.columns) ? .unnatural : .table
    }
  }

  /// Whether rows of these columns are Unnatural Instructions': several examples each.
  package static func holdsInstances(_ columns: [DatasetColumn]) -> Bool {
    let instances = columns.first { $0.name.lowercased() == "instances" }
    return instances?.kinds.contains(.list) ?? false && columns.contains { $0.name.lowercased() == "instruction" }
  }

  private static let ratings: Set<String> = ["reward", "score", "rating", "label"]

  /// The column that says what an answer is worth: a number, or true and false.
  package static func ratingColumn(_ result: IngestResult) -> String? {
    result.columns.first { column in
      ratings.contains(column.name.lowercased()) && !column.kinds.isEmpty && Set(column.kinds).isSubset(of: [.number, .boolean, .null])
        && column.rows * 2 >= result.rows
    }?.name
  }

  /// For lists and pages: "Alpaca: instruction, input, output".
  package var title: String {
    switch self {
    case .alpaca: "Alpaca: instruction, input, output"
    case .openorca: "OpenOrca: system prompt, question, response"
    case .unnatural: "Unnatural Instructions: an instruction with several instances a row"
    case .sharegpt: "ShareGPT: conversations of from and value"
    case .chatml: "ChatML: messages of role and content"
    case .toolUse: "tool use: conversations beside the tools that may be called"
    case .promptCompletion: "prompt and completion"
    case .rated: "rated answers: prompt, response and what it is worth"
    case .preference: "preferences: prompt, chosen, rejected"
    case .implicitPreference: "preferences without a prompt column: chosen and rejected begin with it"
    case .problemSolution: "problem and solution"
    case .text: "texts"
    case .corpus: "a corpus: documents of plain text"
    case .table: "a table whose columns make none of the known shapes"
    }
  }

  /// What rows of this shape can be converted to; the schema that they have is none of it.
  package var conversions: [DatasetSchema] {
    switch self {
    case .alpaca, .openorca: [.messages, .conversations, .promptCompletion, .text]
    case .unnatural: [.instruction, .messages, .conversations, .promptCompletion, .text]
    case .sharegpt: [.messages, .instruction, .promptCompletion, .text]
    case .chatml: [.conversations, .instruction, .promptCompletion, .text]
    case .toolUse: [.messages, .conversations, .text]
    case .promptCompletion: [.messages, .conversations, .instruction, .problemSolution, .text]
    case .rated: [.preference, .promptCompletion, .messages, .conversations, .instruction, .text]
    case .preference: [.messages, .conversations, .promptCompletion, .text]
    case .implicitPreference: [.preference, .messages, .conversations, .promptCompletion, .text]
    case .problemSolution: [.messages, .conversations, .instruction, .promptCompletion, .text]
    case .text, .corpus, .table: []
    }
  }
}

extension DatasetSchema {
  /// The schema that a user names: by its own word, or by what people call it.
  package init?(called word: String) {
    let names: [String: DatasetSchema] = [
      "alpaca": .instruction, "instruction": .instruction, "sharegpt": .conversations, "chatml": .messages, "openai": .messages,
      "prompt-completion": .promptCompletion, "prompt_completion": .promptCompletion, "preference": .preference, "dpo": .preference,
      "chosen/rejected": .preference, "problem-solution": .problemSolution, "problem_solution": .problemSolution, "grpo": .problemSolution,
    ]
    guard let schema = DatasetSchema(rawValue: word) ?? names[word.lowercased()], schema != .table else { return nil }
    self = schema
  }

  /// What a conversion can be asked for, for messages.
  package static let targets = [
    "text", "prompt/completion", "instruction/input/output", "messages", "conversations", "prompt/chosen/rejected", "problem/solution",
  ]
}

extension DatasetSchema: FieldValue {
  package static var kindTitle: String { "one of \(targets.joined(separator: ", "))" }
  package static var schemaType: String? { "string" }
  package static var words: [String]? { targets }
  package init?(node: JSONNode) {
    guard let word = node.string, let schema = DatasetSchema(called: word) else { return nil }
    self = schema
  }
  package var node: JSONNode { JSONNode(.string(rawValue)) }
}

extension Problem {
  package init(_ dataset: SafeName, isAlready target: DatasetSchema, _ shape: DatasetShape) {
    self.init(
      "convert.same", "the rows of '\(dataset)' are \(target.rawValue) already", at: .init(field: "to"),
      mend: shape.conversions.isEmpty
        ? "There is nothing to convert." : "They can be converted to \(shape.conversions.map(\.rawValue).joined(separator: ", ")).")
  }

  package init(_ dataset: SafeName, cannotBecome target: DatasetSchema, _ shape: DatasetShape) {
    let can = shape.conversions.map(\.rawValue).joined(separator: ", ")
    let isText = shape == .text || shape == .corpus
    self.init(
      "convert.impossible", "the rows of '\(dataset)' (\(shape.title)) cannot be converted to \(target.rawValue)", at: .init(field: "to"),
      why: can.isEmpty && !isText ? "nothing says which column means what" : "they do not hold what such rows need",
      mend: isText
        ? "Train on them with the method pretrain; or where other columns hold a prompt and a completion, say so in \(dataset)\(DatasetSidecar.ending), {\"columns\": {\"prompt\": \"…\", \"completion\": \"…\"}}, and convert it then."
        : can.isEmpty
          ? "Say which column is which in \(dataset)\(DatasetSidecar.ending), {\"columns\": {\"prompt\": \"…\", \"completion\": \"…\"}}, and convert it then."
          : "They can be converted to \(can).")
  }
}
