import Domain
import Engines
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Agent and workers are killed at random moments while drops of every form arrive, and the agent is started again each time.
/// In the end there is one of everything, and no reader has ever seen half a file.
///
/// `make test` kills a few times; `make test-kills` five hundred times (`DROPFORGE_KILLS`), with `DROPFORGE_KILLS_SEED` to have
/// one run's choices again, as far as two processes and a disk let them come again.
struct RandomKillTests {
  private static let settings: JSONNode = ["settle_seconds": 0.3, "retry_seconds": 0.1]

  @Test func whatever_is_killed_and_when() async throws {
    let environment = ProcessInfo.processInfo.environment
    let kills = environment["DROPFORGE_KILLS"].flatMap(Int.init) ?? 15
    let seed = environment["DROPFORGE_KILLS_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0..<1_000_000)
    var killing = try await Killing(seed: seed, settings: Self.settings)
    let stopReading = StopRequest()
    let reader = PublishedReader(killing.agent.layout)
    async let reading = reader.run(until: stopReading)
    var failure: (any Error)?
    do {
      for _ in 0..<kills { try await killing.liveAndKill() }
      try await killing.finish()
    } catch {
      failure = error
    }
    stopReading.make()
    let report = await reading
    if let failure { throw failure }
    let complaints = try killing.complaints + RootAudit(killing.agent.layout, killing.dropped).complaints + report.halves
    #expect(complaints == [], "seed \(seed)")
    #expect(report.reads > 0)
    let summary = """
      drops: \(killing.dropped.count); workers killed alone: \(killing.workersKilled); seed: \(seed)
      reads: \(report.reads) in \(report.looks) looks, \(Int(Double(report.looks) / max(report.seconds, 0.001))) looks a second; halves: \(report.halves.count)
      kills survived: \(kills)

      """
    if complaints.isEmpty, let path = environment["DROPFORGE_KILLS_REPORT"] {
      try summary.write(toFile: path, atomically: true, encoding: .utf8)
    }
  }
}

/// The agent under kills, and who feeds it.
private struct Killing {
  private(set) var agent: RunningAgent
  private(set) var dropped: [Dropped] = []
  private(set) var complaints: [String] = []
  private(set) var workersKilled = 0
  private var random: SeededRandom
  private var number = 0
  /// Dropped, and without a verdict yet.
  private var open: [Dropped] = []
  /// Wait for the verdict on another.
  private var held: [Dropped] = []
  /// Kills of workers alone, by the order or folder that they worked on: three make an end of a drop, and rightly.
  private var killsOf: [String: Int] = [:]

  init(seed: UInt64, settings: JSONNode) async throws {
    random = SeededRandom(seed: seed)
    agent = try await RunningAgent.launch(settings: settings)
  }

  /// A life of the agent, from a moment to a second, and its end or a worker's.
  mutating func liveAndKill() async throws {
    // Some are killed while they start and take up what the last one left.
    if Int.random(in: 0..<10, using: &random) < 7 {
      _ = try await Patience.wait(for: "the agent's start") { agent.isAlive ? true : nil }
      try await feed(seconds: Double.random(in: 0...0.8, using: &random))
    } else {
      try await feed(seconds: Double.random(in: 0...0.15, using: &random))
    }
    let process = try await agent.startedProcess()
    let workers = RunningAgent.children(of: process)
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<4:
      if let worker = workers.randomElement(using: &random), let work = Self.work(of: worker), killsOf[work, default: 0] < 2 {
        killsOf[work, default: 0] += 1
        workersKilled += 1
        kill(worker, SIGKILL)
        return
      }
    case 4..<6: for worker in workers { kill(worker, SIGKILL) }  // and the agent before it hears of it
    default: break
    }
    kill(process, SIGKILL)
    try await restart()
  }

  private mutating func restart() async throws {
    let ended = try await agent.ended()
    if ended.code != -SIGKILL { complaints.append("an agent ended by itself with \(ended.code): \(ended.errors.suffix(600))") }
    agent = try await RunningAgent.launch(on: agent.folder)
  }

  /// No more kills: everything comes to its end.
  mutating func finish() async throws {
    _ = try await Patience.wait(for: "what is held back") {
      try feedOnce(isEnding: true)
      return held.isEmpty ? true : nil
    }
    let layout = agent.layout
    let all = dropped
    do {
      _ = try await Patience.wait(for: "the end of everything") { try all.areOver(in: layout) ? true : nil }
    } catch {
      let open = try all.filter { try $0.verdict(in: layout) == nil }.map(\.name)
      complaints.append("\(error); without a verdict: \(open)")
    }
    let ended = try await agent.stop()
    if ended.code != 0 { complaints.append("the agent's stop ended with \(ended.code): \(ended.errors.suffix(600))") }
  }

  private mutating func feed(seconds: Double) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    repeat {
      try feedOnce(isEnding: false)
      try await Task.sleep(for: .milliseconds(5))
    } while ContinuousClock.now < end
  }

  /// Drops what may be dropped. A user who drops without end is held to some drops at a time, and to a few jobs.
  private mutating func feedOnce(isEnding: Bool) throws {
    let layout = agent.layout
    open = try open.filter { try $0.verdict(in: layout) == nil }
    let waiting = held
    held = []
    for drop in waiting { try offer(drop) }
    while !isEnding, open.count < 8 {
      try offer(try DropForms.make(number))
      number += 1
    }
  }

  private mutating func offer(_ drop: Dropped) throws {
    let layout = agent.layout
    if let other = drop.after {
      guard let first = dropped.last(where: { $0.name == other }), try first.verdict(in: layout) != nil else { return held.append(drop) }
      // The verdict on the next version is to be told from the one that stands.
      if drop.name == other || dropped.contains(where: { $0.name == drop.name }) {
        try LinuxFileSystem().removeFile(layout.inbox.receipt(forFileNamed: drop.name))
      }
    }
    try drop.put(into: layout)
    dropped.append(drop)
    open.append(drop)
  }

  private static func work(of worker: pid_t) -> String? {
    let words = (try? Data(contentsOf: URL(filePath: "/proc/\(worker)/cmdline")))?.split(separator: 0) ?? []
    return words.count > 2 ? words.last.map { String(decoding: $0, as: UTF8.self) } : nil
  }
}

/// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
private struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
