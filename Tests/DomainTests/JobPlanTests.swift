import Domain
import Testing

/// A plan's verdict and its reasons, word for word.
struct JobPlanTests {
  /// A plan that can go.
  private static func plan() -> JobPlan {
    var rows = JobPlan.Rows()
    rows.read = 400
    rows.usable = 400
    var plan = JobPlan(
      job: JobID(name: SafeName(from: "tiny"), number: 1), method: "sft", madeAt: Timestamp(nanoseconds: 1_795_247_283_000_000_000),
      rows: rows)
    plan.data = JobPlan.Data(trainTokens: 9_000, heldOutTokens: 1_000, sequences: 360, perStep: 8, unit: "sequences", longest: 64)
    plan.steps = 90
    plan.epochs = 2
    plan.model = JobPlan.Model(parameters: 1_000, trainedParameters: 1_000, precision: "float32", products: "AVX-512")
    var memory = JobPlan.Memory()
    memory.weights = 40_000_000
    memory.gradients = 40_000_000
    memory.optimizer = 80_000_000
    memory.activations = 100_000_000
    memory.tokens = 1_000_000
    memory.program = 20_000_000
    memory.available = 8_000_000_000
    plan.memory = memory
    plan.disk = JobPlan.Disk(checkpoint: 120_000_000, checkpoints: 3, finalModel: 40_000_000, free: 9_000_000_000)
    plan.time = JobPlan.Time(steps: 90, step: 0.5, passes: 8, evaluation: 1, evaluations: 5, spread: 0.8...1.5)
    return plan
  }

  private static func judged(_ change: (inout JobPlan) -> Void) -> JobPlan {
    var plan = plan()
    change(&plan)
    plan.judge()
    return plan
  }

  @Test func a_job_that_fits_goes() {
    let plan = Self.judged { _ in }
    #expect(plan.verdict == .go && plan.reasons.isEmpty && plan.problem == nil && plan.measured)
    #expect(plan.line == "Forecast: go; 39.0 s to 1 min 15 s for 90 steps and 5 evaluations; about 281.0 MB of memory and 400.0 MB of disk")
  }

