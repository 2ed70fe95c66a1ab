import Domain
import StrictJSON
import Testing

struct JobFileTests {
  private func decode(_ text: String) throws -> (JobFile?, [String]) {
    let (job, findings) = JobFile.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)), fallbackName: "fallback")
    return (job, findings.map(\.description))
  }

  @Test func the_form_of_the_contract() throws {
    let (job, findings) = try decode(#"{"name": "a", "dataset": "d", "config": "c", "engine": "native"}"#)
    #expect(job == JobFile(name: "a", dataset: .one("d"), config: .stored("c", version: nil)))
    #expect(findings.isEmpty)
  }

  @Test func what_may_be_left_out_and_what_may_be_added() throws {
    let (job, findings) = try decode(#"{"dataset": "d", "config": "c@3", "priority": 2, "description": "x", "_note": 1, "comment": 2}"#)
    #expect(job == JobFile(name: "fallback", dataset: .one("d"), config: .stored("c", version: 3), priority: 2))
    #expect(findings.isEmpty)
  }

  @Test func two_datasets_an_inline_config_and_overrides() throws {
    let (job, findings) = try decode(
      #"{"dataset": {"train": "a", "eval": "b"}, "config": {"training": {"method": "sft"}}, "overrides": {"training.learning_rate": 0.1, "seed": 3}}"#
    )
    #expect(
      job
        == JobFile(
          name: "fallback", dataset: .trainAndEval("a", "b"), config: .inline(["training": ["method": "sft"]]),
          overrides: ["training.learning_rate": 0.1, "seed": 3]))
    #expect(job?.dataset.names == ["a", "b"])
    #expect(findings.isEmpty)
    #expect(try decode(#"{"dataset": {"train": "a"}, "config": "c"}"#).0?.dataset == .one("a"))
  }

  @Test func several_datasets_are_mixed_by_ratio() throws {
    let parts: [DatasetMixture.Part] = [.init(name: "a", ratio: 0.75), .init(name: "b", ratio: 0.25)]
    let list = #"[{"name": "a", "ratio": 0.75}, {"b": 0.25}]"#
    #expect(try decode(#"{"dataset": \#(list), "config": "c"}"#).0?.dataset == .mixture(parts, eval: nil))
    let both = try decode(#"{"dataset": {"train": \#(list), "eval": "e"}, "config": "c"}"#).0
    #expect(both?.dataset == .mixture(parts, eval: "e") && both?.dataset.names == ["a", "b", "e"])
  }

  @Test func a_config_that_makes_its_rows_needs_no_dataset() throws {
    let config =
      #"{"training": {"method": "sft"}, "data": {"strategy": "teacher_mode", "generation_type": "synthetic", "max_samples": 4}, "tools": [{"name": "weather", "description": "Weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]}"#
    let (job, findings) = try decode(#"{"name": "t", "config": \#(config)}"#)
    #expect(findings.isEmpty && job?.isDatasetGenerated == true)
    let configuration = Configuration.decode(try JSONParser.parse(config), source: .none).0
    let made = try #require(job?.generatedRows(configuration))
    #expect(made.dataset.text.hasPrefix("t-rows-") && made.rows.split(separator: "\n").count == 4)
    #expect(job?.datasetFinding(configuration) == nil)
    #expect(
      job?.datasetFinding(Configuration(method: .sft))?.description
        == "error: dataset: this field is missing; it names the dataset to train on")
    let named = try decode(#"{"dataset": "d", "config": "c"}"#).0
    #expect(
      named?.datasetFinding(configuration)?.description
        == "error: dataset: the config makes its rows from tools (data.generation_type \"synthetic\"), and a dataset is named too; remove one of the two"
    )
  }

  @Test(arguments: [
    ("[]", ["error: a job file is a JSON object, but this is an array"]),
    (
      "{}",
      [
        "error: dataset: this field is missing; it names the dataset to train on",
        "error: config: this field is missing; it names a stored config or holds one (templates/ has complete job files)",
      ]
    ),
    (
      "{\"dataset\": \"d\",\n\"config\": 3,\n\"engine\": \"slurm\",\n\"name\": \"\",\n\"priority\": \"high\",\n\"overrides\": []}",
      [
        #"error: config (line 2): must be the name of a stored config, "NAME" or "NAME@VERSION", or the config itself as an object"#,
        #"error: engine (line 3): "slurm" is not built; this version has the engine "native""#,
        "error: name (line 4): must be a string that is not empty",
        "error: priority (line 5): must be a whole number", "error: overrides (line 6): must be an object of field paths and values",
      ]
    ),
    (
      #"{"datset": "d", "config": "c", "zzz": 1}"#,
      [
        #"error: datset (line 1): no such field in a job file. Did you mean "dataset"?"#,
        "error: zzz (line 1): no such field in a job file; known are name, dataset, config, engine, overrides, priority, after, sweep, description, comment",
      ]
    ),
    (
      #"{"dataset": ["a", "b"], "config": "c"}"#,
      ["error: dataset (line 1): element 1 must be {\"name\": DATASET, \"ratio\": SHARE}, with a share above 0"]
    ),
    (
      #"{"dataset": [{"a": 0.5}, {"name": "b", "ratio": 0.4}], "config": "c"}"#,
      ["error: dataset (line 1): the ratios must be 1 together, and they are 0.9"]
    ),
    (
      #"{"dataset": [{"a": 0.5}, {"a": 0.5}], "config": "c"}"#,
      ["error: dataset (line 1): the dataset \"a\" stands twice in the mixture; add its shares"]
    ),
    (#"{"dataset": [], "config": "c"}"#, ["error: dataset (line 1): the list names no dataset"]),
    (
      #"{"dataset": {"train": 3}, "config": "c"}"#,
      [#"error: dataset (line 1): must be a name, a list of names with ratios, or {"train": NAME or LIST, "eval": NAME}"#]
    ),
    (#"{"dataset": 3, "config": "c"}"#, ["error: dataset (line 1): must be a dataset's name"]),
    (#"{"dataset": "", "config": "c"}"#, ["error: dataset (line 1): must be a dataset's name"]),
    (
      #"{"dataset": {"train": "a", "evl": "b"}, "config": "c"}"#,
      [#"error: dataset (line 1): must be a name, a list of names with ratios, or {"train": NAME or LIST, "eval": NAME}"#]
    ),
    (#"{"dataset": {"train": "a", "eval": 3}, "config": "c"}"#, [#"error: dataset (line 1): "eval" must be a dataset's name"#]),
    (#"{"name": "a", "dataset": "d", "config": "c", "after": "a"}"#, ["error: after: a job cannot wait for itself"]),
    (
      #"{"dataset": "d", "config": "c", "after": 3}"#,
      ["error: after (line 1): must be the name of the job that is to be completed before"]
    ),
  ])
  func a_wrong_form_is_named(text: String, expected: [String]) throws {
    let (job, findings) = try decode(text)
    #expect(job == nil)
    #expect(findings == expected)
  }

  // MARK: overrides

  @Test func overrides_change_single_fields() throws {
    let job = JobFile(
      name: "a", dataset: .one("d"), config: .stored("c", version: nil),
      overrides: ["training.learning_rate": 0.1, "seed": 3, "model.hidden_size": 64])
    let (config, findings) = job.applyOverrides(to: ["training": ["method": "sft", "learning_rate": 1, "batch_size": 2], "seed": 1])
    #expect(
      config == ["training": ["method": "sft", "learning_rate": 0.1, "batch_size": 2], "seed": 3, "model": ["hidden_size": 64]])
    #expect(findings.isEmpty)
  }

  @Test func an_override_of_what_is_no_section_is_refused() {
    let job = JobFile(name: "a", dataset: .one("d"), config: .stored("c", version: nil), overrides: ["seed.x": 1])
    let (_, findings) = job.applyOverrides(to: ["training": [:], "seed": 1])
    #expect(findings.map(\.description) == [#"error: overrides.seed.x: "seed" is no section of this config"#])
  }

  @Test func an_override_names_no_line_of_a_config_that_it_does_not_stand_in() throws {
    let text = #"{"dataset": "d", "config": "c", "overrides": {"training.zzz": 0.1, "training.batch_size": "x"}}"#
    let job = try #require(try decode(text).0)
    let config = "{\n\"training\": {\n\"method\": \"sft\"\n}\n}"
    let (node, _) = job.applyOverrides(to: try JSONParser.parse(config))
    let (_, findings) = Configuration.decode(node, source: ConfigSource(Array(config.utf8)))
    #expect(findings.map(\.field) == ["training.batch_size", "training.zzz"])
    #expect(findings.map(\.line) == [nil, nil])
  }
}

/// Job files as SmallDoge and Training Studio write them.
struct ForeignJobFileTests {
  private func decode(_ text: String) throws -> (JobFile?, [String]) {
    let (job, findings) = JobFile.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)), fallbackName: "fallback")
    return (job, findings.map(\.description))
  }

  @Test func smalldoges_form_is_mapped() throws {
    let (job, findings) = try decode(
      #"{"training_type": "sft", "model_type": "llama", "dataset_path": "/data/my reviews.jsonl.gz", "output_dir": "/out/run-7", "model_config": {"hidden_size": 64}, "additional_args": {"learning_rate": 0.001}}"#
    )
    #expect(
      job
        == JobFile(
          name: "run-7", dataset: .one("my reviews"),
          config: .inline(["model": ["architecture": "llama", "hidden_size": 64], "training": ["method": "sft", "learning_rate": 0.001]])))
    #expect(
      findings == [
        "warning: output_dir (line 1): outputs lie in workspace/jobs/<job-id>/; only its last part is used, as the job's name where it has none"
      ])
  }

  @Test func training_studios_form_is_mapped() throws {
    let (job, findings) = try decode(
      #"{"name": "n", "config": {"baseModelPath": "/models/qwen", "datasetPath": "C:/x/rows.csv", "outputDir": "/o", "epochs": 3, "learningRate": 0.001, "batchSize": 4, "maxSteps": 10, "warmupSteps": 2, "saveSteps": 5, "evalSteps": 6, "seed": 7, "useGpu": true}}"#
    )
    #expect(job?.name == "n")
    #expect(job?.dataset == .one("rows"))
    #expect(
      job?.config
        == .inline([
          "model": ["name": "qwen"], "seed": 7,
          "training": [
            "method": "pretrain", "learning_rate": 0.001, "batch_size": 4, "max_steps": 30, "warmup_steps": 2,
            "save_steps": 5,
            "save_strategy": "steps", "eval_steps": 6,
          ],
        ]))
    #expect(
      findings == [
        "warning: config.outputDir (line 1): outputs lie in workspace/jobs/<job-id>/; the field has no effect",
        "warning: config.useGpu (line 1): training runs on this machine's processors; the field has no effect",
        "warning: config.maxSteps (line 1): counts the steps of one epoch there: 3 epochs of them make max_steps 30",
      ])
  }

  /// What they are mapped onto is a config of ours.
  @Test(arguments: [
    #"{"training_type": "sft", "model_type": "gpt2", "dataset_path": "d", "model_config": {"hidden_size": 64, "num_attention_heads": 2}}"#,
    #"{"name": "n", "config": {"datasetPath": "x", "epochs": 2, "batchSize": 4, "warmupSteps": 10, "saveSteps": 5, "evalSteps": 6, "seed": 7}}"#,
  ])
  func the_config_that_comes_out_has_no_errors(text: String) throws {
    guard case .inline(let config)? = try decode(text).0?.config else {
      Issue.record("no inline config")
      return
    }
    #expect(Configuration.decode(config, source: ConfigSource(Array(text.utf8))).1.errors.isEmpty)
  }

  @Test(arguments: [
    (
      #"{"training_type": "sft", "model_config": {}, "outpt_dir": "x"}"#,
      [
        #"error: outpt_dir (line 1): no such field in a job file of this form. Did you mean "output_dir"?"#,
        "error: dataset_path: this field is missing; it names the dataset to train on",
      ]
    ),
    (
      #"{"dataset_path": 5, "model_config": 3, "additional_args": [], "name": 1}"#,
      [
        "error: dataset_path (line 1): must be a string that is not empty",
        "error: model_config (line 1): must be an object, but this is a number",
        "error: additional_args (line 1): must be an object, but this is an array",
        "error: name (line 1): must be a string that is not empty",
      ]
    ),
    (
      #"{"name": "n", "extra": 1, "config": {"datasetPath": "x", "lerningRate": 1, "qqqqqq": 2}}"#,
      [
        "error: extra (line 1): no such field in a job file of this form; known are name, config",
        #"error: config.lerningRate (line 1): no such field in a job file of this form. Did you mean "learningRate"?"#,
        "error: config.qqqqqq (line 1): no such field in a job file of this form; known are baseModelPath, datasetPath, outputDir, epochs, learningRate, batchSize, maxSteps, warmupSteps, saveSteps, evalSteps, seed, useGpu",
      ]
    ),
  ])
  func a_wrong_form_is_named(text: String, expected: [String]) throws {
    let (job, findings) = try decode(text)
    #expect(job == nil)
    #expect(findings == expected)
  }
}

