import Domain
import Kernels
import LanguageModels
import Platform
import SystemPackage
import Tokenizers

/// Makes a job's plan from what a run starts from, and judges it.
struct Preflight {
  let order: TrainOrder
  let inputs: RunInputs
  let shape: RunShape
  let team: ThreadTeam
  let files: any FileSystem
  let clock: WallClock
  /// Bytes that programs can still have.
  let availableMemory: () -> Int?

  private var training: TrainingSection { inputs.configuration.training }
  private var job: JobLayout { JobLayout(folder: FilePath(order.folder)) }

  /// Before the tokens are known: what ingest and the config say.
  static func first(
    _ order: TrainOrder, _ configuration: Configuration, rows: JobPlan.Rows, at time: Timestamp
  ) -> JobPlan {
    var plan = JobPlan(job: order.job, method: configuration.training.method.rawValue, madeAt: time, rows: rows)
    plan.steps = configuration.training.maximumSteps
    plan.judge()
    return plan
  }

  /// With everything but what has to be measured.
  func plan() throws -> JobPlan {
    let layout = inputs.modelConfiguration.decoder.layout
    let adapter = order.baseModel == nil ? nil : try training.adapter.map { try LoRALayout($0, for: layout) }
    let trained = adapter?.layout ?? layout
    var rows = inputs.work.rows
    rows.bad = inputs.badRows
    var plan = JobPlan(
      job: order.job, method: training.method.rawValue, madeAt: Timestamp(nanoseconds: clock.now()), rows: rows)
    plan.data = JobPlan.Data(
      trainTokens: inputs.work.trainTokens, heldOutTokens: inputs.work.evalTokens, sequences: inputs.work.trainCount,
      perStep: inputs.work.samplesPerStep, unit: inputs.work.unit, longest: inputs.work.length)
    plan.steps = shape.steps
    plan.epochs = inputs.epoch(at: shape.steps)
    let precision = Precision.chosen(wantsBFloat16: training.bf16)
    plan.model = JobPlan.Model(
      parameters: layout.parameterCount + (adapter?.layout.parameterCount ?? 0), trainedParameters: trained.parameterCount,
      precision: precision.rawValue, products: precision.path())
    plan.memory = memory(layout, adapter, precision)
    plan.disk = disk(trained)
    plan.judge()
    return plan
  }

  /// The same with the time that rehearsed steps say.
  func measured(_ plan: JobPlan, _ outcome: Rehearsal.Outcome, of objective: any Objective) -> JobPlan {
    var plan = plan
    let evaluations =
      inputs.work.evalTokens > 1
      ? EvaluationCadence(inputs.configuration).count(steps: shape.steps, epoch: inputs.epoch) : 0
    plan.time = JobPlan.Time(
      steps: shape.steps, step: outcome.cost.step, passes: outcome.passes,
      evaluation: evaluations == 0 ? 0 : inputs.work.evaluationSeconds(outcome.cost, inputs.configuration), evaluations: evaluations,
      spread: objective.timeSpread.range, remark: objective.timeSpread.remark)
    plan.judge()
    return plan
  }

  // MARK: memory

  private func memory(_ layout: ParameterLayout, _ adapter: LoRALayout?, _ precision: Precision) -> JobPlan.Memory {
    let trained = adapter?.layout ?? layout, configuration = inputs.modelConfiguration
    func bytes(_ pass: PassShape, _ adapter: LoRALayout?) -> Int {
      ModelPass.byteCount(
        configuration, rows: pass.rows, length: pass.length, purpose: pass.purpose, precision: precision,
        recomputing: training.gradientCheckpointing, adapter: adapter, group: pass.group, on: team)
    }
    var memory = JobPlan.Memory()
    memory.weights = 4 * (layout.count + (adapter?.layout.count ?? 0))
    memory.gradients = 4 * trained.count
    memory.optimizer = training.optimizerByteCount(for: trained)
    memory.packed = precision == .bfloat16 ? 4 * layout.parameterCount : 0
    memory.activations = inputs.work.passes(training).reduce(0) { $0 + bytes($1, adapter) }
    if let pass = inputs.work.referencePass(training) {
      memory.reference = bytes(pass, nil) + (adapter == nil ? 4 * layout.count : 0)
    }
    memory.generation =
      inputs.work.sampling(training).map {
        DecodingSession.byteCount(configuration, batch: $0.batch, capacity: $0.capacity, adapter: adapter, on: team)
      } ?? 0
    memory.tokens = (inputs.work.trainTokens + inputs.work.evalTokens) * (inputs.tokenizer.vocabularySize > 65_536 ? 4 : 2)
    memory.program = WorkerProcess.residentMemory
    memory.available = availableMemory()
    return memory
  }

  // MARK: disk

  /// The tokenizer's other files, the state of the run, and JSON beside it.
  private static let smallFiles = 64 << 10

  private func disk(_ trained: ParameterLayout) -> JobPlan.Disk {
    let model = SafetensorsWriter.byteCount(trained.tensors.map { ($0.name, $0.shape) }) + inputs.tokenizer.json.count + Self.smallFiles
    let wanted =
      switch training.saveStrategy {
      case .no: 1
      case .steps: max(1, shape.steps / max(training.saveSteps, 1))
      case .epoch: shape.epochs
      }
    let merges = training.mergesLoRA == true && training.useLoRA
    let whole = SafetensorsWriter.byteCount(inputs.modelConfiguration.decoder.layout.tensors.map { ($0.name, $0.shape) })
    return JobPlan.Disk(
      checkpoint: model + training.optimizerByteCount(for: trained),
      // One more than are kept: the next is whole before the oldest goes.
      checkpoints: min(wanted, training.saveTotalLimit) + 1,
      finalModel: merges ? whole + inputs.tokenizer.json.count + Self.smallFiles : model,
      free: (try? files.space(at: job.folder))?.free)  // a file system that does not say hinders nothing
  }
}
