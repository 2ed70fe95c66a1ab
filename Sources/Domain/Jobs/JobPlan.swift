/// `plan.json`: the pre-flight of a job. What will be trained, on what, how long it will take, and how much memory and disk it wants;
/// beside it, at the end, what it really took.
///
/// It is published as soon as the rows are counted, within seconds from some of the rows where their tokens take long (`preliminary`), again
/// when all tokens are there, and again when some passes have been measured: what is not known yet is left out. Sizes are bytes, times seconds.
package struct JobPlan: Codable, Sendable, Equatable {
  package enum Verdict: String, Codable, Sendable {
    case go, warn, stop
  }

  package struct Reason: Codable, Sendable, Equatable {
    /// `warn` or `stop`.
    package var verdict: Verdict
    /// Stable, for programs.
    package var code: String
    /// A sentence.
    package var text: String
  }

  package struct Rows: Codable, Sendable, Equatable {
    /// Rows that were read for this job, and those that ingest could not read.
    package var read = 0
    package var bad = 0
    /// Rows that something is left of to train on or to be measured with; nil before they were looked at, as all below.
    package var usable: Int?
    /// Without anything for the method, and refused by it.
    package var empty: Int?
    package var refused: Int?
    /// Equal to one before them; of very large datasets not counted.
    package var duplicate: Int?
    /// Cut at the longest length, and left out because the cut left nothing to train on.
    package var truncated: Int?
    package var dropped: Int?

    package init() {}
  }

  package struct Data: Codable, Sendable, Equatable {
    package var trainTokens: Int
    package var heldOutTokens: Int
    /// Sequences, pairs or prompts an epoch; `unit` says which. A step takes `perStep` of them.
    package var sequences: Int
    package var perStep: Double
    package var unit: String
    /// Tokens of the longest.
    package var longest: Int

    enum CodingKeys: String, CodingKey {
      case sequences, unit, longest
      case trainTokens = "train_tokens"
      case heldOutTokens = "held_out_tokens"
      case perStep = "per_step"
    }

    package init(trainTokens: Int, heldOutTokens: Int, sequences: Int, perStep: Double, unit: String, longest: Int) {
      self.trainTokens = trainTokens
      self.heldOutTokens = heldOutTokens
      self.sequences = sequences
      self.perStep = perStep
      self.unit = unit
      self.longest = longest
    }
  }

  /// The model and how its products are made.
  package struct Model: Codable, Sendable, Equatable {
    package var parameters: Int
    package var trainedParameters: Int
    package var precision: String
    /// "AVX-512 bf16": what the doctor says.
    package var products: String

    enum CodingKeys: String, CodingKey {
      case parameters, precision, products
      case trainedParameters = "trained_parameters"
    }

    package init(parameters: Int, trainedParameters: Int, precision: String, products: String) {
      self.parameters = parameters
      self.trainedParameters = trainedParameters
      self.precision = precision
      self.products = products
    }
  }

  package struct Memory: Codable, Sendable, Equatable {
    package var weights = 0
    package var gradients = 0
    package var optimizer = 0
    /// Copies of the weights in the layout of products in bf16.
    package var packed = 0
    /// Buffers of the passes for training and for evaluation.
    package var activations = 0
    /// A frozen copy of the model beside the one that trains.
    package var reference = 0
    /// Keys and values of the answers that are sampled together.
    package var generation = 0
    /// Token files, mapped: memory that the system takes back where it is short.
    package var tokens = 0
    /// What the worker had when the plan was made.
    package var program = 0
    /// What programs could still have when the plan was made; nil where the system does not say.
    package var available: Int?

    package init() {}

    /// The sum.
    package var peak: Int {
      weights + gradients + optimizer + packed + activations + reference + generation + tokens + program
    }

    /// The part of it that is still to be taken, and cannot be taken back.
    package var needed: Int { peak - program - tokens }

    /// Between these the highest resident memory is expected: what is reserved is not all touched, and libraries have buffers.
    package var least: Int { peak * 6 / 10 }
    package var most: Int { peak * 12 / 10 + (48 << 20) }
  }

  package struct Disk: Codable, Sendable, Equatable {
    /// One checkpoint, how many lie there at most at once, and the final model.
    package var checkpoint: Int
    package var checkpoints: Int
    package var finalModel: Int
    /// In the file system of the job's folder.
    package var free: Int?

    enum CodingKeys: String, CodingKey {
      case checkpoint, checkpoints, free
      case finalModel = "final_model"
    }

    package init(checkpoint: Int, checkpoints: Int, finalModel: Int, free: Int?) {
      self.checkpoint = checkpoint
      self.checkpoints = checkpoints
      self.finalModel = finalModel
      self.free = free
    }

    package var needed: Int { checkpoint * checkpoints + finalModel }
  }

  /// Of the whole run, from its worker's start to its end; interruptions are left out.
  package struct Time: Codable, Sendable, Equatable {
    /// A step, the mean of the passes that were measured, and an evaluation.
    package var step: Double
    package var passes: Int
    package var evaluation: Double
    package var evaluations: Int
    /// What comes before the first step: tokens, a reference's scores, answers of the base. Known where the plan is made from all rows.
    package var preparation: Double?
    /// Answers after the last step, and all checkpoints with the final model.
    package var answers: Double?
    package var saving: Double?
    package var least: Double
    package var most: Double
    /// Why the range is wider than usual.
    package var remark: String?

    package init(
      steps: Int, step: Double, passes: Int, evaluation: Double, evaluations: Int, spread: ClosedRange<Double>, remark: String? = nil,
      preparation: ClosedRange<Double> = 0...0, answers: Double = 0, saving: Double = 0
    ) {
      self.step = step
      self.passes = passes
      self.evaluation = evaluation
      self.evaluations = evaluations
      self.remark = remark
      self.preparation = preparation.upperBound
      self.answers = answers
      self.saving = saving
      let work = Double(steps) * step + Double(evaluations) * evaluation
      // Answers get shorter as a model learns to end them, an evaluation may be quicker than the third of a step that it is taken for, and how
      // long a disk takes is its own affair.
      least =
        preparation.lowerBound + (work - 0.25 * Double(evaluations) * evaluation) * spread.lowerBound + answers * 0.2 + saving * 0.3
      most = preparation.upperBound + work * spread.upperBound + answers * 2 + saving * 3
    }
  }

  /// What the run took.
  package struct Actual: Codable, Sendable, Equatable {
    /// Of the whole run, interruptions left out.
    package var seconds: Double
    package var peakMemory: Int
    package var isWithinTime: Bool?
    package var isWithinMemory: Bool?

    enum CodingKeys: String, CodingKey {
      case seconds
      case peakMemory = "peak_memory_bytes"
      case isWithinTime = "within_time"
      case isWithinMemory = "within_memory"
    }
  }

  /// Steps at which something is done, beside their number.
  package struct Cadences: Codable, Sendable, Equatable {
    package var evaluation: Int?
    package var warmUp: Int

    enum CodingKeys: String, CodingKey {
      case evaluation = "eval_steps"
      case warmUp = "warmup_steps"
    }

    package init(evaluation: Int?, warmUp: Int) {
      self.evaluation = evaluation
      self.warmUp = warmUp
    }
  }

  package var schema = "dropforge.plan/1"
  package var job: JobID
  package var method: String
  package var madeAt: Timestamp
  package var verdict = Verdict.go
  package var reasons: [Reason] = []
  /// Whether `time` is there, measured by passes on this machine.
  package var measured: Bool { time != nil }
  /// Made before all rows were looked at: figures that are counted later may differ.
  package var isPreliminary = false
  /// The rows that it was made from, where those are not all.
  package var sampledRows: Int?
  package var rows: Rows
  package var cadences: Cadences?
  package var data: Data?
  package var steps: Int?
  package var epochs: Double?
  package var model: Model?
  package var memory: Memory?
  package var disk: Disk?
  package var time: Time?
  package var actual: Actual?

  package init(job: JobID, method: String, madeAt: Timestamp, rows: Rows) {
    self.job = job
    self.method = method
    self.madeAt = madeAt
    self.rows = rows
  }
}

