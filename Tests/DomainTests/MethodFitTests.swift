import Domain
import StrictJSON
import TestSupport
import Testing

/// Whether rows of each shape have what each method needs, and what is said where they have not.
struct MethodFitTests {
  private static let shapes: [(schema: DatasetSchema, columns: [String])] = [
    (.text, ["text"]), (.promptCompletion, ["prompt", "completion"]), (.instruction, ["instruction", "output"]), (.messages, ["messages"]),
    (.conversations, ["conversations"]), (.preference, ["prompt", "chosen", "rejected"]), (.problemSolution, ["problem", "solution"]),
    (.table, ["a", "b"]),
  ]

  private func ingest(_ schema: DatasetSchema, _ columns: [String]) -> IngestResult {
    var ingest = Specimen.ingest()
    ingest.detected = schema
    ingest.mapping = [:]
    ingest.columns = columns.map { DatasetColumn(name: $0, kinds: [.string], rows: 3) }
    return ingest
  }

  private func problem(
    _ method: TrainingMethod, _ schema: DatasetSchema, _ columns: [String], _ data: DataSection = DataSection(),
    _ rewards: [RewardSettings] = []
  ) -> Problem? {
    MethodFit.problem(method: method, data: data, dataset: SafeName(from: "rows"), ingest: ingest(schema, columns), rewards: rewards)
  }

  @Test(arguments: TrainingMethod.allCases)
  func every_method_takes_its_own_shapes_and_refuses_the_others_with_a_mend(_ method: TrainingMethod) {
    for (schema, columns) in Self.shapes {
      let fits: Bool =
        switch (method, schema) {
        case (.pretrain, .preference), (.sft, .preference), (.pretrain, .table), (.sft, .table): false
        case (.pretrain, _), (.sft, _): true
        case (.dpo, .preference), (.orpo, .preference): true
        case (.dpo, _), (.orpo, _): false
        case (.grpo, .text), (.grpo, .table): false
        case (.grpo, _): true
        }
      let problem = problem(method, schema, columns)
      #expect((problem == nil) == fits, "\(method.rawValue) and \(schema.rawValue): \(problem.map { "\($0)" } ?? "taken")")
      if let problem { #expect(!problem.mend.isEmpty && problem.what.contains("'rows'")) }
    }
  }

  @Test func dpo_says_which_columns_it_wants() {
    #expect(
      problem(.dpo, .messages, ["messages"])
        == Problem(
          "data.does-not-fit", "dpo trains on pairs of answers, and the dataset 'rows' has rows of messages",
          why: "its columns are 'messages'; a pair needs chosen and rejected, and prompt where they do not begin with it",
          mend:
            "Use \"method\": \"sft\" for such rows, or, where there are two answers, drop the dataset with a rows.dataset.json beside it: {\"columns\": {\"prompt\": \"COLUMN\", \"chosen\": \"COLUMN\", \"rejected\": \"COLUMN\"}}."
        ))
    var data = DataSection()
    data.completionField = "chosen"
    #expect(
      problem(.orpo, .preference, ["prompt", "chosen", "rejected"], data)?.what
        == "orpo trains on pairs of answers, and data.completion_field names a single one")
  }

  @Test func grpo_wants_a_prompt_and_rewards_an_answer_to_compare_with() throws {
    #expect(
      problem(.grpo, .text, ["text"])?.what == "grpo samples answers to prompts, and the dataset 'rows', rows of text, has no prompt")
    #expect(problem(.grpo, .table, ["prompt", "level"]) == nil)
    var data = DataSection()
    data.promptField = "question"
    #expect(problem(.grpo, .table, ["question", "level"], data) == nil)
    let accuracy = try #require(RewardSettings(node: "accuracy"))
    #expect(problem(.grpo, .problemSolution, ["problem", "solution"], .init(), [accuracy]) == nil)
    #expect(
      problem(.grpo, .table, ["prompt", "level"], .init(), [accuracy])
        == Problem(
          "data.no-answer", "the reward 'accuracy' compares with the right answer, and the dataset 'rows' has no column with one",
          at: .init(field: "training.rewards"), why: "its columns are 'level', 'prompt'",
          mend:
            "Name it in the reward: {\"name\": \"accuracy\", \"column\": \"COLUMN\"}, or choose rewards that need none, and drop the job again."
        ))
    let other = try #require(RewardSettings(node: ["name": "accuracy", "column": "levl"]))
    let problem = problem(.grpo, .table, ["prompt", "level"], .init(), [other])
    #expect(problem?.what == "the reward 'accuracy' reads the column 'levl', which the dataset 'rows' does not have")
    #expect(problem?.mend == "Did you mean 'level'? Mend the field and drop the job again.")
  }
}