struct InboxRequestTests {
  private func decode(_ text: String) throws -> (InboxRequest?, [String]) {
    let (request, findings) = InboxRequest.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    return (request, findings.map(\.description))
  }

  @Test(arguments: [
    (#"{"action": "cancel", "job": "a-1"}"#, InboxRequest.cancel(job: "a-1")), (#"{"action": "pause", "job": "a-1"}"#, .pause(job: "a-1")),
    (#"{"job": "a-1", "action": "resume", "comment": 3, "_why": 4}"#, .resume(job: "a-1")), (#"{"action": "rescan"}"#, .rescan),
    (#"{"action": "cancel", "errand": "tokenize-rows-1"}"#, .cancelErrand("tokenize-rows-1")),
    (#"{"action": "delete", "kind": "config", "name": "a"}"#, .deleteConfig("a", isForced: false)),
    (#"{"action": "rename", "kind": "config", "name": "a", "to": "b", "force": true}"#, .renameConfig("a", to: "b", isForced: true)),
  ])
  func requests_are_read(text: String, request: InboxRequest) throws {
    let (decoded, findings) = try decode(text)
    #expect(decoded == request)
    #expect(findings.isEmpty)
  }

  @Test(arguments: [
    ("3", ["error: a request is a JSON object, but this is a number"]),
    (
      #"{"job": "a"}"#,
      [
        "error: action: this field is missing; it is one of cancel, pause, resume, rescan, delete, rename, evaluate, tokenize, download, describe, convert, export, restore"
      ]
    ),
    (
      #"{"action": 3}"#,
      [
        "error: action (line 1): must be one of cancel, pause, resume, rescan, delete, rename, evaluate, tokenize, download, describe, convert, export, restore"
      ]
    ),
    (
      #"{"action": "cancle", "job": "a"}"#,
      [
        #"error: action (line 1): "cancle" is not known; it is one of cancel, pause, resume, rescan, delete, rename, evaluate, tokenize, download, describe, convert, export, restore. Did you mean "cancel"?"#
      ]
    ),
    (#"{"action": "cancel"}"#, ["error: job: this field is missing; it names the job to cancel"]),
    (
      #"{"action": "cancel", "job": "a-1", "errand": "b"}"#,
      [#"error: errand (line 1): a request cancels one thing: give "job" or "errand""#]
    ),
    (
      #"{"action": "cancel", "erand": "a"}"#,
      [
        #"error: erand (line 1): no such field in a request. Did you mean "errand"?"#
      ]
    ),
    (#"{"action": "cancel", "errand": ""}"#, ["error: errand (line 1): must be the name of the errand to cancel"]),
    (#"{"action": "pause", "errand": "a"}"#, ["error: errand (line 1): no such field in a request; known are action, job"]),
    ("{\"action\": \"pause\",\n\"job\": 7}", ["error: job (line 2): must be the name of the job to pause"]),
    (#"{"action": "cancel", "jobb": "a"}"#, [#"error: jobb (line 1): no such field in a request. Did you mean "job"?"#]),
    (#"{"action": "rescan", "why": 1}"#, ["error: why (line 1): no such field in a request; known are action"]),
    (
      #"{"action": "delete", "name": "a"}"#,
      ["error: kind: this field is missing; it says what is to be deleted: one of config, dataset, tokenization"]
    ),
    (
      #"{"action": "delete", "kind": "confg", "name": "a", "force": 1}"#,
      [
        #"error: kind (line 1): "confg" is not known; it is one of config, dataset, tokenization. Did you mean "config"?"#,
        "error: force (line 1): must be true or false",
      ]
    ),
    (#"{"action": "rename", "kind": "config", "name": "a"}"#, ["error: to: this field is missing; it names what it is to be called"]),
  ])
  func a_wrong_form_is_named(text: String, expected: [String]) throws {
    let (request, findings) = try decode(text)
    #expect(request == nil)
    #expect(findings == expected)
  }
}

struct AgentSettingsTests {
  @Test func the_defaults_stand_in_the_file_that_init_writes() {
    #expect(
      JSONNode(.object(AgentSettings().object)).text()
        == #"{"running_jobs":1,"running_ingests":2,"settle_seconds":8,"settle_seconds_whole":0.3,"rescan_seconds":30,"retry_seconds":5,"bad_row_share":0.05,"stop_seconds":20,"least_free_disk_mib":256,"least_free_memory_mib":128,"ingest_memory_mib":1024,"ingest_seconds":14400,"ingest_gib":1024,"ingest_files":10000,"ingest_row_mib":64,"ingest_expansion":1000,"allow_reward_commands":false,"trash_days":7,"hub_connections":8,"download_hours":48}"#
    )
  }

  @Test func settings_are_read() throws {
    let text = #"{"schema": "dropforge.settings/1", "running_jobs": 2, "threads": 4, "settle_seconds": 0.5, "rescan_seconds": 10}"#
    let (settings, findings) = AgentSettings.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    #expect(findings.isEmpty)
    #expect(settings.runningJobs == 2)
    #expect(settings.threads == 4)
    #expect(settings.settleSeconds == 0.5)
    #expect(settings.settleSecondsWhole == 0.3)
    #expect(settings.rescanSeconds == 10)
  }

  @Test func wrong_settings_are_named() throws {
    let text = "{\n\"running_jobs\": 0,\n\"settle_secs\": 3,\n\"bad_row_share\": 2,\n\"stop_seconds\": \"3\"\n}"
    let (_, findings) = AgentSettings.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    #expect(
      findings.map(\.description) == [
        "error: running_jobs (line 2): 0 is outside of what is allowed: from 1 to 64",
        #"error: settle_secs (line 3): no such field. Did you mean "settle_seconds"?"#,
        "error: bad_row_share (line 4): 2 is outside of what is allowed: from 0 to 1",
        "error: stop_seconds (line 5): the number is written as a string; write 3 without quotes",
      ])
    #expect(
      AgentSettings.decode([], source: .none).1.map(\.description) == ["error: the settings are a JSON object, but this is an array"])
  }
}

struct JobStateTests {
  /// Every pair, as the drawing has it: rows are from, columns to.
  @Test func the_table_of_transitions() {
    let allowed: [JobState: Set<JobState>] = [
      .pending: [.preparing, .paused, .error, .cancelled],
      .preparing: [.training, .evaluating, .pending, .paused, .error, .cancelled],
      .training: [.evaluating, .completed, .pending, .paused, .error, .cancelled],
      .evaluating: [.training, .completed, .pending, .paused, .error, .cancelled],
      .paused: [.pending, .cancelled],
      .completed: [], .error: [], .cancelled: [],
    ]
    for from in JobState.allCases {
      for to in JobState.allCases { #expect(from.mayBecome(to) == allowed[from]?.contains(to), "\(from) -> \(to)") }
    }
  }

  @Test func final_states_stay_and_running_ones_have_a_worker() {
    #expect(JobState.allCases.filter(\.isFinal) == [.completed, .error, .cancelled])
    #expect(JobState.allCases.filter(\.isRunning) == [.preparing, .training, .evaluating])
    for state in JobState.allCases where state.isFinal { #expect(!JobState.allCases.contains(where: state.mayBecome)) }
  }
}
