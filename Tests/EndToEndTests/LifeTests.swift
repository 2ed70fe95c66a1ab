import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Stopping, killing, cancelling, pausing.
struct LifeTests {
  private static let long = Jobs.file(
    "long", dataset: "sums", steps: 400, training: ["recovery_seconds": 0.2, "logging_steps": 20, "eval_steps": 100])

  @Test func a_run_that_is_killed_with_its_agent_ends_with_the_same_bits() async throws {
    var agent = try await RunningAgent.start()
    _ = try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset)
    _ = try await agent.dropAndWait(Self.long, as: "long.json", into: .job)
    #expect(try await agent.end(of: "long-1").state == .completed)

    _ = try await agent.dropAndWait(Self.long, as: "long.json", into: .job)
    for step in [40, 150, 300] {
      _ = try await agent.job("long-2", is: { ($0.step ?? 0) >= step || $0.state.isFinal }, for: "step \(step)")
      try await agent.killEverything()
      agent = try await RunningAgent.start(on: agent.folder)
    }
    let end = try await agent.end(of: "long-2")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    let (one, two) = (try agent.job("long-1"), try agent.job("long-2"))
    #expect(
      try agent.files.sha256(of: one.finalModel.appending("model.safetensors")).sha256
        == agent.files.sha256(of: two.finalModel.appending("model.safetensors")).sha256)
    let losses = { (job: JobLayout) in
      try agent.text(job.metricRows).split(separator: "\n").map { try PublishedJSON.decode(MetricsRow.self, from: $0.utf8) }.map {
        [$0.loss, $0.evalLoss]
      }
    }
    #expect(try losses(one) == losses(two))
    let summary = try PublishedJSON.decode(MetricsSummary.self, from: try agent.files.contents(of: two.metrics))
    #expect(summary.resumes >= 1)
    _ = try await agent.stop()
  }

  /// With an evaluation after every step that takes longer than the step, nearly every stop comes within one.
  @Test func stopped_while_it_evaluates_a_run_loses_no_step_and_no_measurement() async throws {
    var agent = try await RunningAgent.start()
    _ = try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset)
    for name in ["calm", "stopped"] {
      let file = Jobs.file(name, dataset: "sums", steps: 400, training: ["eval_steps": 1])
      _ = try await agent.dropAndWait(file, as: "\(name).json", into: .job)
    }
    #expect(try await agent.end(of: "calm-1").state == .completed)
    for step in [10, 60, 110] {
      _ = try await agent.job("stopped-1", is: { ($0.step ?? 0) > step }, for: "step \(step)")
      _ = try await agent.stop()
      let stopped = try #require(try agent.jobStatus("stopped-1"))
      if stopped.state == .completed { break }  // it was faster
      let step = try #require(stopped.step)
      let checkpoint = try #require(stopped.checkpoint)
      // A step is told at most ten times a second.
      let kept = checkpoint.split(separator: "-").last.flatMap { Int($0) } ?? 0
      #expect(kept >= step, "\(checkpoint) at step \(step)")
      agent = try await RunningAgent.start(on: agent.folder)
    }
    let end = try await agent.end(of: "stopped-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    let (calm, stopped) = (try agent.job("calm-1"), try agent.job("stopped-1"))
    let weights = try [calm, stopped].map { try agent.files.sha256(of: $0.finalModel.appending("model.safetensors")).sha256 }
    #expect(weights[0] == weights[1])
    let measured = try [calm, stopped].map { job in
      try agent.text(job.metricRows).split(separator: "\n").map { try PublishedJSON.decode(MetricsRow.self, from: $0.utf8) }
        .map { [Double($0.step), $0.loss, $0.evalLoss] }
    }
    #expect(measured[0] == measured[1])
    _ = try await agent.stop()
  }

  @Test func a_stopped_agent_leaves_a_checkpoint_and_goes_on_at_the_next_start() async throws {
    var agent = try await RunningAgent.start()
    _ = try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset)
    _ = try await agent.dropAndWait(Jobs.file("long", dataset: "sums", steps: 100_000), as: "long.json", into: .job)
    let before = try await agent.job("long-1", is: { ($0.step ?? 0) > 20 }, for: "step 20")
    let ended = try await agent.stop()
    #expect(ended.code == 0, "\(ended.errors)")
    let stopped = try #require(try agent.jobStatus("long-1"))
    #expect(stopped.state == .pending)
    #expect(stopped.reason == "goes on from its last checkpoint after an interruption")
    #expect(try agent.status?.state == "stopped")
    let checkpoint = try #require(stopped.checkpoint)
    #expect(agent.files.exists(try agent.job("long-1").folder.pushing(FilePath(checkpoint)).appending("model.safetensors")))

    agent = try await RunningAgent.start(on: agent.folder)
    let after = try await agent.job("long-1", is: { $0.state == .training && ($0.step ?? 0) >= (stopped.step ?? 0) }, for: "going on")
    #expect((after.step ?? 0) >= (before.step ?? 0))
    try agent.files.writeInPlace([], to: try agent.job("long-1").control(.cancel))
    let end = try await agent.end(of: "long-1")
    #expect(end.state == .cancelled)
    #expect(end.reason == "cancelled by the user")
    _ = try await agent.stop()
  }

  @Test func a_job_is_paused_resumed_and_cancelled_by_the_command() async throws {
    let agent = try await RunningAgent.start()
    let root = ["--root", agent.layout.root.string]
    _ = try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset)
    _ = try await agent.dropAndWait(Jobs.file("long", dataset: "sums", steps: 100_000), as: "long.json", into: .job)
    _ = try await agent.dropAndWait(Jobs.file("next", dataset: "sums", steps: 5), as: "next.json", into: .job)
    _ = try await agent.job("long-1", is: { ($0.step ?? 0) > 5 }, for: "step 5")
    let queued = try await agent.job("next-1", is: { $0.reason?.hasPrefix("queued") ?? false }, for: "the queue")
    #expect(queued.reason == "queued behind 1 job")

    let paused = try await Programs.run(["pause", "long"] + root)
    #expect(paused.code == 0 && paused.output == "Job 'long-1' is being paused.\n", "\(paused)")
    #expect(try await agent.end(of: "next-1").state == .completed)
    #expect(try agent.jobStatus("long-1")?.state == .paused)
    #expect(try await Programs.run(["resume", "long"] + root).output == "Job 'long-1' goes on.\n")
    _ = try await agent.job("long-1", is: { $0.state == .training }, for: "going on")
    #expect(try await Programs.run(["cancel", "long-1"] + root).output == "Job 'long-1' is being cancelled.\n")
    #expect(try await agent.end(of: "long-1").state == .cancelled)
    let over = try await Programs.run(["cancel", "long-1"] + root)
    #expect(over.code == 1)
    #expect(over.output.contains("the job 'long-1' is over: it is cancelled"))
    _ = try await agent.stop()
  }

  @Test func a_worker_that_is_killed_is_started_again() async throws {
    let agent = try await RunningAgent.start()
    _ = try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset)
    _ = try await agent.dropAndWait(Self.long, as: "long.json", into: .job)
    _ = try await agent.job("long-1", is: { ($0.step ?? 0) > 30 }, for: "step 30")
    for worker in agent.workers { kill(worker, SIGKILL) }
    #expect(try await agent.end(of: "long-1").state == .completed)
    _ = try await agent.stop()
  }

  @Test func systemd_hears_that_it_is_ready_alive_and_stopping() async throws {
    let folder = try TemporaryFolder()
    let socket = try NotifySocket(folder.path.appending("notify"))
    let agent = try await RunningAgent.start(environment: [
      "NOTIFY_SOCKET": folder.path.appending("notify").string, "WATCHDOG_USEC": "400000",
    ])
    #expect(try await socket.hears("READY=1"))
    #expect(try await socket.hears("WATCHDOG=1"))
    _ = try await agent.stop()
    #expect(try await socket.hears("STOPPING=1"))
  }

  @Test func a_root_has_one_agent() async throws {
    let agent = try await RunningAgent.start()
    let second = try await Programs.run(["agent", "--root", agent.layout.root.string])
    #expect(second.code == 1)
    #expect(second.errors.contains("An agent runs on \(agent.layout.root) already: process \(agent.pid ?? 0). One root has one agent."))
    _ = try await agent.stop()
  }
}

/// The socket that systemd would listen on.
final class NotifySocket: Sendable {
  private let descriptor: Int32

  init(_ path: FilePath) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.string.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    guard bound == 0 else { throw SystemError(Errno(rawValue: errno), "bind", path) }
  }

  deinit { close(descriptor) }

  func hears(_ word: String) async throws -> Bool {
    try await Patience.wait(for: word) {
      var buffer = [UInt8](repeating: 0, count: 4_096)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").contains(Substring(word)) ? true : nil
    }
  }
}
