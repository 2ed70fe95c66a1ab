/// Whether a dataset has what a training method needs: asked before anything is started.
package enum MethodFit {
  /// nil where it fits.
  package static func problem(method: TrainingMethod, data: DataSection, dataset: SafeName, ingest: IngestResult) -> Problem? {
    let columns = Set(ingest.columns.map(\.name))
    let named = [
      ("data.text_field", data.textField), ("data.prompt_field", data.promptField), ("data.completion_field", data.completionField),
    ]
    for case (let field, let column?) in named where !columns.contains(column) {
      return Problem(
        "data.no-such-column", "the dataset '\(dataset)' has no column '\(column)'", at: .init(field: field),
        why: "its columns are \(list(columns))", mend: hint(column, columns) + "Mend the field and drop the job again.")
    }
    if data.textField != nil || (data.promptField != nil && data.completionField != nil) { return nil }
    switch (method, ingest.detected) {
    case (_, .text), (_, .messages), (_, .conversations), (_, .instruction), (_, .promptCompletion), (_, .problemSolution): return nil
    case (.pretrain, .preference), (.sft, .preference):
      return Problem(
        "data.does-not-fit",
        "the dataset '\(dataset)' holds preferences (chosen and rejected), and \(method.rawValue) does not train on pairs",
        mend: "Name the column to train on: \"data\": {\"prompt_field\": \"prompt\", \"completion_field\": \"chosen\"}.")
    case (_, .table):
      return Problem(
        "data.does-not-fit", "it cannot be told which columns of the dataset '\(dataset)' to train on",
        why: "its columns are \(list(columns))",
        mend: method == .pretrain
          ? "Name the column with the text: \"data\": {\"text_field\": \"COLUMN\"}, and drop the job again."
          : "Name the columns: \"data\": {\"prompt_field\": \"COLUMN\", \"completion_field\": \"COLUMN\"}, and drop the job again.")
    }
  }

  private static func list(_ columns: Set<String>) -> String { columns.sorted().map { "'\($0)'" }.joined(separator: ", ") }

  private static func hint(_ column: String, _ columns: Set<String>) -> String {
    NearestKey.suggestion(for: column, among: columns.sorted()).map { "Did you mean '\($0)'? " } ?? ""
  }
}
