import Domain
import Foundation
import Platform
import StrictJSON
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A real agent on a root of its own.
final class RunningAgent: Sendable {
  let folder: any Place
  let layout: RootLayout
  let files = LinuxFileSystem()
  private let process: Task<Programs.Ended, any Error>

  /// Short waits for files that are written in place; everything else as shipped.
  static let settings: JSONNode = ["settle_seconds": 0.5]

  /// Makes a root, unless one is given, and starts an agent on it.
  static func start(
    on folder: (any Place)? = nil, settings: JSONNode = settings, environment: [String: String] = [:], as user: [String] = []
  ) async throws -> RunningAgent {
    let agent = try await launch(on: folder, settings: settings, environment: environment, as: user)
    _ = try await Patience.wait(for: "the agent's start") { try agent.isReady ? true : nil }
    return agent
  }

  /// The same, without waiting for it to be ready.
  static func launch(
    on folder: (any Place)? = nil, settings: JSONNode = settings, environment: [String: String] = [:], as user: [String] = []
  ) async throws -> RunningAgent {
    let folder: any Place = if let folder { folder } else { try TemporaryFolder() }
    let layout = RootLayout(root: folder.path)
    let files = LinuxFileSystem()
    if !files.isFolder(layout.inbox.folder) {
      let words = folder.prefix + [Programs.dropforge.string, "init", folder.inside.string]
      let made = try await Programs.run(FilePath(words[0]), Array(words.dropFirst()))
      precondition(made.code == 0, made.errors)
      try files.publish(settings.text().utf8, to: layout.settings)
    }
    return RunningAgent(folder, environment, user)
  }

