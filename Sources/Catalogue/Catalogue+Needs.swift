import Domain
import StrictJSON

/// What a job needs of the workspace, as far as it is here.
package struct JobNeeds: Sendable, Equatable {
  package var train: DatasetVersionRecord?
  /// Where the job mixes several datasets: those that are here, in its order, `train` the first.
  package var mixture: [Part]?
  package var eval: DatasetVersionRecord?
  /// With the job's overrides laid over it; nil where the stored config is not here.
  package var configuration: Configuration?
  package var storedConfig: ConfigRecord?
  package var model: Model = .none
  /// The model whose tokenizer is used, where the config names one.
  package var tokenizer: Model = .none
  /// Of the config and the overrides.
  package var findings: [Finding] = []
  /// The first thing that is not here; nil: the job can run.
  package var missing: PendingReason?
  /// Why it never will: the job that it was to come after did not get there.
  package var impossible: Problem?

  package struct Part: Sendable, Equatable {
    package var version: DatasetVersionRecord
    package var ratio: Double
  }

  package enum Model: Sendable, Equatable {
    /// Made from nothing.
    case none
    case dropped(SafeName, sha256: String)
    case finishedJob(JobID)
  }
}

extension Catalogue {
  /// Looks up everything that a job names.
  ///
  /// - Parameters:
  ///   - pinned: the versions that an earlier start used: they are taken again.
  ///   - source: the job file's text, to name lines in findings.
  package func needs(of job: JobFile, pinned: JobPins? = nil, source: ConfigSource = .none) async throws -> JobNeeds {
    var needs = JobNeeds()
    var missing: [PendingReason] = []
    switch job.dataset {
    case .one where job.isDatasetGenerated: break  // named by what the config makes, below
    case .one(let name):
      needs.train = try await version(called: name, pinned: pinned?.train)
      if needs.train == nil { missing.append(.waitingForDataset(name)) }
    case .trainAndEval(let train, let eval):
      needs.train = try await version(called: train, pinned: pinned?.train)
      needs.eval = try await version(called: eval, pinned: pinned?.eval)
      if needs.train == nil { missing.append(.waitingForDataset(train)) }
      if needs.eval == nil { missing.append(.waitingForDataset(eval)) }
    case .mixture(let parts, let eval):
      var found: [JobNeeds.Part] = []
      for (index, part) in parts.enumerated() {
        let pin = pinned?.mixture.flatMap { $0.indices.contains(index) ? $0[index].dataset : nil }
        if let version = try await version(called: part.name, pinned: pin) {
          found.append(.init(version: version, ratio: part.ratio))
        } else {
          missing.append(.waitingForDataset(part.name))
        }
      }
      needs.train = found.first?.version
      needs.mixture = found
      if let eval {
        needs.eval = try await version(called: eval, pinned: pinned?.eval)
        if needs.eval == nil { missing.append(.waitingForDataset(eval)) }
      }
    }
    if let after = job.after, pinned == nil { try await look(for: after, &needs, &missing) }
    if let (node, lines) = try await config(of: job, pinned: pinned, source: source, &needs, &missing) {
      let (overlaid, overrideFindings) = job.applyOverrides(to: node)
      let (configuration, findings) = Configuration.decode(overlaid, source: lines)
      needs.findings = overrideFindings + findings
      needs.configuration = configuration
      if let generated = job.generatedRows(configuration) {
        needs.train = try await version(called: generated.dataset.text, pinned: pinned?.train)
        if needs.train == nil { missing.append(.waitingForDataset(generated.dataset.text)) }
      }
      needs.model = try await model(called: configuration.model.isScratch ? nil : configuration.model.name, &missing, &needs.impossible)
      if case .dropped(let name, _) = needs.model, try await self.model(name)?.card.isLoneTokenizer == true {
        needs.impossible = Self.noWeights(name)
      }
      if case .modules? = configuration.training.adapterTargets, let family = try await family(of: needs.model) {
        needs.findings += configuration.adapterFindings(base: configuration.model.name, architecture: family)
      }
      let tokenizer = configuration.tokenizer.name
      needs.tokenizer = try await model(
        called: TokenizerSection.madeHere.contains(tokenizer ?? "") ? nil : tokenizer, &missing, &needs.impossible)
    }
    needs.missing = missing.first
    return needs
  }

