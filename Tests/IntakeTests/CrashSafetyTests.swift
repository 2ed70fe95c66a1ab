import Catalogue
import Domain
import Engines
import Intake
import Platform
import SystemPackage
import TestSupport
import Testing

/// The agent is killed, or its disk refuses, at every call that changes something: in the end there is one of everything.
struct CrashSafetyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var kind: DropKind?
    var verdict: Receipt.Verdict
    var testDescription: String { "\(verdict) \(name)" }
  }

  static let cases = [
    Case(name: "rows.csv", text: "first row\nsecond row\n", kind: .dataset, verdict: .accepted),
    Case(name: "small.json", text: Specimen.config, kind: .config, verdict: .accepted),
    Case(name: "tiny.json", text: Specimen.jobFile("tiny"), kind: .job, verdict: .accepted),
    Case(name: "qwen.tar.gz", text: "packed", kind: .model, verdict: .accepted),
    Case(name: "rescan.json", text: #"{"action": "rescan"}"#, kind: .request, verdict: .accepted),
    Case(name: "bad.csv", text: "a,b\n\(FakeReading.refused)\n", kind: .dataset, verdict: .rejected),
    Case(name: "bad.json", text: "{\"training\": }", kind: .config, verdict: .rejected),
  ]

  @Test(arguments: cases)
  func wherever_the_agent_is_killed_the_next_one_ends_the_work(drop: Case) async throws {
    var points = 0
    for k in 1...200 {
      let reception = try Reception()
      let claim = try reception.claim(drop.text, as: drop.name, into: drop.kind)
      let files = FaultyFileSystem()
      let killed = FakeEngine { work in
        files.hasFailed ? .crashed(.init(signal: 9, exitCode: nil, lastWords: "")) : await FakeReading.read(work)
      }
      try await reception.live(files: files, engine: killed, retrySeconds: 3_600) { life in
        files.stop(at: k)
        life.intake.receive(claim)
        _ = await life.told.receipt { $0.id == claim.id }
      }
      guard files.hasFailed else { break }
      points += 1
      checkOriginal(drop, reception.standing(), "killed at call \(k)")
      try await reception.live(recovers: true) { life in
        if try await life.catalogue.drop(claim.id)?.state != .done { _ = await life.told.verdict(on: claim.id) }
      }
      try await checkEnd(drop, claim.id, reception, "killed at call \(k)")
    }
    #expect(points > 8, "calls at which it was killed")
  }

  @Test(arguments: cases)
  func whichever_call_fails_once_the_same_agent_ends_the_work(drop: Case) async throws {
    var points = 0
    for k in 1...200 {
      let reception = try Reception()
      let claim = try reception.claim(drop.text, as: drop.name, into: drop.kind)
      let files = FaultyFileSystem()
      try await reception.live(files: files) { life in
        files.fail(.noSpace, at: k)
        life.intake.receive(claim)
        // Published is not over yet: the claim is removed last, and that can fail too.
        while !Task.isCancelled {
          _ = await life.told.verdict(on: claim.id)
          if !FaultyFileSystem().exists(reception.inbox.claim(claim.id)) { break }
          try await Task.sleep(for: .milliseconds(1))  // nobody tells of the removal
        }
      }
      guard files.hasFailed else { break }
      points += 1
      try await checkEnd(drop, claim.id, reception, "call \(k) failed")
    }
    #expect(points > 8, "calls that failed")
  }

  /// One of everything, everything in its place, nothing left over.
  private func checkEnd(_ drop: Case, _ id: DropID, _ reception: Reception, _ when: String) async throws {
    let standing = reception.standing()
    #expect(standing.leftovers == [], "\(when)")
    let receipt = try #require(try reception.receipt(drop.name), "\(when)")
    #expect(receipt.id == id && receipt.status == drop.verdict, "\(when): \(receipt)")
    #expect(standing.files.keys.filter { $0.hasPrefix("inbox/receipts/") }.count == 1, "\(when)")
    checkOriginal(drop, standing, when)
    let place = try #require(receipt.path)
    #expect(FaultyFileSystem().exists(reception.root.layout.absolute(place)), "\(when): nothing at \(place)")
    let catalogue = try Catalogue(path: reception.workspace.catalogue.string)
    defer { try? catalogue.close() }
    #expect(try await catalogue.drop(id)?.state == .done, "\(when)")
    #expect(try await catalogue.openDrops().isEmpty, "\(when)")
    let expected = Specimen.standing(after: drop)
    #expect(standing.names.map { $0.replacing(id.text, with: "ID") } == expected, "\(when)")
    switch (drop.verdict, drop.kind) {
    case (.accepted, .dataset):
      #expect(try await catalogue.datasetVersions(of: SafeName(from: "rows")).map(\.isStored) == [true], "\(when)")
    case (.accepted, .config): #expect(try await catalogue.config(SafeName(from: "small"), version: nil)?.number == 1, "\(when)")
    case (.accepted, .job): #expect(try await catalogue.openJobs().map(\.id.text) == ["tiny-1"], "\(when)")
    case (.accepted, .model): #expect(try await catalogue.model(SafeName(from: "qwen")) != nil, "\(when)")
    default:
      let counts = try await catalogue.counts()
      #expect(counts.datasets == 0 && counts.jobs == 0, "\(when)")
    }
  }

  /// The dropped bytes stand in exactly one place at every moment. `config.json` is a view of them.
  private func checkOriginal(_ drop: Case, _ standing: Standing, _ when: String) {
    let places = standing.files.filter { $0.value == drop.text && !$0.key.hasSuffix("/config.json") && !$0.key.contains(".publishing") }
      .keys.sorted()
    let copies = places.filter { !$0.hasPrefix("workspace/.staging/") && !$0.hasSuffix("/files/config.json") }
    #expect(copies.count == 1, "\(when): \(places)")
  }
}

extension Specimen {
  /// Every file that is to stand in the end, without receipts and catalogue.
  fileprivate static func standing(after drop: CrashSafetyTests.Case) -> [String] {
    let time = "20261121T074803Z"
    switch (drop.verdict, drop.kind) {
    case (.rejected, _):
      return ["inbox/rejected/\(time)-\(drop.name)-0001/REASON.md", "inbox/rejected/\(time)-\(drop.name)-0001/\(drop.name)"]
    case (_, .dataset):
      return ["dataset.json", "versions/1/data/train.jsonl", "versions/1/ingest.json", "versions/1/original/rows.csv"].map {
        "workspace/datasets/rows/\($0)"
      }
    case (_, .config): return ["config.json", "validation.json", "versions/1.json"].map { "workspace/configs/small/\($0)" }
    case (_, .job): return ["workspace/jobs/tiny-1/job.json"]
    case (_, .model): return ["config.json", "model.json", "original/qwen.tar.gz"].map { "workspace/models/qwen/\($0)" }
    default: return ["workspace/requests/ID.json"]
    }
  }
}
