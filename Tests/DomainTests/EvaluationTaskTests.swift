import Domain
import StrictJSON
import TestSupport
import Testing

/// Requests to evaluate, and what they ask of a model and a dataset.
struct EvaluationTaskTests {
  private func decode(_ text: String) throws -> (EvaluationTask?, [String]) {
    let (request, findings) = InboxRequest.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    guard case .evaluate(let task)? = request else { return (nil, findings.map(\.description)) }
    return (task, findings.map(\.description))
  }

  @Test func a_request_is_read_with_all_that_it_may_say() throws {
    let (decoded, findings) = try decode(
      #"{"action": "evaluate", "model": "tiny-1", "dataset": "rows", "split": "test", "max_samples": 50, "metrics": ["loss", "tool_accuracy"], "prompts": ["Hello"], "max_new_tokens": 9, "name": "look", "priority": 2, "comment": "x"}"#
    )
    let task = try #require(decoded)
    #expect(findings.isEmpty)
    #expect(task.model == "tiny-1" && task.dataset == "rows" && task.split == "test" && task.maximumSamples == 50 && task.priority == 2)
    let job = task.jobFile
    #expect(job.name == "look" && job.dataset == .one("rows") && job.priority == 2 && job.evaluation == task)
    #expect(try #require(try decode(#"{"action": "evaluate", "model": "tiny", "dataset": "rows"}"#).0).jobFile.name == "tiny-on-rows")
  }

  /// What the catalogue keeps of the job is the request as dropped.
  @Test func the_requests_text_is_a_job_file() throws {
    let text = #"{"action": "evaluate", "model": "tiny", "dataset": "rows", "metrics": ["loss"]}"#
    let (job, findings) = JobFile.decode(try JSONParser.parse(text), source: .none, fallbackName: "other")
    let task = try decode(text).0
    #expect(findings.isEmpty && task != nil && job?.evaluation == task && job?.name == "tiny-on-rows")
    guard case .inline(let config)? = job?.config else {
      Issue.record("no config")
      return
    }
    #expect(Configuration.decode(config, source: .none).1.errors.isEmpty)
  }

