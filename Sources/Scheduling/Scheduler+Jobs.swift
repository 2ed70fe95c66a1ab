import Catalogue
import Domain
import Engines
import Logging
import Platform
import StrictJSON
import SystemPackage

extension Scheduler {
  func decode(_ job: JobRecord) throws -> JobFile {
    let node = try JSONParser.parse(job.file)
    guard let file = JobFile.decode(node, source: .none, fallbackName: job.name.text).0 else {
      throw Problem(
        "job.unreadable", "the job file of '\(job.id)' can no longer be read",
        mend: "Drop it again: this version of Dropforge reads job files differently.")
    }
    return file
  }

  /// One job from its start to its end, whatever comes between.
  func runJob(_ id: JobID) async {
    let found = await attempt(id)
    stops[id] = nil
    stoppingFor[id] = nil
    stoppingForRoom[id] = nil
    running.removeAll { $0 == id }
    wake()
    if found == .noRoom { await waitForRoom(id) }
  }

  private enum Found { case nothingToWaitFor, noRoom }

  private func attempt(_ id: JobID) async -> Found {
    do {
      guard let job = try await catalogue.job(id), job.state == .pending else { return .nothingToWaitFor }
      let prepared: PreparedJob
      do {
        prepared = try await prepare(job)
      } catch let problem as Problem {
        try await end(id, .error, problem.description, problem)
        return .nothingToWaitFor
      }
      try await catalogue.transition(id, from: .pending, to: .preparing, reason: nil, at: now)
      KillPoint.pass(.jobPreparing)
      try await announce(id)
      log.notice("job starts", metadata: ["job": "\(id)", "start": "\(job.starts + 1)"])
      let outcome = await engine.run(
        prepared.call, threads: prepared.pins.threads, stop: stops[id] ?? StopRequest(),
        graceSeconds: settings.stopSeconds
      ) { event in await self.hear(event, from: id) }
      if case .refused(let problem) = outcome, problem.code == Problem.diskFullCode {
        log.warning("a job waits for room on the disk", metadata: ["job": "\(id)", "problem": "\(problem)"])
        try await goOnLater(id, PendingReason.waitingForRoom.sentence)
        return .noRoom
      }
      try await conclude(prepared, outcome)
    } catch {
      log.error("a job could not be followed", metadata: ["job": "\(id)", "error": "\(error)"])
      let problem =
        (error as? Problem)
        ?? Problem(
          "agent.failed", "the agent could not follow the job", mend: "Look into the agent's log; free disk space if it ran out.",
          cause: "\(error)")
      try? await end(id, .error, problem.description, problem)  // the log line above stands where even this fails
    }
    return .nothingToWaitFor
  }

  struct PreparedJob: Sendable {
    var job: JobRecord
    var name: String
    var train: DatasetVersionRecord
    var configuration: Configuration
    var pins: JobPins
    var call: WorkerCall
  }

