/// What the rows of a dataset are, told from their columns: the shapes that the trainers of the field read.
/// The raw value is what stands in `dataset.json`.
package enum DatasetSchema: String, Sendable, Codable, CaseIterable {
  case text
  case promptCompletion = "prompt/completion"
  case instruction = "instruction/input/output"
  case messages
  case conversations
  case preference = "prompt/chosen/rejected"
  case problemSolution = "problem/solution"
  /// Columns that fit none of the above: a column mapping in the sidecar says what they mean.
  case table

  /// The columns that the shape consists of; `optionalColumns` may be missing.
  package var requiredColumns: [String] {
    switch self {
    case .text: ["text"]
    case .promptCompletion: ["prompt", "completion"]
    case .instruction: ["instruction", "output"]
    case .messages: ["messages"]
    case .conversations: ["conversations"]
    case .preference: ["chosen", "rejected"]
    case .problemSolution: ["problem", "solution"]
    case .table: []
    }
  }

  package var optionalColumns: [String] {
    switch self {
    case .instruction: ["input", "system"]
    case .preference: ["prompt"]
    default: []
    }
  }
}

/// A column's name and what its values are.
package struct DatasetColumn: Sendable, Codable, Equatable {
  package enum ValueKind: String, Sendable, Codable, CaseIterable { case string, number, boolean, list, object, null }

  package var name: String
  /// Every kind of value that occurs, in the order of the cases.
  package var kinds: [ValueKind]
  /// Rows in which the column is present and not null.
  package var rows: Int
  /// Of these, rows whose value is a string; nil where all or none are.
  package var strings: Int?

  package init(name: String, kinds: [ValueKind], rows: Int, strings: Int? = nil) {
    self.name = name
    self.kinds = kinds
    self.rows = rows
    self.strings = strings
  }
}
