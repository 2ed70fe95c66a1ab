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
    var everySteps: Int?
    if case .everySteps(let steps) = EvaluationCadence(inputs.configuration), inputs.work.evalTokens > 1 { everySteps = steps }
    plan.cadences = JobPlan.Cadences(evaluation: everySteps, warmUp: LearningRateSchedule(training, steps: shape.steps).warmup)
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
  ///
  /// - preparation: seconds before the first step.
  /// - answers: seconds that the base took to answer what is asked before and after.
  func measured(
    _ plan: JobPlan, _ outcome: Rehearsal.Outcome, of objective: any Objective, preparation: ClosedRange<Double>, answers: Double
  ) throws -> JobPlan {
    var plan = plan
    let evaluations =
      inputs.work.evalTokens > 1
      ? EvaluationCadence(inputs.configuration).count(steps: shape.steps, epoch: inputs.epoch) : 0
    plan.time = JobPlan.Time(
      steps: shape.steps, step: outcome.cost.step, passes: outcome.passes,
      evaluation: evaluations == 0 ? 0 : inputs.work.evaluationSeconds(outcome.cost, inputs.configuration), evaluations: evaluations,
      spread: objective.timeSpread.range, remark: objective.timeSpread.remark, preparation: preparation, answers: answers,
      saving: try savingSeconds(plan, whole: Double(shape.steps) * outcome.cost.step))
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
    memory.packed = precision == .bfloat16 ? BFloat16Products.weightByteCount(parameters: layout.parameterCount) : 0
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
    let wanted = keptCheckpoints
    let merges = training.mergesLoRA == true && training.useLoRA
    let whole = SafetensorsWriter.byteCount(inputs.modelConfiguration.decoder.layout.tensors.map { ($0.name, $0.shape) })
    return JobPlan.Disk(
      checkpoint: model + training.optimizerByteCount(for: trained),
      // One more than are kept: the next is whole before the oldest goes.
      checkpoints: min(wanted, training.saveTotalLimit) + 1,
      finalModel: merges ? whole + inputs.tokenizer.json.count + Self.smallFiles : model,
      free: (try? files.space(at: job.folder))?.free)  // a file system that does not say hinders nothing
  }

  /// Checkpoints that the config asks for.
  private var keptCheckpoints: Int {
    switch training.saveStrategy {
    case .no: 1
    case .steps: max(1, shape.steps / max(training.saveSteps, 1))
    case .epoch: shape.epochs
    case .best: training.saveTotalLimit
    }
  }

  /// Seconds for all checkpoints, those to recover from among them, and the final model: by what a small file takes on this disk.
  ///
  /// - whole: seconds of all steps.
  private func savingSeconds(_ plan: JobPlan, whole: Double) throws -> Double {
    guard let disk = plan.disk else { return 0 }
    let count = Double(keptCheckpoints) + whole / max(training.recoverySeconds, 1)
    let probe = job.folder.appending(".disk-probe")
    let size = min(max(disk.checkpoint, 1), Self.probeBytes), start = clock.monotonic()
    do throws(SystemError) {
      try files.writeWhole(ContiguousArray(repeating: 0x5A, count: size), to: probe)
      try files.removeFile(probe)
    } catch {
      if error.code == .noSpace { return 0 }  // judged by its size already
      throw error
    }
    let seconds = Double(clock.monotonic() - start) / 1e9
    // Hashed and read once more, beside being written.
    return 1.5 * seconds / Double(size) * (count * Double(disk.checkpoint) + Double(disk.finalModel))
  }

  private static let probeBytes = 4 << 20
}
