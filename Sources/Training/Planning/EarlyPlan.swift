import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage

/// The plans before all tokens are made: first what ingest and the config say, at once; then, where tokens take long, one that is made
/// from some of the rows as the real one will be from all, micro-run included. Both are marked as preliminary.
struct EarlyPlan {
  let order: TrainOrder
  let sources: RunSources
  let team: ThreadTeam
  let sampleBytes: Int
  let files: any FileSystem
  let clock: WallClock
  let availableMemory: () -> Int?
  /// The plan is all that is wanted: also where tokens are quickly made.
  var isAll = false

  private var job: JobLayout { JobLayout(folder: FilePath(order.folder)) }
  /// Tokenizer and tokens of the sample; of no use afterwards.
  private var scratch: JobLayout { JobLayout(folder: job.folder.appending(".sample")) }

  /// A run that goes on keeps the plan that it began with.
  ///
  /// - Throws: `Problem` where the job cannot go.
  func publish() throws {
    let known = files.exists(job.plan) ? try PublishedJSON.decode(JobPlan.self, from: try files.contents(of: job.plan)) : nil
    guard known?.data == nil else { return }
    if known == nil { try publish(first()) }
    guard let sample = RowSample(sources, bytes: sampleBytes, always: isAll) else { return }
    defer { try? files.removeTree(scratch.folder) }  // what is left goes with the job's folder
    let began = clock.monotonic()
    let inputs: RunInputs
    do {
      inputs = try tokens(of: sample)
    } catch is Problem {
      return  // of all rows it may not be so; and where it is, it is told then
    }
    let tokenizing = Double(clock.monotonic() - began) / 1e9 * sample.factor
    let model = RunModel(order: order, inputs: inputs, team: team)
    let preflight = Preflight(
      order: order, inputs: inputs, shape: model.shape, team: team, files: files, clock: clock, availableMemory: availableMemory)
    var plan = try preflight.plan()
    plan.isPreliminary = true
    if sample.rows < sample.total { plan.sampledRows = sample.rows }
    try publish(plan)
    if let problem = plan.problem { throw problem }
    try publish(try measured(plan, preflight, model, tokenizing: tokenizing))
  }

  private func publish(_ plan: JobPlan) throws { try files.publish(try PublishedJSON.bytes(of: plan), to: job.plan) }

  /// Before anything is read: what ingest and the config say.
  private func first() -> JobPlan {
    let training = sources.configuration.training
    var rows = JobPlan.Rows()
    rows.read = sources.all.reduce(0) { $0 + $1.ingest.rows }
    rows.bad = sources.badRows
    var plan = JobPlan(job: order.job, method: training.method.rawValue, madeAt: Timestamp(nanoseconds: clock.now()), rows: rows)
    plan.steps = training.maximumSteps
    plan.isPreliminary = true
    plan.judge()
    return plan
  }

  /// In a folder of its own: neither the dataset's tokenizations nor the job's tokenizer are touched.
  private func tokens(of sample: RowSample) throws -> RunInputs {
    try files.removeTree(scratch.folder)
    try files.makeFolders(scratch.folder)
    var order = order
    order.folder = scratch.folder.string
    var sources = sample.sources
    for index in sources.parts.indices { sources.parts[index].source = elsewhere(sources.parts[index].source, index) }
    sources.eval = sources.eval.map { elsewhere($0, sources.parts.count) }
    let inputs = try RunPreparation(order: order, files: files, clock: clock, report: { _ in }).inputs(sources)
    return RunInputs(
      configuration: inputs.configuration, tokenizer: inputs.tokenizer, chat: inputs.chat, modelConfiguration: inputs.modelConfiguration,
      work: ScaledWork(sample: inputs.work, extent: sample), identity: inputs.identity, remarks: [], badRows: inputs.badRows)
  }

  private func elsewhere(_ source: DataSource, _ number: Int) -> DataSource {
    var pin = source.pin
    pin.datasetFolder = scratch.folder.appending("\(number)").string
    var moved = DataSource(pin: pin, ingest: source.ingest, reader: source.reader)
    moved.onlySplit = source.onlySplit
    return moved
  }

  /// With the time that steps over the sample take.
  private func measured(_ plan: JobPlan, _ preflight: Preflight, _ runModel: RunModel, tokenizing: Double) throws -> JobPlan {
    let model = try runModel.training(from: nil)
    let objective = try runModel.inputs.work.objective(
      ObjectiveSetting(
        configuration: runModel.inputs.configuration, tokenizer: runModel.inputs.tokenizer, model: model, shape: runModel.shape,
        job: scratch,
        files: files, clock: clock, reference: nil, startModel: runModel.start, allowsCommands: order.allowsRewardCommands ?? false,
        say: { _ in }))
    let rehearsal = Rehearsal(
      objective: objective, model: model, training: runModel.inputs.configuration.training, steps: runModel.shape.steps, clock: clock)
    let outcome = try rehearsal.run()
    let preparation =
      tokenizing
      + runModel.inputs.work.referenceSeconds(
        outcome.cost, runModel.inputs.configuration, steps: runModel.shape.steps)
    return try preflight.measured(plan, outcome, of: objective, preparation: preparation * 0.5...preparation * 2 + 5, answers: 0)
  }
}
