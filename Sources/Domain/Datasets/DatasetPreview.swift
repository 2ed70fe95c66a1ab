/// What the trainer will see of a version's first rows: `versions/<n>/preview.json`, and in the card.
package struct DatasetPreview: Codable, Sendable, Equatable {
  /// A piece of text, and whether there is loss on it.
  package struct Piece: Codable, Sendable, Equatable {
    package var text: String
    package var isTrained: Bool

    enum CodingKeys: String, CodingKey {
      case text
      case isTrained = "is_trained"
    }

    package init(text: String, isTrained: Bool) {
      self.text = text
      self.isTrained = isTrained
    }
  }

  package struct Row: Codable, Sendable, Equatable {
    package var split: String
    /// From 1.
    package var row: Int
    /// One of a row, or two: the chosen answer and the rejected one. Empty: nothing of it can be trained on.
    package var sequences: [[Piece]]

    package init(split: String, row: Int, sequences: [[Piece]]) {
      self.split = split
      self.row = row
      self.sequences = sequences
    }
  }

  package var schema = "dropforge.preview/1"
  /// The method that such rows are for; nil where none fits them as they are.
  package var method: TrainingMethod?
  package var rows: [Row]
  /// What is not as it will be: how conversations look is for the model's chat template to say.
  package var note: String?

  package init(method: TrainingMethod?, rows: [Row], note: String?) {
    self.method = method
    self.rows = rows
    self.note = note
  }

  /// The method that rows of a schema are for, when nothing else is said.
  package static func method(for schema: DatasetSchema) -> TrainingMethod? {
    switch schema {
    case .text: .pretrain
    case .promptCompletion, .instruction, .messages, .conversations: .sft
    case .preference: .dpo
    case .problemSolution: .grpo
    case .table: nil
    }
  }
}
