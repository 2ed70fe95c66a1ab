import StrictJSON

package enum DataStrategy: String, WordField, CaseIterable, Codable {
  /// Rows of the job's dataset, read by their schema.
  case standard
  package static var synonyms: [String: DataStrategy] { ["custom": .standard] }
}

package enum GenerationType: String, WordField, CaseIterable, Codable { case real }

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

  package init() {}

  /// Share of the rows (for one long document: of its tokens, from its end) that is held out for evaluation,
  /// where the dataset has no split of its own for it.
  package var heldOutShare: Double { evalSplit ?? trainSplit.map { 1 - $0 } ?? 0.1 }

  package static var fields: [Field<DataSection>] {
    [
      Field("strategy", \.strategy, "standard: rows of the job's dataset. Default: standard."),
      Field("generation_type", \.generation, "real: from a dataset. Default: real."),
      Field("max_samples", \.maximumSamples, limit: .atLeast(0), "Rows used at most, from the start; 0: all. Default: all."),
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
    ] + otherTrainers
  }
}

/// `evaluation`: what is measured on the held-out part.
package struct EvaluationSection: Section {
  package enum Metric: String, WordField, CaseIterable {
    case loss, perplexity, accuracy
    package static var synonyms: [String: Metric] { ["token_accuracy": .accuracy, "mean_token_accuracy": .accuracy, "eval_loss": .loss] }
  }

  package var metrics: [Metric] = [.loss, .perplexity, .accuracy]
  package var evalSteps: Int?
  package var maximumTokens: Int?
  package var samplePrompts: [String] = []
  package var sampleTokens = 200

  package init() {}

  package static var fields: [Field<EvaluationSection>] {
    [
      Field("metrics", \.metrics, "loss, perplexity, accuracy. Default: all three."),
      Field("eval_steps", \.evalSteps, limit: .atLeast(1), "Steps between evaluations; training.eval_steps wins."),
      Field("max_tokens", \.maximumTokens, limit: .atLeast(1), "Held-out tokens used at most. Default: all."),
      Field(
        "sample_prompts", \.samplePrompts,
        "Texts that the trained model goes on with, in samples.md. Default: the start of the held-out part."),
      Field("sample_tokens", \.sampleTokens, limit: .within(1...100_000), "Tokens of each sample. Default: 200."),
    ]
  }
}

/// `tensorboard`: event files for its viewer.
package struct TensorBoardSection: Section {
  package var enabled = true
  package var folder: String?

  package init() {}

  package static var fields: [Field<TensorBoardSection>] {
    [
      Field("enabled", \.enabled, "Whether tensorboard/events.out.tfevents.* is written into the job's folder. Default: true."),
      Field(
        "log_dir", \.folder, aliases: ["logging_dir"], effect: .ignored("event files lie in the job's own folder, tensorboard/"),
        "For other trainers."),
    ]
  }
}