  /// Looks whether the job can be run, pins what it runs on, and writes its folder.
  private func prepare(_ job: JobRecord) async throws -> PreparedJob {
    let file = try decode(job)
    let needs = try await catalogue.needs(of: file, pinned: job.pins)
    if let first = needs.findings.errors.first {
      throw Problem(
        "config.invalid", "the config of '\(job.id)' has an error", at: .init(field: first.field), why: first.message,
        mend: "Mend it and drop the job again.")
    }
    guard needs.missing == nil, let train = needs.train, let configuration = needs.configuration else {
      throw Problem(
        "job.not-ready", "what '\(job.id)' needs is not here any more", why: needs.missing?.sentence,
        mend: "Drop it again, and the job too.")
    }
    if let task = file.evaluation { return try await prepareEvaluation(job, task, needs, train) }
    for version in (needs.mixture?.map(\.version) ?? [train]) + [needs.eval].compactMap(\.self) {
      if let problem = MethodFit.problem(
        method: configuration.training.method, data: configuration.data, dataset: version.dataset, ingest: version.result,
        rewards: configuration.training.group.rewards ?? [])
      {
        throw problem
      }
    }
    let pins = try job.pins ?? pins(for: needs, train, configuration)
    try await catalogue.noteStart(job.id, pins: pins)
    KillPoint.pass(.jobPinned)
    if let config = pins.config, job.pins == nil {
      try await catalogue.noteUse(ofConfig: config.name, version: config.version, at: now)
      try await reports.config(config.name)
    }
    let folder = layout.workspace.job(job.id)
    for path in folder.folders { try files.makeFolders(path) }
    try files.publish((configuration.node.text(.pretty) + "\n").utf8, to: folder.config)
    let order = TrainOrder(
      job: job.id, name: file.name, folder: folder.folder.string, train: pins.train, mixture: pins.mixture, eval: pins.eval,
      // What was pinned is taken again, though another job of that name may have been completed meanwhile.
      baseModel: pins.model.map { layout.absolute($0.folder).string }, tokenizer: try path(of: needs.tokenizer)?.string,
      threads: pins.threads, allowsRewardCommands: settings.allowsRewardCommands)
    try files.publish(try PublishedJSON.bytes(of: order), to: folder.order)
    KillPoint.pass(.jobOrdered)
    return PreparedJob(job: job, name: file.name, train: train, configuration: configuration, pins: pins, call: .train(folder.folder))
  }

  private func pins(for needs: JobNeeds, _ train: DatasetVersionRecord, _ configuration: Configuration) throws -> JobPins {
    JobPins(
      train: pin(train), mixture: needs.mixture?.map { .init(dataset: pin($0.version), ratio: $0.ratio) }, eval: needs.eval.map(pin),
      config: needs.storedConfig.map { .init(name: $0.name, version: $0.number, sha256: $0.sha256) },
      model: try modelPin(needs.model, name: configuration.model.name),
      threads: configuration.training.threads ?? settings.threads ?? defaultThreads)
  }

  func pin(_ version: DatasetVersionRecord) -> TrainOrder.DatasetPin {
    let dataset = layout.workspace.dataset(version.dataset)
    return .init(
      name: version.dataset, version: version.number, sha256: version.sha256, folder: dataset.version(version.number).folder.string,
      datasetFolder: dataset.folder.string)
  }

  func path(of model: JobNeeds.Model) throws -> FilePath? {
    switch model {
    case .none: nil
    case .dropped(let name, _): layout.workspace.model(name).folder
    case .finishedJob(let id): layout.workspace.job(id).finalModel
    }
  }

  func modelPin(_ model: JobNeeds.Model, name: String) throws -> JobPins.ModelPin? {
    guard let folder = try path(of: model) else { return nil }
    let hash: String
    if case .dropped(_, let sha256) = model {
      hash = sha256
    } else {
      // An adapter's folder holds what was trained, beside the name of its base.
      let names: [FilePath.Component] = ["model.safetensors", "adapter_model.safetensors", "model.safetensors.index.json"]
      guard let weights = names.map({ folder.appending($0) }).first(where: files.exists) else {
        throw Problem("model.no-weights", "the model '\(name)' has no weights in \(layout.relative(folder))", mend: "Train it again.")
      }
      hash = try files.sha256(of: weights).sha256
    }
    return .init(name: name, folder: layout.relative(folder), sha256: hash)
  }

  // MARK: following

  private func hear(_ event: WorkerEvent, from id: JobID) async {
    do {
      if case .warning(let text) = event { log.warning("job", metadata: ["job": "\(id)", "warning": "\(text)"]) }
      if case .tokenized(let dataset, let tokenization) = event { try await reports.tokenized(dataset, tokenization) }
      if case .phase(let phase, _) = event, let job = try await catalogue.job(id), job.state.isRunning, job.state != phase.state {
        try await catalogue.transition(id, from: job.state, to: phase.state, reason: nil, at: now)
        board.apply(event, to: id, at: now)
        try await announce(id)
        return
      }
      board.apply(event, to: id, at: now)
      statusChangeSink.yield()
    } catch {
      log.error("a job's status could not be written", metadata: ["job": "\(id)", "error": "\(error)"])
    }
  }

