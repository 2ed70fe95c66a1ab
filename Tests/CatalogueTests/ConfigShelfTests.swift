import Catalogue
import Domain
import TestSupport
import Testing

struct ConfigShelfTests {
  private let name = SafeName(from: "small")
  private static let jobOnConfig = #"{"name": "tiny", "dataset": "rows", "config": "small@1"}"#

  @Test func a_card_tells_of_every_version() async throws {
    let ledger = try Ledger()
    try await ledger.config("small", drop: 1, body: "{1}", findings: [Finding(.warning, "a.b", "x")])
    try await ledger.config("small", drop: 2, body: "{2}")
    try await ledger.catalogue.noteUse(ofConfig: name, version: 1, at: Ledger.time + 5)
    try await ledger.catalogue.noteUse(ofConfig: name, version: 2, at: Ledger.time + 9)
    let card = try #require(await ledger.catalogue.configCard(name))
    #expect(card.version == 2 && card.versions.map(\.version) == [1, 2] && card.timesUsed == 2 && card.lastUsedAt == Ledger.time + 9)
    #expect(card.findings.isEmpty && card.versions.first?.findings.count == 1 && card.isValid)
    #expect(try await ledger.catalogue.configNames() == [name])
    #expect(try await ledger.catalogue.configCard(SafeName(from: "other")) == nil)
  }

  @Test func a_config_goes_unless_a_job_that_is_not_over_uses_it() async throws {
    let ledger = try Ledger()
    try await ledger.config("small", drop: 1, body: "{1}")
    let job = try await ledger.job("tiny", drop: 2, file: Self.jobOnConfig)
    #expect(try await ledger.catalogue.deleteConfig(name, isForced: false) == .inUse([job]))
    #expect(try await ledger.catalogue.config(name, version: nil) != nil)
    try await ledger.lead(job, through: .cancelled)
    #expect(try await ledger.catalogue.deleteConfig(name, isForced: false) == .done(versions: 1))
    #expect(try await ledger.catalogue.deleteConfig(name, isForced: false) == .unknown)
  }

  @Test func force_deletes_what_is_used() async throws {
    let ledger = try Ledger()
    try await ledger.config("small", drop: 1, body: "{1}")
    try await ledger.job("tiny", drop: 2, file: Self.jobOnConfig)
    #expect(try await ledger.catalogue.deleteConfig(name, isForced: true) == .done(versions: 1))
  }

  @Test func a_config_gets_another_name_with_all_its_versions() async throws {
    let ledger = try Ledger()
    let new = SafeName(from: "large")
    try await ledger.config("small", drop: 1, body: "{1}")
    try await ledger.config("small", drop: 2, body: "{2}")
    try await ledger.config("taken", drop: 3, body: "{3}")
    #expect(try await ledger.catalogue.renameConfig(name, to: SafeName(from: "taken"), isForced: true) == .nameTaken)
    let job = try await ledger.job("tiny", drop: 4, file: Self.jobOnConfig)
    #expect(try await ledger.catalogue.renameConfig(name, to: new, isForced: false) == .inUse([job]))
    #expect(try await ledger.catalogue.renameConfig(name, to: new, isForced: true) == .done(versions: 2))
    #expect(try await ledger.catalogue.config(new, version: 1)?.body == "{1}")
    #expect(try await ledger.catalogue.renameConfig(name, to: new, isForced: true) == .unknown)
  }
}

struct QueueRecordTests {
  @Test func only_jobs_that_run_or_are_ready_are_ahead() async throws {
    let ledger = try Ledger()
    #expect(try await ledger.catalogue.jobsAhead(ofPriority: 0) == 0)
    let running = try await ledger.job("a", drop: 1)
    let ready = try await ledger.job("b", drop: 2)
    let waits = try await ledger.job("c", drop: 3)
    let paused = try await ledger.job("d", drop: 4)
    try await ledger.lead(running, through: .preparing)
    try await ledger.lead(paused, through: .paused)
    try await ledger.catalogue.setReason(waits, "waiting for the dataset 'x'", waits: true)
    #expect(try await ledger.catalogue.jobsAhead(ofPriority: 0) == 2)
    #expect(try await ledger.catalogue.jobsAhead(ofPriority: 1) == 1)
    try await ledger.catalogue.setReason(waits, "queued behind 2 jobs")
    #expect(try await ledger.catalogue.jobsAhead(ofPriority: 0) == 3)
    try await ledger.lead(ready, through: .cancelled)
    #expect(try await ledger.catalogue.jobsAhead(ofPriority: 0) == 2)
  }

  @Test func a_sweeps_jobs_come_in_the_order_of_its_points() async throws {
    let ledger = try Ledger()
    let drop = Specimen.drop(9)
    let files = (1...11).map { Specimen.jobFile("job \($0)") }
    let id = try await ledger.catalogue.registerSweep(
      named: SafeName(from: "lr"), drop: drop, file: "{}", priority: 0, reason: "starts next", waits: false, at: Ledger.time,
      files: { _ in files }, receipt: { _, _ in Specimen.receipt(drop, kind: .job) })
    #expect(id.text == "lr-sweep-1")
    let names = (1...11).map { "lr-sweep-1-\($0)" }
    #expect(try await ledger.catalogue.jobs(of: id).map(\.id.text) == names)
    #expect(try await ledger.catalogue.openJobs().map(\.id.text) == names)
    #expect(try await ledger.catalogue.openSweeps() == [id])
    #expect(try await ledger.catalogue.sweep(called: "lr")?.id == id)
    #expect(try await ledger.catalogue.sweep(called: "lr-sweep-1")?.file == "{}")
    #expect(try await ledger.catalogue.sweep(called: "other") == nil)
    for job in try await ledger.catalogue.jobs(of: id) { try await ledger.lead(job.id, through: .cancelled) }
    // Until it was looked which of them is the best.
    #expect(try await ledger.catalogue.openSweeps() == [id])
    let rows = try names.map {
      SweepResults.Row(job: try #require(JobID($0)), state: $0 == names[3] ? .completed : .cancelled, values: [:], score: 1)
    }
    try await ledger.catalogue.note(
      SweepResults(
        id: id, name: "lr", search: "grid", metric: "eval_loss", isLessBetter: true, axes: [], rows: rows, updatedAt: Ledger.time))
    #expect(try await ledger.catalogue.openSweeps().isEmpty)
    let over = try #require(await ledger.catalogue.sweep(called: "lr"))
    #expect(over.isOver && over.winner?.text == names[3])
  }
}
