import StrictJSON

/// Where rows come from, and what they are.
package enum DataStrategy: String, WordField, CaseIterable, Codable {
  /// Rows of the job's dataset, read by their schema.
  case standard
  /// Conversations in which tools are called: of a dataset (ToolBench's form and others), or made from `tools`.
  case toolbench
  /// Conversations in which tools are called, as many as `max_samples`: of a dataset, or made from `tools`.
  case teacherMode = "teacher_mode"
  /// Ten prompts a tool and paraphrases of them, made from `tools`.
  case manualTemplates = "manual_templates"
  /// Questions and answers of one field, of a dataset.
  case knowledgeDense = "knowledge_dense"
  case pcBuilding = "pc_building"

  package static var synonyms: [String: DataStrategy] {
    ["custom": .standard, "alpaca": .standard, "openorca": .standard, "unnatural_instructions": .standard, "mixed": .standard]
  }

  /// Whether rows of the strategy can be made from tools alone.
  package var isGenerated: Bool { self == .toolbench || self == .teacherMode || self == .manualTemplates }
}

package enum GenerationType: String, WordField, CaseIterable, Codable {
  /// Rows of the job's dataset.
  case real
  /// Rows made from the config's `tools`: `ToolDialogues`.
  case synthetic
}

/// `data`: which rows, and how they are split.
package struct DataSection: Section {
  package var strategy = DataStrategy.standard
  package var generation = GenerationType.real
  package var maximumSamples: Int?
  package var trainSplit: Double?
  package var evalSplit: Double?
  package var textField: String?
  package var promptField: String?
  package var completionField: String?
  package var shuffle = true
  package var format: String?
  /// What is done to rows on their way to token files.
  package var treatment = RowTreatment()

  package init() {}

  /// Rows used at most; nil: all.
  package var rowLimit: Int? { maximumSamples.flatMap { $0 > 0 ? $0 : nil } }

  /// Share of the rows (for one long document: of its tokens, from its end) that is held out for evaluation,
  /// where the dataset has no split of its own for it.
  package var heldOutShare: Double { evalSplit ?? trainSplit.map { 1 - $0 } ?? 0.1 }

  package static let fields: [Field<DataSection>] = {
    [
      Field(
        "strategy", \.strategy,
        "What the rows are: standard by the dataset's own schema; toolbench, teacher_mode, manual_templates conversations that call tools; knowledge_dense, pc_building questions and answers of a field. Default: standard."
      ),
      Field(
        "generation_type", \.generation,
        "real: rows of the job's dataset. synthetic: rows made from tools, for toolbench, teacher_mode and manual_templates; the job names no dataset then. Default: real."
      ),
      Field(
        "max_samples", \.maximumSamples, aliases: ["total_sample_size"], limit: .atLeast(-1),
        "Rows used at most, from the start; 0 or -1: all. Of several datasets that are mixed: training rows in all; those of a dataset that has too few come again. Default: all; of a mixture as many as need no row twice."
      ),
      Field("train_split", \.trainSplit, limit: .within(0...1), "Share of the rows that is trained on. Default: 0.9."),
      Field(
        "eval_split", \.evalSplit, aliases: ["validation_split", "test_size"], limit: .below(0..<1),
        "Share of the rows held out for evaluation; wins over train_split. Default: what train_split leaves."),
      Field(
        "text_field", \.textField, aliases: ["dataset_text_field", "text_column"], "Column with the text. Default: as the dataset says."),
      Field("prompt_field", \.promptField, aliases: ["prompt_column"], "Column with the prompt. Default: as the dataset says."),
      Field(
        "completion_field", \.completionField, aliases: ["completion_column", "response_field"],
        "Column with the completion. Default: as the dataset says."),
      Field("shuffle", \.shuffle, "Whether each epoch has an order of its own, from the seed. Default: true."),
      Field(
        "dataset_format", \.format, effect: .ignored("the format is told from the dataset itself; the field has no effect"),
        "For other trainers."),
    ] + RowTreatment.fields.map { $0.within(\.treatment) } + otherTrainers
  }()
}

/// `tensorboard`: event files for its viewer.
package struct TensorBoardSection: Section {
  package var enabled = true
  package var folder: String?

  package init() {}

  package static let fields: [Field<TensorBoardSection>] = {
    [
      Field("enabled", \.enabled, "Whether tensorboard/events.out.tfevents.* is written into the job's folder. Default: true."),
      Field(
        "log_dir", \.folder, aliases: ["logging_dir"], effect: .ignored("event files lie in the job's own folder, tensorboard/"),
        "For other trainers."),
    ]
  }()
}