  private func conclude(_ prepared: PreparedJob, _ outcome: WorkerOutcome) async throws {
    let id = prepared.job.id
    switch outcome {
    case .done:
      KillPoint.pass(.jobReturned)
      if case .evaluate = prepared.call { return try await concludeEvaluation(prepared) }
      let facts = try facts(of: prepared)
      try await reports.outputs(facts)
      if let evaluation = facts.evaluation { try await catalogue.register(evaluation, of: id) }
      try await registerModel(facts, version: prepared.job.number)
      KillPoint.pass(.jobReported)
      crashes[id] = nil
      try await end(id, .completed, facts.metrics.endedEarly.map { "ended early \($0)" }, nil)
    case .refused(let problem): try await end(id, .error, problem.description, problem)
    case .stopped:
      if let wish = stoppingFor[id] {
        try await end(id, wish == .cancel ? .cancelled : .paused, Self.sentence(for: wish), nil)
      } else if let shortage = stoppingForRoom[id] {
        try await hold(id, shortage)
      } else {
        try await goOnLater(id, interruption(of: prepared.job).sentence)
      }
    case .crashed(let crash):
      if isShuttingDown { return try await goOnLater(id, interruption(of: prepared.job).sentence) }
      if stoppingFor[id] == .cancel { return try await end(id, .cancelled, Self.sentence(for: .cancel), nil) }
      let problem = crash.problem(doing: "running '\(id)'")
      log.error("a worker ended without a word", metadata: ["job": "\(id)", "problem": "\(problem)"])
      if crashedTooOften(id) {
        try await end(id, .error, problem.description, problem)
      } else {
        let how = isEvaluation(prepared.job) ? "begins again" : "goes on from its last checkpoint"
        try await goOnLater(id, "\(how): \(problem.what)")
      }
    }
  }

  private func facts(of prepared: PreparedJob) throws -> JobFacts {
    let job = prepared.job
    let metrics = try PublishedJSON.decode(MetricsSummary.self, from: try files.contents(of: layout.workspace.job(job.id).metrics))
    let path = layout.workspace.job(job.id).evaluation
    let evaluation = files.exists(path) ? try PublishedJSON.decode(EvaluationRecord.self, from: try files.contents(of: path)) : nil
    let planned = layout.workspace.job(job.id).plan
    let plan = files.exists(planned) ? try PublishedJSON.decode(JobPlan.self, from: try files.contents(of: planned)) : nil
    return JobFacts(
      id: job.id, name: prepared.name, createdAt: job.createdAt, startedAt: job.startedAt, finishedAt: now,
      configuration: prepared.configuration,
      pins: prepared.pins, metrics: metrics, evaluation: evaluation, plan: plan, trainRows: prepared.train.result.rows,
      trainSchema: prepared.train.result.detected)
  }

  /// Three deaths without a step forward, and the job is given up.
  private func crashedTooOften(_ id: JobID) -> Bool {
    let step = board.status(of: id)?.step ?? 0
    let before = crashes[id]
    let count = before.map { step > $0.step ? 1 : $0.count + 1 } ?? 1
    crashes[id] = (count, step)
    return count >= 3
  }

  func goOnLater(_ id: JobID, _ reason: String) async throws {
    guard let job = try await catalogue.job(id) else { return }
    try await catalogue.transition(id, from: job.state, to: .pending, reason: reason, at: now)
    try await announce(id)
  }

  func end(_ id: JobID, _ state: JobState, _ reason: String?, _ problem: Problem?) async throws {
    guard let job = try await catalogue.job(id) else { return }
    // The machine lets a job complete only from training or evaluating: a worker that was done before it said a phase.
    if state == .completed, job.state == .preparing {
      try await catalogue.transition(id, from: .preparing, to: .training, reason: nil, at: now)
    }
    let from = state == .completed && job.state == .preparing ? .training : job.state
    try await catalogue.transition(id, from: from, to: state, reason: reason, problem: problem, at: now)
    KillPoint.pass(.jobEnded)
    try await announce(id)
    log.notice("job ends", metadata: ["job": "\(id)", "state": "\(state.rawValue)", "reason": "\(reason ?? "")"])
  }
}
