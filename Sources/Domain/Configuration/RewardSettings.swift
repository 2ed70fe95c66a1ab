import StrictJSON

/// What an answer can be rewarded for. Names and formulas of small-doge's rewards, where it has them.
package enum RewardKind: String, WordField, CaseIterable, Codable {
  /// 1 where the answer is the row's, else 0.
  case accuracy
  /// 1 where the whole answer has the form of thought and solution.
  case format
  case formatDeepSeek = "format_deepseek"
  case reasoningSteps = "reasoning_steps"
  case length, cosine
  case repetitionPenalty = "repetition_penalty"
  /// 1 where a regular expression is found.
  case regularExpression = "regex"
  /// What a program says. Only where the agent's settings allow it.
  case command

  package static var synonyms: [String: RewardKind] {
    [
      "exact": .accuracy, "exact_answer": .accuracy, "exact_match": .accuracy, "repetition": .repetitionPenalty,
      "regular_expression": .regularExpression, "reasoning": .reasoningSteps,
    ]
  }

  /// Whether it compares with an answer that the row must have.
  package var needsAnswer: Bool { self == .accuracy || self == .length || self == .cosine }
}

/// One reward of grpo, with its weight and parameters: an element of `training.rewards`.
package struct RewardSettings: Section, FieldValue {
  package var kind: RewardKind
  /// As the metrics name it; nil: after its kind.
  package var ownLabel: String?
  package var weight = 1.0
  package var column: String?
  package var pattern: String?
  package var matchesWhole: Bool?
  package var markers: [String]?
  package var minimumWrong: Double?
  package var maximumWrong: Double?
  package var minimumCorrect: Double?
  package var maximumCorrect: Double?
  package var maximumLength: Int?
  package var grams: Int?
  package var penalty: Double?
  package var command: [String]?
  package var timeout: Double?

  package init(kind: RewardKind) { self.kind = kind }

  package var label: String { ownLabel ?? kind.rawValue }

  package static let fields: [Field<RewardSettings>] = {
    [
      Field(
        "name", \.kind, aliases: ["type"],
        "accuracy, format, format_deepseek, reasoning_steps, length, cosine, repetition_penalty, regex or command."),
      Field("label", \.ownLabel, "The reward's name in the metrics. Default: its name."),
      Field("weight", \.weight, "What it is multiplied with. Default: 1."),
      Field(
        "column", \.column, aliases: ["answer_column"],
        "accuracy, length, cosine: the column with the right answer. Default: as the dataset says."),
      Field(
        "pattern", \.pattern,
        "regex, format: the regular expression; accuracy: one whose first group is the answer within a text. Default: for accuracy what stands in the last tags of an answer, behind ####, in a box, or the whole text."
      ),
      Field("full_match", \.matchesWhole, "regex: whether it must match the whole answer. Default: false."),
      Field("markers", \.markers, "reasoning_steps: texts that each bring their share of 1. Default: small-doge's eight."),
      Field("min_value_wrong", \.minimumWrong, aliases: ["cosine_min_value_wrong"], "cosine: a wrong answer of no length. Default: 0."),
      Field(
        "max_value_wrong", \.maximumWrong, aliases: ["cosine_max_value_wrong"], "cosine: a wrong answer of full length. Default: -0.5."),
      Field(
        "min_value_correct", \.minimumCorrect, aliases: ["cosine_min_value_correct"], "cosine: a right answer of full length. Default: 0.5."
      ),
      Field(
        "max_value_correct", \.maximumCorrect, aliases: ["cosine_max_value_correct"], "cosine: a right answer of no length. Default: 1."),
      Field(
        "max_len", \.maximumLength, aliases: ["cosine_max_len"], limit: .atLeast(1), "cosine: full length, in characters. Default: 1000."),
      Field(
        "n_grams", \.grams, aliases: ["ngram_size", "repetition_n_grams"], limit: .within(1...100),
        "repetition_penalty: words of a group. Default: 3."),
      Field("max_penalty", \.penalty, aliases: ["repetition_max_penalty"], "repetition_penalty: for repeating all. Default: -1."),
      Field("command", \.command, "command: the program and its arguments."),
      Field("timeout", \.timeout, limit: .positive, "command: seconds that it may take. Default: 60."),
    ]
  }()

  package static var kindTitle: String { "a reward's name, or an object with its name and fields" }
  package static var schemaType: String? { nil }

  package init?(node: JSONNode) {
    guard let settings = Self.read(node).settings else { return nil }
    self = settings
  }

  package var node: JSONNode {
    let object = object
    return object.members.allSatisfy({ $0.key == "name" || $0.key == "weight" && weight == 1 }) ? kind.node : JSONNode(.object(object))
  }

  package static func complaint(about node: JSONNode) -> String {
    read(node).complaint ?? "this is \(node.kindName), but it must be \(kindTitle)"
  }

  /// A word, `command:PROGRAM ARGUMENTS`, or an object.
  private static func read(_ node: JSONNode) -> (settings: RewardSettings?, complaint: String?) {
    if let word = node.string {
      if word.hasPrefix("command:") {
        var settings = RewardSettings(kind: .command)
        settings.command = word.dropFirst("command:".count).split(separator: " ").map(String.init)
        return settings.command?.isEmpty == true ? (nil, "\"command:\" names no program") : (settings, nil)
      }
      guard let kind = RewardKind(node: node) else { return (nil, RewardKind.complaint(about: node)) }
      return checked(RewardSettings(kind: kind))
    }
    guard let object = node.object else { return (nil, nil) }
    guard let name = object["name"] ?? object["type"] else { return (nil, "a reward's object must have a \"name\"") }
    guard let kind = RewardKind(node: name) else { return (nil, RewardKind.complaint(about: name)) }
    var settings = RewardSettings(kind: kind)
    let findings = settings.overlay(object, path: "", source: .none)
    if let first = findings.errors.first { return (nil, "\(first.field): \(first.message)") }
    return checked(settings)
  }

  private static func checked(_ settings: RewardSettings) -> (settings: RewardSettings?, complaint: String?) {
    if settings.kind == .regularExpression, settings.pattern == nil { return (nil, "\"regex\" needs a \"pattern\"") }
    if settings.kind == .command, settings.command?.isEmpty != false {
      return (nil, "\"command\" needs the program: {\"name\": \"command\", \"command\": [\"python3\", \"score.py\"]}")
    }
    return (settings, nil)
  }
}