  @Test(arguments: [
    (
      #"{"action": "evaluate"}"#,
      [
        "error: model: this field is missing; it names the model to evaluate",
        "error: dataset: this field is missing; it names the dataset to evaluate it on",
      ]
    ),
    (
      #"{"action": "evaluate", "model": 3, "dataset": "", "split": 1, "max_samples": 0, "priority": "high", "name": ""}"#,
      [
        "error: model (line 1): must be the name of the model to evaluate",
        "error: dataset (line 1): must be the name of the dataset to evaluate it on",
        "error: split (line 1): must be the name of a split of the dataset", "error: name (line 1): must be the name of the evaluation",
        "error: max_samples (line 1): must be a whole number, at least 1", "error: priority (line 1): must be a whole number",
      ]
    ),
    (
      #"{"action": "evaluate", "model": "scratch", "dataset": "rows"}"#,
      ["error: model (line 1): names a model that is made from nothing; name a dropped model, or a job that is completed"]
    ),
    (
      #"{"action": "evaluate", "model": "tiny", "datset": "rows"}"#,
      [#"error: datset (line 1): no such field in a request. Did you mean "dataset"?"#]
    ),
  ])
  func what_is_wrong_is_named(text: String, expected: [String]) throws {
    let (task, findings) = try decode(text)
    #expect(task == nil)
    #expect(findings == expected)
  }

  @Test func a_metric_and_prompts_are_checked_as_in_a_config() throws {
    let (task, findings) = try decode(
      #"{"action": "evaluate", "model": "tiny", "dataset": "rows", "metrics": ["los"], "prompts": 3, "max_new_tokens": 0}"#)
    #expect(task == nil && findings.count == 3)
    #expect(findings.contains { $0.hasPrefix("error: metrics (line 1): ") && $0.contains("\"los\"") })
    #expect(findings.contains { $0.hasPrefix("error: prompts (line 1): ") })
    #expect(findings.contains { $0.hasPrefix("error: max_new_tokens (line 1): ") })
  }

  // MARK: in the light of the dataset

  private func task(_ more: String = "") throws -> EvaluationTask {
    try #require(try decode(#"{"action": "evaluate", "model": "tiny", "dataset": "rows"\#(more)}"#).0)
  }

  private let rows = SafeName(from: "rows")

  @Test func a_split_that_is_not_there_is_named_with_those_that_are() throws {
    let two = Specimen.ingest(splits: ["train", "test"])
    #expect(try task(#", "split": "test""#).problem(in: two, of: rows) == nil && task().problem(in: two, of: rows) == nil)
    #expect(
      try task(#", "split": "tset""#).problem(in: two, of: rows)?.description
        == "split: the dataset 'rows' has no split 'tset'. Its splits are 'train', 'test'. Did you mean 'test'? Mend the field and drop the request again."
    )
    #expect(
      try task(#", "split": "other""#).problem(in: Specimen.ingest(), of: rows)?.description
        == "split: the dataset 'rows' has no split 'other'. Its only split is 'train'. Mend the field and drop the request again.")
  }

  @Test func rows_are_read_as_the_models_own_job_read_them_where_they_allow_it() throws {
    var own = Configuration(method: .sft)
    own.training.maximumLength = 48
    own.training.useLoRA = true
    own.evaluation.metrics = [.loss]
    let made = try task(#", "max_samples": 5"#).configuration(
      own: own, positions: nil, hasReference: false, ingest: Specimen.ingest(), dataset: rows)
    #expect(made.training.method == .sft && made.training.maximumLength == 48 && !made.training.useLoRA)
    #expect(made.model.name == "tiny" && made.data.rowLimit == 5 && made.evaluation.metrics == [.loss])
  }

  @Test(arguments: [
    (DatasetSchema.text, TrainingMethod.pretrain), (.promptCompletion, .sft), (.messages, .sft), (.preference, .orpo),
    (.problemSolution, .sft),
  ])
  func of_a_dropped_model_the_rows_say_how_they_are_read(schema: DatasetSchema, method: TrainingMethod) throws {
    let made = try task().configuration(
      own: nil, positions: 32, hasReference: false, ingest: Specimen.ingest(detected: schema), dataset: rows)
    #expect(made.training.method == method && made.training.maximumLength == 32)
  }

  /// Rewards are counted against the model that the job began with; without it pairs are judged as orpo judges them.
  @Test func a_dpo_jobs_model_needs_its_reference() throws {
    let own = Configuration(method: .dpo), pairs = Specimen.ingest(detected: .preference)
    func method(_ hasReference: Bool, _ ingest: IngestResult) throws -> TrainingMethod {
      try task().configuration(own: own, positions: nil, hasReference: hasReference, ingest: ingest, dataset: rows).training.method
    }
    #expect(try method(true, pairs) == .dpo && method(false, pairs) == .orpo && method(true, Specimen.ingest()) == .sft)
  }

  @Test func columns_that_only_the_jobs_own_dataset_had_are_no_matter() throws {
    var own = Configuration(method: .sft)
    own.data.textField = "essay"
    let made = try task().configuration(own: own, positions: nil, hasReference: false, ingest: Specimen.ingest(), dataset: rows)
    #expect(made.data.textField == nil && made.training.method == .sft)
  }

  @Test func rows_without_anything_to_measure_are_refused() throws {
    let table = Specimen.ingest(detected: .table, columns: ["a", "b"])
    let problem = try #require(throws: Problem.self) {
      try task().configuration(own: nil, positions: nil, hasReference: false, ingest: table, dataset: rows)
    }
    #expect(problem.code == "data.does-not-fit" && problem.what == "it cannot be told which columns of the dataset 'rows' to train on")
  }
}