  private func config(
    of job: JobFile, pinned: JobPins?, source: ConfigSource, _ needs: inout JobNeeds, _ missing: inout [PendingReason]
  ) async throws -> (JSONNode, ConfigSource)? {
    switch job.config {
    // Lines can be named where the config stands in the job file itself, as it was written.
    case .inline(let node): return (node, job.overrides.isEmpty ? source : .none)
    case .stored(let name, let version):
      needs.storedConfig = try await config(SafeName(from: name), version: pinned?.config?.version ?? version)
      guard let stored = needs.storedConfig else {
        missing.append(.waitingForConfig(version.map { "\(name)@\($0)" } ?? name))
        return nil
      }
      return (try JSONParser.parse(stored.body), .none)
    }
  }

  private func model(
    called name: String?, _ missing: inout [PendingReason], _ impossible: inout Problem?
  ) async throws -> JobNeeds.Model {
    guard let name else { return .none }
    if let dropped = try await model(SafeName(from: name)) { return .dropped(SafeName(from: name), sha256: dropped.sha256) }
    if let sweep = try await sweep(meantBy: name) {
      // Its name means the best of its jobs, which is known when all are over.
      guard sweep.isOver else {
        missing.append(.waitingForSweep(sweep.id.text))
        return .none
      }
      if let winner = sweep.winner { return .finishedJob(winner) }
      impossible = Self.noWinner(sweep)
      return .none
    }
    if let finished = try await completedJob(called: name) { return .finishedJob(finished.id) }
    // A job that is still to come or to end is waited for like any other thing.
    if let open = try await self.job(called: name), !open.state.isFinal {
      missing.append(.waitingForJob(open.id.text, state: open.state))
    } else {
      missing.append(.waitingForModel(name))
    }
    return .none
  }

  private static func noWeights(_ name: SafeName) -> Problem {
    Problem(
      "model.lone-tokenizer", "'\(name)' is a tokenizer without a model: it has no weights to go on from",
      mend: "Write \"tokenizer\": {\"name\": \"\(name)\"} in the config, and as \"model\" one that is here, or \"scratch\".")
  }

  private static func noWinner(_ sweep: SweepRecord) -> Problem {
    Problem(
      "sweep.no-winner",
      "the sweep '\(sweep.id)' was to be completed before, and none of its jobs was completed with a result to choose by",
      why: "how each of them ended stands in sweep.json, in its folder", mend: "Mend its job file and drop it again, and this one after it."
    )
  }

  /// The family of a model that is here: its card says it, or the config of the job that made it, or that of the job's own base.
  private func family(of model: JobNeeds.Model) async throws -> ModelArchitecture? {
    var model = model
    // As many jobs as nobody chains.
    for _ in 0..<100 {
      switch model {
      case .none: return nil
      case .dropped(let name, _): return try await self.model(name).flatMap { ModelArchitecture(rawValue: $0.card.architecture) }
      case .finishedJob(let id):
        guard let job = try await job(id), let node = try? JSONParser.parse(job.file),  // unreadable: told when it is to start
          let file = JobFile.decode(node, source: .none, fallbackName: job.name.text).0
        else { return nil }
        let needs = try await needs(of: file, pinned: job.pins)
        guard let made = needs.configuration?.model else { return nil }
        if made.isScratch { return made.architecture ?? .llama }
        model = needs.model
      }
    }
    return nil
  }

  /// The job that this one comes after, the newest of that name; or a sweep, all of whose jobs it comes after.
  private func look(for name: String, _ needs: inout JobNeeds, _ missing: inout [PendingReason]) async throws {
    if let sweep = try await sweep(meantBy: name) {
      if !sweep.isOver {
        missing.append(.waitingForSweep(sweep.id.text))
      } else if sweep.winner == nil {
        needs.impossible = Self.noWinner(sweep)
      }
      return
    }
    guard let before = try await job(called: name) else { return missing.append(.waitingForJob(name, state: nil)) }
    switch before.state {
    case .completed: break
    case .error, .cancelled:
      needs.impossible = Problem(
        "job.after-failed", "the job '\(before.id)' was to be completed before, and it is \(before.state.rawValue)",
        at: .init(field: "after"), why: before.reason,
        mend: "Mend that job and drop it again, and this one after it.")
    default: missing.append(.waitingForJob(before.id.text, state: before.state))
    }
  }

  private func version(called name: String, pinned: TrainOrder.DatasetPin?) async throws -> DatasetVersionRecord? {
    if let pinned { return try await version(pinned.version, of: pinned.name) }
    return try await latestStoredVersion(of: SafeName(from: name))
  }
}
