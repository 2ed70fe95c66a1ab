import Domain

/// What columns make a schema, under which names, in the order in which the schemas are tried. The names are those that
/// the data sets and trainers of the field use.
struct SchemaRule: Sendable {
  struct Role: Sendable {
    var name: String
    /// Other names of the column, the likeliest first, in the normal form of `normal`.
    var others: [String]
    var shapes: [ColumnShape]
    var isRequired = true
  }

  var schema: DatasetSchema
  var roles: [Role]
  /// A column that shows the rows to be something else.
  var unless: String?

  private static let answers: [ColumnShape] = [.text, .messages, .turns, .message, .turn]

  static let all: [SchemaRule] = [
    SchemaRule(
      schema: .preference,
      roles: [
        Role(name: "chosen", others: ["chosen_messages", "chosen_response", "preferred", "accepted"], shapes: answers),
        Role(name: "rejected", others: ["rejected_messages", "rejected_response", "dispreferred"], shapes: answers),
        Role(
          name: "prompt", others: ["question", "instruction", "query", "conversations", "messages", "input"],
          shapes: [.text, .messages, .turns],
          isRequired: false),
      ]),
    SchemaRule(
      schema: .messages,
      roles: [Role(name: "messages", others: ["conversations", "conversation", "chat", "dialog", "dialogue"], shapes: [.messages])]),
    SchemaRule(
      schema: .conversations,
      roles: [Role(name: "conversations", others: ["conversation", "messages", "chat", "dialog", "dialogue"], shapes: [.turns])]),
    SchemaRule(
      schema: .instruction,
      roles: [
        Role(name: "instruction", others: [], shapes: [.text]),
        Role(name: "output", others: ["response", "answer", "completion"], shapes: [.text]),
        Role(name: "input", others: ["context"], shapes: [.text], isRequired: false),
        Role(name: "system", others: ["system_prompt"], shapes: [.text], isRequired: false),
      ]),
    // OpenOrca: the system prompt is what tells it from questions and answers.
    SchemaRule(
      schema: .instruction,
      roles: [
        Role(name: "system", others: ["system_prompt"], shapes: [.text]),
        Role(name: "instruction", others: ["question", "prompt", "query"], shapes: [.text]),
        Role(name: "output", others: ["response", "answer", "completion"], shapes: [.text]),
      ]),
    SchemaRule(
      schema: .problemSolution,
      roles: [Role(name: "problem", others: [], shapes: [.text]), Role(name: "solution", others: [], shapes: [.text])]),
    SchemaRule(
      schema: .promptCompletion,
      roles: [
        Role(name: "prompt", others: ["question", "query", "input", "source"], shapes: [.text, .messages]),
        Role(
          name: "completion", others: ["response", "answer", "output", "target", "reply", "canonical_solution"], shapes: [.text, .messages]),
      ]),
    SchemaRule(
      schema: .text,
      roles: [
        Role(
          name: "text",
          others: ["content", "document", "body", "article", "passage", "sentence", "page_content", "raw_content", "story", "code"],
          shapes: [.text])
      ],
      unless: "role"),  // rows of role and content are the messages of one conversation
  ]

  /// Every role there is, for a sidecar's mapping.
  static var knownRoles: [String] { Array(Set(all.flatMap { $0.roles.map(\.name) })).sorted() }

  /// Names are the same in any case, and with a space, a dash or an underscore: "System Prompt" is `system_prompt`.
  static func normal(_ name: String) -> String {
    String(name.lowercased().map { $0 == " " || $0 == "-" ? "_" : $0 })
  }
}
