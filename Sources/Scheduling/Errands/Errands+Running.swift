import Catalogue
import Domain
import Engines
import Logging
import Platform
import SystemPackage

/// One errand from its start to its end, whatever comes between.
extension Errands {
  func runErrand(_ errand: ErrandRecord) async {
    var rests = false
    do {
      rests = try await attempt(errand)
    } catch {
      log.error("an errand could not be followed", metadata: ["errand": "\(errand.id)", "error": "\(error)"])
      let problem =
        (error as? Problem)
        ?? Problem(
          Self.isOfTheDisk(error) ? Problem.diskErrorCode : "agent.failed", "the agent could not follow the errand",
          mend: "Look into the agent's log; free disk space if it ran out.", cause: "\(error)")
      rests = (try? await fail(errand, problem)) ?? true  // where even this fails it is tried again later
    }
    stops[errand.id] = nil
    wake()
    if rests { await rest(errand.id) }
  }

  private static func isOfTheDisk(_ error: any Error) -> Bool {
    guard let code = (error as? SystemError)?.code else { return false }
    return [.noSpace, .diskQuotaExceeded, .ioError, .readOnlyFileSystem].contains(code)
  }

  /// - Returns: whether it waits for a trouble to pass.
  private func attempt(_ errand: ErrandRecord) async throws -> Bool {
    guard let work = works[errand.kind], let stop = stops[errand.id] else { return false }
    let folder = layout.workspace.errand(errand.id)
    guard try await catalogue.transition(errand: errand.id, from: .pending, to: .running, at: now) else { return false }
    KillPoint.pass(.errandRunning)
    try await announce(errand.id)
    let start: ErrandStart
    do {
      start = try await work.begin(errand, in: folder)
    } catch let problem as Problem {
      return try await fail(errand, problem)
    }
    switch start {
    case .done(let result):
      try await end(errand, .completed, result: result)
      return false
    case .worker(let call, let threads):
      KillPoint.pass(.errandOrdered)
      log.notice("errand starts", metadata: ["errand": "\(errand.id)"])
      let began = clock.monotonic()
      let outcome = await engine.run(call, threads: threads, stop: stop, graceSeconds: settings.stopSeconds) { event in
        await self.hear(event, from: errand.id, after: Double(self.clock.monotonic() - began) / 1e9)
      }
      return try await conclude(errand, work, outcome)
    }
  }

  private func hear(_ event: WorkerEvent, from id: ErrandID, after seconds: Double) {
    switch event {
    case .progress(let progress):
      board.apply(progress, to: id, after: seconds, at: now)
      statusChangeSink.yield()
    case .warning(let text): log.warning("errand", metadata: ["errand": "\(id)", "warning": "\(text)"])
    default: break
    }
  }

  private func conclude(_ errand: ErrandRecord, _ work: any ErrandWork, _ outcome: WorkerOutcome) async throws -> Bool {
    let folder = layout.workspace.errand(errand.id)
    switch outcome {
    case .done:
      KillPoint.pass(.errandReturned)
      let result = try await work.conclude(errand, in: folder)
      KillPoint.pass(.errandConcluded)
      try await end(errand, .completed, result: result)
      return false
    case .refused(let problem): return try await fail(errand, problem)
    case .stopped: return try await cutOff(errand)
    case .crashed(let crash):
      if try await isUnwanted(errand) || isShuttingDown { return try await cutOff(errand) }
      let problem = crash.problem(doing: "\(errand.kind.gerund) '\(errand.about)'")
      log.error("a worker ended without a word", metadata: ["errand": "\(errand.id)", "problem": "\(problem)"])
      if try await catalogue.noteCrash(ofErrand: errand.id) >= 3 { return try await fail(errand, problem) }
      return try await waits(errand, "is tried again at \(again(errand.id)): \(problem.inBrief)")
    }
  }

  /// Its worker was stopped: by a user, or with the agent.
  private func cutOff(_ errand: ErrandRecord) async throws -> Bool {
    if try await isUnwanted(errand) {
      try await end(errand, .cancelled, reason: Self.cancelled)
      return false
    }
    return try await waits(errand, Self.goesOn)
  }

  private func fail(_ errand: ErrandRecord, _ problem: Problem) async throws -> Bool {
    if try await isUnwanted(errand) { return try await cutOff(errand) }
    if works[errand.kind]?.isPassing(problem) == true {
      return try await waits(errand, "waits, and is tried again at \(again(errand.id)): \(problem.inBrief)")
    }
    try await end(errand, .error, reason: problem.description, problem: problem)
    return false
  }

  /// It is pending again, for a while.
  private func waits(_ errand: ErrandRecord, _ reason: String) async throws -> Bool {
    try await works[errand.kind]?.abandon(errand, in: layout.workspace.errand(errand.id))
    try await catalogue.transition(errand: errand.id, from: .running, to: .pending, reason: reason, at: now)
    try await announce(errand.id)
    return true
  }

  private func isUnwanted(_ errand: ErrandRecord) async throws -> Bool { try await catalogue.errand(errand.id)?.isUnwanted == true }

  func end(
    _ errand: ErrandRecord, _ state: ErrandState, reason: String? = nil, problem: Problem? = nil, result: ErrandResult? = nil
  ) async throws {
    if state != .completed { try await works[errand.kind]?.abandon(errand, in: layout.workspace.errand(errand.id)) }
    guard let now = try await catalogue.errand(errand.id)?.state else { return }
    try await catalogue.transition(errand: errand.id, from: now, to: state, reason: reason, problem: problem, result: result, at: self.now)
    KillPoint.pass(.errandEnded)
    try await announce(errand.id)
    if let ended = try await catalogue.errand(errand.id) {
      try await works[errand.kind]?.ended(ended, in: layout.workspace.errand(errand.id))
    }
    log.notice("errand ends", metadata: ["errand": "\(errand.id)", "state": "\(state.rawValue)", "reason": "\(reason ?? "")"])
  }

  /// Each time twice as long, up to five minutes: a server or a network that is down is not asked all the time.
  private func restSeconds(_ id: ErrandID) -> Double { settings.retrySeconds * Double(1 << min(rests[id, default: 0], 6)) }

  private func again(_ id: ErrandID) -> String { (now + restSeconds(id)).timeOfDay }

  /// Holds an errand back until what kept it may have passed. Ends early where the agent stops.
  private func rest(_ id: ErrandID) async {
    if isShuttingDown { return }
    resting.insert(id)
    let seconds = restSeconds(id)
    rests[id, default: 0] += 1
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: .seconds(seconds)) }  // ended by the stop below, or by itself
      group.addTask { await self.stop.wait() }
      await group.next()
      group.cancelAll()
    }
    resting.remove(id)
    wake()
  }
}
