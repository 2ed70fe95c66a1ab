import Domain
import StrictJSON
import Testing

struct SweepTests {
  private func decode(_ members: String) throws -> (JobFile?, [String]) {
    let text = #"{"name": "lr", "dataset": "d", "config": "c", \#(members)}"#
    let (job, findings) = JobFile.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)), fallbackName: "fallback")
    return (job, findings.map(\.description))
  }

  @Test func lists_make_a_grid_the_first_changing_slowest() throws {
    let (job, findings) = try decode(
      #""overrides": {"training.learning_rate": [1e-3, 1e-4], "training.batch_size": 4, "seed": [1, 2, 3]}"#)
    #expect(findings.isEmpty)
    let sweep = try #require(job?.sweep)
    #expect(sweep.count == 6)
    #expect(
      sweep.points.map(\.title) == [
        "training.learning_rate 1e-3, seed 1", "training.learning_rate 1e-3, seed 2", "training.learning_rate 1e-3, seed 3",
        "training.learning_rate 1e-4, seed 1", "training.learning_rate 1e-4, seed 2", "training.learning_rate 1e-4, seed 3",
      ])
    #expect(job?.overrides == ["training.batch_size": 4])
    #expect(job?.member(at: sweep.points[5]).overrides == ["training.batch_size": 4, "training.learning_rate": 1e-4, "seed": 3])
    #expect(job?.member(at: sweep.points[5]).sweep == nil)
  }

  @Test func a_field_that_is_a_list_is_swept_by_a_list_of_lists() throws {
    let (one, none) = try decode(#""overrides": {"training.lora_target_modules": ["q_proj"], "evaluation.sample_prompts": ["a", "b"]}"#)
    #expect(none.isEmpty && one?.sweep == nil && one?.overrides.count == 2)
    let (two, _) = try decode(#""overrides": {"training.lora_target_modules": [["q_proj"], ["q_proj", "v_proj"]]}"#)
    #expect(
      two?.sweep?.points.map(\.title) == [
        #"training.lora_target_modules ["q_proj"]"#, #"training.lora_target_modules ["q_proj","v_proj"]"#,
      ])
  }

  @Test func a_random_search_draws_the_same_points_from_the_same_seed() throws {
    let search =
      #""sweep": {"search": "random", "samples": 8, "seed": 7}, "overrides": {"training.learning_rate": {"min": 1e-5, "max": 1e-2, "scale": "log"}, "training.batch_size": [2, 4], "training.max_length": {"min": 32, "max": 64}}"#
    let sweep = try #require(try decode(search).0?.sweep)
    let points = sweep.points
    #expect(points.count == 8 && points == sweep.points)
    for point in points {
      let rate = try #require(point.values[0].value.double), length = try #require(point.values[2].value.int)
      #expect((1e-5...1e-2).contains(rate) && (32...64).contains(length))
      #expect([2, 4].contains(point.values[1].value.int))
    }
    #expect(Set(points.map(\.title)).count == 8)
    let other = try #require(try decode(search.replacing("7}", with: "8}")).0?.sweep)
    #expect(other.points != points)
  }

  /// Three points there are: more are not drawn twice.
  @Test func no_point_is_drawn_twice() throws {
    let sweep = try #require(try decode(#""sweep": {"search": "random", "samples": 9}, "overrides": {"seed": [1, 2, 3]}"#).0?.sweep)
    #expect(Set(sweep.points.map(\.title)) == ["seed 1", "seed 2", "seed 3"])
  }

  @Test(arguments: [
    (#""sweep": {}"#, ["error: sweep (line 1): nothing is swept: give a list of values to a field in overrides"]),
    (#""sweep": 3"#, ["error: sweep (line 1): must be an object, but this is a number"]),
    (
      #""sweep": {"search": "bayesian"}, "overrides": {"seed": [1, 2]}"#,
      [#"error: sweep.search (line 1): "bayesian" is not allowed; it must be one of grid, random"#]
    ),
    (
      #""sweep": {"search": "random"}, "overrides": {"seed": [1, 2]}"#,
      ["error: sweep.samples (line 1): a random search needs to know how many jobs to make"]
    ),
    (#""overrides": {"seed": []}"#, ["error: overrides.seed (line 1): an empty list sweeps nothing; give values, or remove the field"]),
    (#""overrides": {"seed": [1, 1]}"#, ["error: overrides.seed (line 1): 1 stands here twice; two jobs would be the same"]),
    (
      #""overrides": {"training.learning_rate": {"min": 1, "max": 2}}"#,
      [
        #"error: overrides.training.learning_rate (line 1): a range is for a random search: add "sweep": {"search": "random", "samples": 8}, or give a list of values"#
      ]
    ),
    (
      #""sweep": {"search": "random", "samples": 2}, "overrides": {"training.learning_rate": {"min": 0, "max": 2, "scale": "log"}}"#,
      ["error: overrides.training.learning_rate (line 1): on a logarithmic scale min must be greater than 0"]
    ),
    (
      #""sweep": {"search": "random", "samples": 2}, "overrides": {"seed": {"min": 3, "max": 2}}"#,
      [#"error: overrides.seed (line 1): a range is {"min": NUMBER, "max": NUMBER, "scale": "linear" or "log"}, with min below max"#]
    ),
  ])
  func what_cannot_be_swept_is_refused(members: String, expected: [String]) throws {
    let (job, findings) = try decode(members)
    #expect(job == nil)
    #expect(findings == expected)
  }

  @Test func a_thousand_jobs_are_enough() throws {
    let list = "[" + (1...40).map(String.init).joined(separator: ",") + "]"
    #expect(
      try decode(#""overrides": {"seed": \#(list), "training.batch_size": \#(list)}"#).1 == [
        "error: overrides (line 1): these values make 1600 jobs, and a sweep has at most 1000; give fewer, or search at random"
      ])
  }

  @Test func each_job_has_a_file_of_its_own() throws {
    let node = try JSONParser.parse(
      #"{"name": "lr", "dataset": "d", "config": "c", "overrides": {"seed": [1, 2], "training.lr": 1}, "sweep": {"metric": "train_loss"}}"#)
    let job = try #require(JobFile.decode(node, source: .none, fallbackName: "x").0)
    let member = JobFile.member(of: node, named: "lr-sweep-1", at: try #require(job.sweep?.points.last))
    #expect(
      member.text() == #"{"name":"lr-sweep-1","dataset":"d","config":"c","overrides":{"seed":2,"training.lr":1}}"#)
  }

  @Test func identifiers_of_sweeps() {
    #expect(SweepID(name: SafeName(from: "lr"), number: 2).text == "lr-sweep-2")
    #expect(SweepID(name: SafeName(from: "lr-sweep"), number: 2).text == "lr-sweep-2")
    #expect(SweepID("lr-sweep-2")?.text == "lr-sweep-2")
    for text in ["lr-sweep-2-1", "lr-2", "lr-sweep-", "a/b-sweep-1"] { #expect(SweepID(text) == nil, "\(text)") }
  }

  @Test func the_winner_is_the_best_of_those_that_are_completed() {
    func row(_ number: Int, _ state: JobState, _ score: Double?) -> SweepResults.Row {
      .init(job: JobID(name: SafeName(from: "s"), number: number), state: state, values: [:], score: score)
    }
    let rows = [row(1, .completed, 2), row(2, .completed, 1.5), row(3, .error, 1), row(4, .completed, .nan), row(5, .completed, 1.5)]
    func results(_ rows: [SweepResults.Row], less: Bool = true) -> SweepResults {
      SweepResults(
        id: SweepID(name: SafeName(from: "s"), number: 1), name: "s", search: "grid", metric: "eval_loss", isLessBetter: less, axes: [],
        rows: rows, updatedAt: Timestamp(nanoseconds: 0))
    }
    #expect(results(rows).winner?.text == "s-2" && results(rows).isOver)
    #expect(results(rows, less: false).winner?.text == "s-1")
    #expect(results([row(1, .training, 1)]).winner == nil && !results([row(1, .training, 1)]).isOver)
    #expect(SweepSection().isLessBetter)
    var accuracy = SweepSection()
    accuracy.metric = "eval_mean_token_accuracy"
    #expect(!accuracy.isLessBetter)
  }
}

struct AfterTests {
  private func overlaid(_ config: String, after: String? = "first") throws -> JSONNode {
    let node = try JSONParser.parse(config)
    return JobFile(name: "a", dataset: .one("d"), config: .inline(node), after: after).applyOverrides(to: node).0
  }

  @Test func the_result_of_the_job_before_is_the_base_where_no_model_is_named() throws {
    #expect(try overlaid(#"{"training": {"method": "sft"}}"#)["model"] == ["name": "first"])
    #expect(try overlaid(#"{"training": {"method": "sft"}, "model": {"attention_dropout": 0.1}}"#)["model"]?["name"] == nil)
    #expect(try overlaid(#"{"training": {"method": "sft"}, "model": {"router_split": "hf"}}"#)["model"]?["name"] == "first")
    #expect(try overlaid(#"{"training": {"method": "sft"}, "model": {"base_model": "q"}}"#)["model"] == ["base_model": "q"])
    #expect(try overlaid(#"{"training": {"method": "sft"}, "model": {"n_embd": 64}}"#)["model"] == ["n_embd": 64])
    #expect(try overlaid(#"{"training": {"method": "sft"}}"#, after: nil)["model"] == nil)
  }
}
