import Catalogue
import Domain
import Engines
import Logging
import Platform
import SystemPackage

/// The agent's side of a drop, from its claim to its receipt: tells what it is, has a worker read it where it is foreign
/// bytes, registers what came of it, and puts every file into its place.
///
/// A drop goes claimed -> decided -> done (Schema/v0001). Up to the decision everything may be done again from the start;
/// from the decision on, `carriedOut` does what is left. So a crash at any instruction loses nothing and makes nothing twice.
package actor Intake {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  let engine: any Engine
  let settings: AgentSettings
  let reports: IntakeReports
  let clock: WallClock
  let log: Logger

  private let arrivals = Mailbox<ClaimedDrop>()
  private let reading = Mailbox<DropToRead>()
  let stop = StopRequest()
  /// Drops that a worker reads or will read, for `status.json`.
  private(set) var open: [DropID: String] = [:]

  package init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, engine: any Engine, settings: AgentSettings, reports: IntakeReports,
    clock: WallClock, log: Logger
  ) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.engine = engine
    self.settings = settings
    self.reports = reports
    self.clock = clock
    self.log = log
  }

  nonisolated var now: Timestamp { Timestamp(nanoseconds: clock.now()) }

  /// Takes over a claimed drop. Returns at once; `run` does the work.
  package nonisolated func receive(_ drop: ClaimedDrop) { arrivals.put(drop) }

  package var openNames: [String] { open.values.sorted() }

  /// Works until `shutDown`. Small JSON is handled in the order of arrival, by itself: archives in the other lanes do not
  /// hold it up.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while let drops = await self.arrivals.take(atMost: Self.groupSize) { await self.handle(drops) }
      }
      for _ in 0..<settings.runningIngests {
        group.addTask {
          let lanes = self.settings.runningIngests
          while let drops = await self.reading.take(atMost: Self.groupSize, takers: lanes, where: \.mayBeReadWithOthers) {
            await self.read(drops)
          }
        }
      }
    }
    await removeClaims()
  }

  /// Drops that are handled together: what costs the same for one and for many, a transaction, an fsync, a process, is shared.
  /// No more, so that the first of ten thousand gets its receipt at once.
  private static let groupSize = 256

  /// No new work; workers that read are stopped. What they were at, and what waits, is done again at the next start.
  package nonisolated func shutDown() {
    stop.make()
    arrivals.close()
    reading.close()
  }

  private func handle(_ drops: [ClaimedDrop]) async {
    for drop in drops { open[drop.id] = drop.name }
    var judged: [Judged] = []
    for look in await look(at: drops) {
      // A job or a request looks around: what came just before it must be there.
      if look.isSmallJSON(otherThan: .config) { await settle(&judged) }
      await attempt(look.drop) {
        switch try look.sorted.get() {
        case .decided(let receipt): await self.carryOut([Decided(drop: look.drop, receipt: receipt)])
        case .sorted(.foreign(let kind)): self.reading.put(DropToRead(drop: look.drop, kind: kind))
        case .sorted(.json(let kind, let document)): judged.append(try await self.judge(look.drop, kind, document))
        case .sorted(.refused(let problem, let kind)): judged.append(self.rejection(of: look.drop, kind: kind, problem))
        }
      }
    }
    await settle(&judged)
  }

  /// Sorts drops and makes durable what is decided by a look. Whoever wrote them need not have made their bytes durable, and a
  /// receipt promises them.
  @concurrent
  private nonisolated func look(at drops: [ClaimedDrop]) async -> [Look] {
    var decided: [DropID: Receipt] = [:]
    do {
      // The fate of one may stand already, and only carrying it out was interrupted: by an error a moment ago, or by the end of an agent.
      decided = try await catalogue.verdicts(on: drops.map(\.id))
    } catch {
      return drops.map { Look(drop: $0, sorted: .failure(error)) }
    }
    let looks = drops.map { drop in
      Look(
        drop: drop,
        sorted: Result {
          if let receipt = decided[drop.id] { return .decided(receipt) }
          if let refusal = drop.refusal { return .sorted(.refused(refusal, drop.kind)) }
          return .sorted(try DropSorter(files: files).sort(drop.path, kind: drop.kind, isFolder: drop.isFolder, size: drop.size))
        })
    }
    let failures = makeDurable(looks.filter(\.isToBeJudged).map(\.drop))
    return looks.map { look in
      guard let error = failures[look.drop.id] else { return look }
      return Look(drop: look.drop, sorted: .failure(error))
    }
  }

  /// Makes drops durable together, and one by one where that fails: then it is known of which it cannot be done.
  nonisolated func makeDurable(_ drops: [ClaimedDrop]) -> [DropID: any Error] {
    let syncs = GroupedSyncs(files, count: drops.count)
    do {
      for drop in drops { try makeDurable(drop, syncs) }
      try syncs.flush()
      return [:]
    } catch {
      var failures: [DropID: any Error] = [:]
      for drop in drops {
        do { try makeDurable(drop, files) } catch { failures[drop.id] = error }
      }
      return failures
    }
  }

  nonisolated func makeDurable(_ drop: ClaimedDrop, _ files: any FileSystem) throws {
    try files.makeDurable(drop.path, spare: layout.inbox.spare(drop.id))
    KillPoint.pass(.originalDurable)
  }

  /// Enters verdicts in the catalogue and carries them out.
  func settle(_ judged: inout [Judged]) async {
    let group = judged
    judged = []
    if group.isEmpty { return }
    do {
      let results = try await catalogue.enter(group.map(\.entry))
      var decided: [Decided] = []
      for (one, result) in zip(group, results) {
        switch result {
        case .success(let receipt): decided.append(Decided(drop: one.drop, receipt: receipt, next: one.next))
        case .failure(let error): await postpone(one.drop, error)
        }
      }
      await carryOut(decided)
    } catch {
      for one in group { await postpone(one.drop, error) }
    }
  }

  private func carryOut(_ decided: [Decided]) async {
    if decided.isEmpty { return }
    let postponed = await carriedOut(decided)
    for one in postponed { await postpone(one.drop, one.error) }
    let failed = Set(postponed.map(\.drop.id))
    var bringsChange = false
    for one in decided where !failed.contains(one.drop.id) {
      open[one.drop.id] = nil
      claims.append(one)
      tell(one.receipt)
      // Also the same bytes again: another name may mean them now, which a job waits for.
      if one.receipt.status != .rejected { bringsChange = true }
      if let next = one.next { receive(next) }
    }
    if bringsChange { await reports.changed() }
    // Not while there is more to take in: ext4 keeps from using an inode again for a minute and more, and steps over each that
    // was freed then for each file that it makes.
    if arrivals.isEmpty, reading.isEmpty { await removeClaims() }
  }

  /// Claims of drops that are done: nothing is in them any more.
  private var claims: [Decided] = []

  private func removeClaims() async {
    let done = claims
    claims = []
    for one in await removeClaims(of: done) { await postpone(one.drop, one.error) }
  }

  private func tell(_ receipt: Receipt) {
    let what = ["drop": "\(receipt.name)", "kind": "\(receipt.kind?.rawValue ?? "unknown")"] as Logger.Metadata
    if let problem = receipt.problem {
      log.notice("\(receipt.status.rawValue)", metadata: what.merging(["code": "\(problem.code)"]) { $1 })
    } else {
      log.notice("\(receipt.status.rawValue)", metadata: what.merging(["is": "\(receipt.result ?? "")"]) { $1 })
    }
  }

  /// Runs a step; whatever goes wrong beyond a verdict leaves the drop claimed, says so, and is tried again.
  func attempt(_ drop: ClaimedDrop, _ step: () async throws -> Void) async {
    do {
      try await step()
    } catch {
      await postpone(drop, error)
    }
  }

  private func postpone(_ drop: ClaimedDrop, _ error: any Error) async {
    if error is CancellationError {
      open[drop.id] = nil  // the agent stops; recovery takes the drop up again
      return
    }
    log.error("a drop cannot be taken in yet", metadata: ["drop": "\(drop.name)", "id": "\(drop.id)", "error": "\(error)"])
    let problem = trouble(error, with: drop)
    let receipt = Receipt(
      id: drop.id, name: drop.name, kind: drop.kind, status: .waiting, receivedAt: drop.receivedAt, decidedAt: now, size: drop.size,
      message:
        "It is kept in \(layout.relative(layout.inbox.claim(drop.id))) and tried again every \(Figures.general(settings.retrySeconds)) seconds: \(problem?.description ?? "\(error)")",
      problem: problem)
    try? await reports.receipts([receipt])  // the disk may be what fails; the log line above stands
    retryLater(drop)
  }

  /// What keeps a drop from being taken in, where that can be said.
  private func trouble(_ error: any Error, with drop: ClaimedDrop) -> Problem? {
    let problem = (error as? RepeatLater)?.problem ?? (error as? Problem) ?? (error as? SystemError).map { Problem(storing: $0) }
    guard let problem, problem.code == Problem.diskFullCode, let space = try? files.space(at: layout.root) else { return problem }
    return Problem(diskFull: space, for: drop, cause: problem.cause ?? problem.what)
  }

  /// Workers' ends that a full disk kept from the catalogue: not noted, they would count as ends of the agent.
  private var unnotedEnds: [DropID] = []

  /// Notes the ends of workers, and those that are still to be noted.
  func noteEnds(_ ids: [DropID]) async throws {
    let due = unnotedEnds + ids
    if due.isEmpty { return }
    unnotedEnds = []
    do {
      try await catalogue.noteEnds(due)
    } catch {
      unnotedEnds += due
      throw error
    }
  }

  private var retries: [DropID: Task<Void, Never>] = [:]

  private func retryLater(_ drop: ClaimedDrop) {
    // Owned: kept in `retries` until it has run; ends at once when the intake shuts down, its stream being finished.
    retries[drop.id] = Task {
      try? await Task.sleep(for: .seconds(settings.retrySeconds))
      retries[drop.id] = nil
      receive(drop)
    }
  }
}

/// Work on a drop that did not come to a verdict and is to be tried again.
struct RepeatLater: Error, CustomStringConvertible {
  let problem: Problem
  var description: String { problem.description }
}