  private init(_ folder: any Place, _ environment: [String: String], _ user: [String]) {
    self.folder = folder
    layout = RootLayout(root: folder.path)
    let words = user + folder.prefix + [Programs.dropforge.string, "agent", "--root", folder.inside.string]
    let changes = Dictionary(
      uniqueKeysWithValues: environment.compactMap { key, value in
        Subprocess.Environment.Key(rawValue: key).map { ($0, String?.some(value)) }
      })
    let started = StartedProcess()
    process = Task { [errors] in
      let result = try await Subprocess.run(
        .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())), environment: .inherit.updating(changes), input: .none,
        output: .discarded, error: .sequence
      ) { execution in
        started.identifier.withLock { $0 = execution.processIdentifier.value }
        for try await line in execution.standardError.strings() { errors.text.withLock { $0 += line + "\n" } }
        return errors.text.withLock(\.self)
      }
      return Programs.Ended(code: Programs.code(result.terminationStatus), output: "", errors: result.closureResult)
    }
    self.started = started
  }

  /// What the agent has written to standard error so far.
  var log: String { errors.text.withLock(\.self) }
  private let errors = Errors()

  /// Waits for words on standard error: what the agent has written is read a moment later.
  func says(_ words: String) async throws {
    _ = try await Patience.wait(for: "the words '\(words)'") { log.contains(words) ? true : nil }
  }

  private final class Errors: Sendable {
    let text = Mutex("")
  }

  private final class StartedProcess: Sendable {
    let identifier = Mutex<pid_t>(0)
  }
  private let started: StartedProcess

  deinit { if started.identifier.withLock(\.self) > 0 { kill(started.identifier.withLock(\.self), SIGKILL) } }

  // MARK: the process

  /// The agent's own process number, as its lock tells: with another user's shell between, the child is not the agent, and
  /// `status.json` may still be the last agent's.
  var pid: pid_t? { ExclusiveLock.holder(of: layout.workspace.lock) }
  /// It has written `running` itself: what an agent that was killed wrote says nothing of this one.
  var isReady: Bool {
    get throws { try status.map { $0.state == "running" && pid_t($0.pid) == pid } ?? false }
  }
  var isAlive: Bool { ExclusiveLock.holder(of: layout.workspace.lock) != nil }

  /// Waits for the process to end by itself, or of what a test does to it.
  func ended() async throws -> Programs.Ended { try await process.value }

  /// The process that this test started, as soon as there is one: before it tells of itself in `status.json`.
  func startedProcess() async throws -> pid_t {
    try await Patience.wait(for: "the agent's process") { started.identifier.withLock { $0 > 0 ? $0 : nil } }
  }

  /// SIGTERM, and the end.
  func stop() async throws -> Programs.Ended {
    if let pid { kill(pid, SIGTERM) }
    return try await process.value
  }

  /// SIGKILL to the agent and every worker of it, at this very moment.
  func killEverything() async throws {
    let workers = workers
    if let pid { kill(pid, SIGKILL) }
    for worker in workers { kill(worker, SIGKILL) }
    _ = try await process.value
    _ = try await Patience.wait(for: "the end of all workers") { workers.allSatisfy { kill($0, 0) != 0 } ? true : nil }
  }

  /// Folders that the kernel watches for the agent, from /proc.
  var watches: Int {
    guard let pid else { return 0 }
    let folder = "/proc/\(pid)/fdinfo"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { name in
      let text = (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
      return text.split(separator: "\n").count { $0.hasPrefix("inotify wd:") }
    }.max() ?? 0
  }

  /// Children of the agent, from /proc.
  var workers: [pid_t] { pid.map(Self.children) ?? [] }

  static func children(of pid: pid_t) -> [pid_t] {
    let children = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
    var found = children.split(separator: " ").compactMap { pid_t($0) }
    for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? [] {
      let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(entry)/children", encoding: .utf8)) ?? ""
      found += text.split(separator: " ").compactMap { pid_t($0) }
    }
    return Array(Set(found))
  }

  // MARK: dropping and reading

  /// Copies bytes into an inbox folder as a careful program does, by rename.
  func drop(_ bytes: some Sequence<UInt8>, as name: String, into kind: DropKind?) throws {
    let target = kind.map { layout.inbox.folder(of: $0) } ?? layout.inbox.folder
    let hidden = target.appending(".\(name).part")
    try files.writeInPlace(Array(bytes), to: hidden)
    try files.rename(hidden, to: target.appending(name))
  }

  func drop(_ text: String, as name: String, into kind: DropKind?) throws { try drop(Array(text.utf8), as: name, into: kind) }

  /// The receipt of a drop, once it says something other than `waiting`.
  func receipt(_ name: String) async throws -> Receipt {
    let path = layout.inbox.receipt(forFileNamed: name)
    return try await Patience.wait(for: "the receipt of \(name)") {
      guard files.exists(path) else { return nil }
      let receipt = try PublishedJSON.decode(Receipt.self, from: try files.contents(of: path))
      return receipt.status == .waiting ? nil : receipt
    }
  }

  func dropAndWait(_ text: String, as name: String, into kind: DropKind?) async throws -> Receipt {
    let path = layout.inbox.receipt(forFileNamed: name)
    if files.exists(path) { try files.removeFile(path) }
    try drop(text, as: name, into: kind)
    return try await receipt(name)
  }

  var status: AgentStatus? {
    get throws {
      guard files.exists(layout.workspace.status) else { return nil }
      return try PublishedJSON.decode(AgentStatus.self, from: try files.contents(of: layout.workspace.status))
    }
  }

  func job(_ id: String) throws -> JobLayout { layout.workspace.job(try #require(JobID(id))) }

  func jobStatus(_ id: String) throws -> JobStatus? {
    let path = try job(id).status
    return files.exists(path) ? try PublishedJSON.decode(JobStatus.self, from: try files.contents(of: path)) : nil
  }

  /// The job's status once it is as wished for.
  func job(_ id: String, is wished: (JobStatus) -> Bool, for what: String) async throws -> JobStatus {
    try await Patience.wait(for: "\(id): \(what)") { try jobStatus(id).flatMap { wished($0) ? $0 : nil } }
  }

  func end(of id: String) async throws -> JobStatus { try await job(id, is: { $0.state.isFinal }, for: "its end") }

  /// The canonical rows of a dataset's first version.
  func rows(of dataset: String, split: String = "train") throws -> [JSONNode] {
    let version = layout.workspace.dataset(SafeName(from: dataset)).version(1)
    return try files.contents(of: version.rows(split: split)).split(separator: UInt8(ascii: "\n")).map { try JSONParser.parse($0) }
  }

  func text(_ path: FilePath) throws -> String { String(decoding: try files.contents(of: path), as: UTF8.self) }
}
