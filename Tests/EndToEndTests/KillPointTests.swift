import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// One of the two programs is killed once at each named step between a drop's arrival and its receipt, and between a job's
/// start and its end. The agent is started again; then there is one of everything.
struct KillPointTests {
  private static let settings: JSONNode = ["settle_seconds": 0.5, "retry_seconds": 0.1]

  /// Those of downloads have tests with a Hub beside them.
  private static let notDropped: Set<KillPoint> = [
    .publishWritten, .publishRenamed, .downloadPlanned, .downloadSaved, .downloadClaimed,
  ]

  @Test(arguments: KillPoint.allCases.filter { !notDropped.contains($0) })
  func killed_at(point: KillPoint) async throws { try await kill(at: point, time: 1) }

  /// Every file that is published on the way: the agent's own status first, then orders, cards, receipts.
  @Test(arguments: [KillPoint.publishWritten, .publishRenamed], [1, 2, 3, 4, 5, 6])
  func killed_while_publishing(point: KillPoint, time: Int) async throws { try await kill(at: point, time: time) }

  @Test func every_point_stands_in_the_documentation() throws {
    let page = try #require(try SourceFile("docs/watching.md")).text
    for point in KillPoint.allCases { #expect(page.contains("`\(point.rawValue)`"), "\(point.rawValue)") }
  }

  @Test func a_name_that_is_no_point_is_refused() async throws {
    let folder = try TemporaryFolder()
    let ended = try await Programs.run(["init", folder.path.string], environment: [KillPoint.variable: "decide"])
    #expect(ended.code == 64)
    #expect(ended.errors.hasPrefix("DROPFORGE_KILL_AT: 'decide' is no kill point; there are claim-prepared, claim-moved, "))
    #expect(ended.errors.hasSuffix(", errand-ended, and :n for the n-th time\n"))
  }

  private static let inWorker: Set<KillPoint> = [
    .ingestBegun, .ingestRead, .ingestWhole, .modelExtracted, .modelInspected, .tokensWritten, .checkpointMade, .checkpointMoved,
    .finalModelMade, .finalModelMoved, .summaryPublished,
  ]

  private func kill(at point: KillPoint, time: Int) async throws {
    let (folder, elsewhere) = (try TemporaryFolder(), try TemporaryFolder())
    let mark = elsewhere.path.appending("killed")
    let environment = [KillPoint.variable: "\(point.rawValue):\(time)", KillPoint.markVariable: mark.string]
    let wasKilled = { FileManager.default.fileExists(atPath: mark.string) }
    var agent = try await RunningAgent.launch(on: folder, settings: Self.settings, environment: environment)
    var isFirst = true
    /// Waits; where the agent is what was killed, starts it again and waits on.
    func wait(for what: String, _ ask: () throws -> Bool) async throws {
      let isThere = try await Patience.wait(for: "\(what), \(point)") { () -> Bool? in
        if try ask() { return true }
        return isFirst && wasKilled() && !agent.isAlive ? false : nil
      }
      if isThere { return }
      isFirst = false
      #expect(try await agent.ended().code == -SIGKILL)
      agent = try await RunningAgent.launch(on: folder, environment: environment)
      _ = try await Patience.wait(for: "\(what), \(point), after the kill") { try ask() ? true : nil }
    }
    let drops = try Self.drops(for: point)
    for drop in drops {
      try drop.put(into: agent.layout)
      try await wait(for: "the receipt of \(drop.name)") { try drop.verdict(in: agent.layout) != nil }
    }
    try await wait(for: "the end of everything") { try drops.areOver(in: agent.layout) }
    try await wait(for: "the kill", wasKilled)  // some points lie behind the last thing that a user sees
    if isFirst, !Self.inWorker.contains(point) {
      #expect(try await agent.ended().code == -SIGKILL)
      agent = try await RunningAgent.launch(on: folder, environment: environment)
    }
    _ = try await Patience.wait(for: "the agent's status") { try agent.isReady ? true : nil }
    let ended = try await agent.stop()
    #expect(ended.code == 0, "\(ended.errors)")
    #expect(wasKilled(), "\(point) was never reached")
    #expect(try RootAudit(agent.layout, drops).complaints == [])
  }

  /// What comes by the point.
  private static func drops(for point: KillPoint) throws -> [Dropped] {
    let rows = Dropped("rows.txt", "first row\nsecond row\n", into: .dataset, .dataset)
    switch point {
    case .sidecarClaimedAnew:
      // The version that the sidecar has made anew has the same bytes, by a hard link.
      return [rows, Dropped("rows.dataset.json", #"{"text_rows": "line"}"#, into: .dataset, .sidecar)]
    case .requestCarriedOut: return [Dropped("look.json", #"{"action": "rescan"}"#, into: .request, .request)]
    case .modelExtracted, .modelInspected: return [try DropForms.model(1)]
    case .jobPinned, .jobOrdered, .jobPreparing, .jobReturned, .jobReported, .jobEnded, .tokensWritten, .checkpointMade, .checkpointMoved,
      .finalModelMade, .finalModelMoved, .summaryPublished:
      return [
        Dropped("sums.txt", Jobs.text, into: .dataset, .dataset),
        Dropped("tiny.json", Jobs.file("tiny", dataset: "sums", steps: 10), into: .job, .job),
      ]
    case .errandRunning, .errandOrdered, .errandReturned, .errandConcluded, .errandEnded:
      return [
        rows,
        Dropped(
          "tokens.json", #"{"action": "tokenize", "dataset": "rows", "tokenizer": "byte"}"#, into: .request, .request, after: "rows.txt"),
      ]
    default: return [rows, Dropped("bad.csv", "a,b\n1\n2\n3\n", into: .dataset, .rejected)]
    }
  }
}