  @Test func what_a_reader_should_know_is_a_warning() {
    func texts(_ change: (inout JobPlan) -> Void) -> [String] {
      let plan = Self.judged(change)
      #expect(plan.verdict == .warn && plan.problem == nil)
      return plan.reasons.map { "\($0.code): \($0.text)" }
    }
    #expect(
      texts { $0.rows.bad = 30 } == [
        "bad-rows: 30 of 430 rows are bad and left out: bad-rows.jsonl in the dataset's folder says why."
      ])
    #expect(texts { $0.rows.duplicate = 50 } == ["duplicates: 50 of 400 rows are equal to one before them."])
    #expect(
      texts { $0.rows.truncated = 50 } == [
        "truncated: 50 of 400 rows are longer than the limits of length and are cut: raise training.max_length."
      ])
    #expect(
      texts { $0.rows.dropped = 50 } == [
        "dropped: 50 of 400 rows have nothing left to train on after the cut: raise training.max_length."
      ])
    #expect(
      texts { $0.data?.sequences = 12 } == [
        "few-rows: There are only 12 sequences to train on: the model will know them by heart. Add rows."
      ])
    #expect(
      texts { $0.data?.heldOutTokens = 0 } == [
        "nothing-held-out: Nothing is held out: the run cannot tell what was learned from what was learned by heart."
      ])
    #expect(
      texts { $0.memory?.available = 300_000_000 } == [
        "memory-tight: The job needs about 260.0 MB of the 300.0 MB of memory that are available."
      ])
    #expect(
      texts { $0.disk?.free = 300_000_000 } == [
        "disk-tight: 3 checkpoints and the final model take about 400.0 MB on the disk, and 300.0 MB are free: the job will wait for room. Lower training.save_total_limit."
      ])
    #expect(
      texts { $0.time = JobPlan.Time(steps: 90, step: 3_600, passes: 1, evaluation: 0, evaluations: 0, spread: 0.8...1.5) } == [
        "long: It takes 72 h 0 min to 135 h 0 min: fewer steps, a smaller model or more threads shorten it."
      ])
  }

  @Test func steps_that_come_from_epochs_are_held_against_what_happens_at_steps() {
    let plan = Self.judged { $0.cadences = JobPlan.Cadences(evaluation: 100, warmUp: 90) }
    #expect(
      plan.reasons.map { "\($0.code): \($0.text)" } == [
        "eval-steps: The held-out part is measured every 100 steps, and the run has 90: before the first and after the last only. Lower training.eval_steps.",
        "warm-up: The warm-up takes 90 steps, and the run has 90: the learning rate never gets to its height. Lower training.warmup_steps.",
      ])
    #expect(Self.judged { $0.cadences = JobPlan.Cadences(evaluation: 90, warmUp: 89) }.reasons.isEmpty)
    #expect(Self.judged { $0.cadences = JobPlan.Cadences(evaluation: nil, warmUp: 0) }.reasons.isEmpty)
  }

  /// What comes before the first step is known by then; the rest is a forecast.
  @Test func the_time_is_of_the_whole_run() {
    let time = JobPlan.Time(
      steps: 10, step: 1, passes: 3, evaluation: 2, evaluations: 5, spread: 0.5...2, preparation: 3...4, answers: 5, saving: 10)
    #expect(time.least == 3 + 17.5 * 0.5 + 1 + 3 && time.most == 4 + 20 * 2 + 10 + 30)
    #expect(time.preparation == 4 && time.answers == 5 && time.saving == 10)
  }

  /// A plan that a version of before has published.
  @Test func a_plan_without_the_newer_words_is_read() throws {
    let text =
      #"{"schema":"dropforge.plan/1","job":"a-1","method":"sft","verdict":"go","reasons":[],"measured":true,"rows":{"read":4,"bad":0},"time":{"step":1,"passes":3,"evaluation":0,"evaluations":0,"least":1,"most":2},"made_at":"2026-11-21T07:48:03Z"}"#
    let plan = try JSONRoundTrip.decode(JobPlan.self, text)
    #expect(!plan.isPreliminary && plan.sampledRows == nil && plan.cadences == nil && plan.time?.preparation == nil && plan.measured)
  }

  @Test func a_job_that_is_larger_than_the_memory_stops() throws {
    let plan = Self.judged { $0.memory?.available = 200_000_000 }
    #expect(plan.verdict == .stop)
    let problem = try #require(plan.problem)
    #expect(problem.code == "plan.memory")
    #expect(
      problem.what
        == "the job does not fit into the memory of this machine: The job needs about 260.0 MB of memory, and 200.0 MB are available.")
    #expect(
      problem.why
        == "weights 40.0 MB, gradients 40.0 MB, the optimizer's state 80.0 MB, activations 100.0 MB"
    )
    #expect(
      problem.mend
        == "Set training.gradient_checkpointing, lower training.max_length, train a LoRA adapter (training.use_lora) or take a smaller model, and drop the job again."
    )
  }

  @Test func a_job_whose_checkpoint_is_larger_than_the_disk_stops() throws {
    let plan = Self.judged { $0.disk?.free = 100_000_000 }
    let problem = try #require(plan.problem)
    #expect(problem.code == "plan.disk")
    #expect(
      problem.what
        == "the disk cannot hold what the job has to keep: A checkpoint takes about 120.0 MB on the disk, and 100.0 MB are free.")
    #expect(problem.mend == "Free space on the disk, or take a smaller model or an adapter (training.use_lora), and drop the job again.")
  }

  @Test func what_is_not_known_hinders_nothing() {
    let plan = Self.judged {
      $0.memory?.available = nil
      $0.disk?.free = nil
    }
    #expect(plan.verdict == .go)
    let first = Self.judged {
      $0.data = nil
      $0.memory = nil
      $0.disk = nil
      $0.time = nil
    }
    #expect(first.verdict == .go && !first.measured && first.line == "Forecast: go")
  }

  @Test func the_end_puts_the_fact_beside_the_plan() {
    var plan = Self.judged { _ in }
    #expect(plan.comparison == nil)
    plan.conclude(seconds: 50, peakMemory: 250_000_000)
    #expect(plan.actual?.isWithinTime == true && plan.actual?.isWithinMemory == true)
    #expect(
      plan.comparison
        == "The run was planned to take 39.0 s to 1 min 15 s and took 50.0 s; memory was planned at 168.6 MB to 387.5 MB and came to 250.0 MB."
    )
    plan.conclude(seconds: 80, peakMemory: 100_000_000)
    #expect(plan.actual?.isWithinTime == false && plan.actual?.isWithinMemory == false)
  }

  @Test func the_file_holds_what_it_says() throws {
    var plan = Self.judged { $0.rows.bad = 30 }
    plan.conclude(seconds: 50, peakMemory: 250_000_000)
    let text = try JSONRoundTrip.text(of: plan)
    #expect(try JSONRoundTrip.decode(JobPlan.self, text) == plan)
    for part in [
      #""schema":"dropforge.plan/1""#, #""measured":true"#, #""verdict":"warn""#, #""peak":281000000"#, #""trained_parameters":1000"#,
      #""peak_memory_bytes":250000000"#, #""within_time":true"#, #""final_model":40000000"#, #""bad":30"#,
    ] { #expect(text.contains(part), "\(part) in \(text)") }
    plan.time = nil
    #expect(try JSONRoundTrip.text(of: plan).contains(#""measured":false"#))
  }
}