extension JobPlan {
  enum CodingKeys: String, CodingKey {
    case schema, job, method, verdict, reasons, measured, rows, cadences, data, steps, epochs, model, memory, disk, time, actual
    case isPreliminary = "preliminary"
    case sampledRows = "sampled_rows"
    case madeAt = "made_at"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      job: try values.decode(JobID.self, forKey: .job), method: try values.decode(String.self, forKey: .method),
      madeAt: try values.decode(Timestamp.self, forKey: .madeAt), rows: try values.decode(Rows.self, forKey: .rows))
    schema = try values.decode(String.self, forKey: .schema)
    verdict = try values.decode(Verdict.self, forKey: .verdict)
    reasons = try values.decode([Reason].self, forKey: .reasons)
    // Plans of before have no such words.
    isPreliminary = try values.decodeIfPresent(Bool.self, forKey: .isPreliminary) ?? false
    sampledRows = try values.decodeIfPresent(Int.self, forKey: .sampledRows)
    cadences = try values.decodeIfPresent(Cadences.self, forKey: .cadences)
    data = try values.decodeIfPresent(Data.self, forKey: .data)
    steps = try values.decodeIfPresent(Int.self, forKey: .steps)
    epochs = try values.decodeIfPresent(Double.self, forKey: .epochs)
    model = try values.decodeIfPresent(Model.self, forKey: .model)
    memory = try values.decodeIfPresent(Memory.self, forKey: .memory)
    disk = try values.decodeIfPresent(Disk.self, forKey: .disk)
    time = try values.decodeIfPresent(Time.self, forKey: .time)
    actual = try values.decodeIfPresent(Actual.self, forKey: .actual)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(schema, forKey: .schema)
    try values.encode(job, forKey: .job)
    try values.encode(method, forKey: .method)
    try values.encode(madeAt, forKey: .madeAt)
    try values.encode(verdict, forKey: .verdict)
    try values.encode(reasons, forKey: .reasons)
    try values.encode(measured, forKey: .measured)
    try values.encode(isPreliminary, forKey: .isPreliminary)
    try values.encodeIfPresent(sampledRows, forKey: .sampledRows)
    try values.encode(rows, forKey: .rows)
    try values.encodeIfPresent(cadences, forKey: .cadences)
    try values.encodeIfPresent(data, forKey: .data)
    try values.encodeIfPresent(steps, forKey: .steps)
    try values.encodeIfPresent(epochs, forKey: .epochs)
    try values.encodeIfPresent(model, forKey: .model)
    try values.encodeIfPresent(memory, forKey: .memory)
    try values.encodeIfPresent(disk, forKey: .disk)
    try values.encodeIfPresent(time, forKey: .time)
    try values.encodeIfPresent(actual, forKey: .actual)
  }
}

extension JobPlan.Memory {
  enum CodingKeys: String, CodingKey {
    case weights, gradients, optimizer, packed, activations, reference, generation, tokens, program, available, peak, least, most
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    for (key, path) in Self.parts { self[keyPath: path] = try values.decode(Int.self, forKey: key) }
    available = try values.decodeIfPresent(Int.self, forKey: .available)
  }

  /// With the sums, which readers of the file would have to make otherwise.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    for (key, path) in Self.parts { try values.encode(self[keyPath: path], forKey: key) }
    try values.encodeIfPresent(available, forKey: .available)
    try values.encode(peak, forKey: .peak)
    try values.encode(least, forKey: .least)
    try values.encode(most, forKey: .most)
  }

  private static var parts: [(CodingKeys, WritableKeyPath<JobPlan.Memory, Int>)] {
    [
      (.weights, \.weights), (.gradients, \.gradients), (.optimizer, \.optimizer), (.packed, \.packed), (.activations, \.activations),
      (.reference, \.reference), (.generation, \.generation), (.tokens, \.tokens), (.program, \.program),
    ]
  }
}
