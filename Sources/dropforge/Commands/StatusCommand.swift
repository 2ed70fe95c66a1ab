import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "status", abstract: "What runs, what waits, what failed and why.")

  @OptionGroup var root: RootOption
  @Flag(help: "Look again every second until interrupted.") var watch = false
  @Flag(help: "One JSON object: the agent and all its jobs.") var json = false

  func run() async throws {
    try await reporting {
      let layout = try root.existing()
      let reader = StatusReader(layout)
      if json { return Terminal.say(try reader.json()) }
      guard watch else { return Terminal.say(try reader.text()) }
      while true {
        let text = try reader.text()
        Terminal.write(Terminal.isInteractive ? "\u{1B}[H\u{1B}[2J" + text + "\n" : text + "\n\n")
        try await Task.sleep(for: .seconds(1))
      }
    }
  }
}

/// Reads the views that the agent publishes; asks nobody and changes nothing.
struct StatusReader {
  private let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  /// The agent's process, or nil where none runs.
  var agentProcess: Int32? { ExclusiveLock.holder(of: layout.workspace.lock) }

  func agent() throws -> AgentStatus? {
    guard files.exists(layout.workspace.status) else { return nil }
    return try PublishedJSON.decode(AgentStatus.self, from: try files.contents(of: layout.workspace.status))
  }

  /// Every job, the newest last.
  func jobs() throws -> [JobStatus] {
    guard files.isFolder(layout.workspace.jobs) else { return [] }
    return try files.names(in: layout.workspace.jobs).compactMap { name in
      guard let id = JobID(name.string) else { return nil }
      return try job(id)
    }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  func job(_ id: JobID) throws -> JobStatus? {
    let path = layout.workspace.job(id).status
    guard files.exists(path) else { return nil }
    return try PublishedJSON.decode(JobStatus.self, from: try files.contents(of: path))
  }

  /// The job that a user means: by identifier, else the newest of that name.
  func job(called name: String) throws -> JobStatus {
    if let id = JobID(name), let job = try job(id) { return job }
    let safe = SafeName(from: name).text
    if let job = try jobs().last(where: { $0.name == safe || $0.name == name }) { return job }
    let known = try jobs().map(\.id.text)
    let hint = NearestKey.suggestion(for: name, among: known).map { " Did you mean '\($0)'?" } ?? ""
    throw CommandFailure("There is no job '\(name)'.\(hint) `dropforge status` lists them.", code: .saidNo)
  }

  func json() throws -> String {
    var object: JSONObject = ["schema": "dropforge.overview/1", "agent_running": JSONNode(.bool(agentProcess != nil))]
    if let agent = try agent() { object["agent"] = try JSONParser.parse(PublishedJSON.bytes(of: agent)) }
    object["jobs"] = JSONNode(.array(try jobs().map { try JSONParser.parse(PublishedJSON.bytes(of: $0)) }))
    object["errands"] = JSONNode(.array(try allErrands().map { try JSONParser.parse(PublishedJSON.bytes(of: $0)) }))
    return JSONNode(.object(object)).text(.pretty)
  }

  /// More drops than that are counted, not named: a screen has so many lines.
  private static let namedDrops = 10

  func text() throws -> String {
    let agent = try agent()
    var lines: [String] = []
    if let process = agentProcess {
      let since = agent.map { " since \($0.since)" } ?? ""
      lines.append("agent running (process \(process)\(since)), root \(layout.root)")
    } else {
      lines.append("agent not running; start it with: dropforge agent --root \(layout.root)")
    }
    if let agent {
      // Asked now: on a full disk the agent's file may be old.
      let disk =
        "\(Figures.bytes((try? files.space(at: layout.root).free) ?? agent.disk.freeBytes)) free"
        + (agent.disk.trashBytes.map { ", \(Figures.bytes($0)) in the trash" } ?? "")
      lines.append(
        "\(agent.datasets) \(agent.datasets == 1 ? "dataset" : "datasets"), \(agent.jobs) \(agent.jobs == 1 ? "job" : "jobs"), \(disk)")
      let named = agent.drops.prefix(Self.namedDrops)
      for drop in named { lines.append("being taken in: \(drop)") }
      if agent.openDrops > named.count { lines.append("and \(agent.openDrops - named.count) more") }
    }
    let errands = try errands()
    if !errands.isEmpty { lines += ["", Terminal.table(["ERRAND", "STATE", "PROGRESS", "RATE", "ETA", ""], errands.map(row))] }
    let jobs = try jobs()
    if !jobs.isEmpty {
      lines += ["", Terminal.table(["JOB", "STATE", "PROGRESS", "STEP", "LOSS", "EVAL", "ETA", ""], jobs.map(row))]
    } else {
      lines += ["", "no jobs yet: copy a job file into \(layout.inbox.folder(of: .job))/"]
    }
    return lines.joined(separator: "\n")
  }

  /// Those that are not over, and the five that ended last.
  func errands() throws -> [ErrandStatus] {
    let all = try allErrands()
    let ended = all.filter(\.state.isFinal).sorted { ($0.finishedAt ?? $0.createdAt) < ($1.finishedAt ?? $1.createdAt) }
    return ended.suffix(5) + all.filter { !$0.state.isFinal }
  }

  /// Every errand, the newest last.
  func allErrands() throws -> [ErrandStatus] {
    guard files.isFolder(layout.workspace.errands) else { return [] }
    return try files.names(in: layout.workspace.errands).compactMap { name in
      guard let path = ErrandID(name.string).map({ layout.workspace.errand($0).status }), files.exists(path) else { return nil }
      return try PublishedJSON.decode(ErrandStatus.self, from: try files.contents(of: path))
    }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  private func row(_ errand: ErrandStatus) -> [String] {
    // Nothing is done yet: that is no pace.
    let rate = errand.rate.flatMap { $0 > 0 ? $0 : nil }.map { rate in
      errand.unit == .bytes ? "\(Figures.bytes(Int(rate)))/s" : "\(Figures.grouped(Int(rate))) rows/s"
    }
    return [
      errand.id.text, errand.phase.map { "\(errand.state.rawValue), \($0)" } ?? errand.state.rawValue,
      errand.progress.map { "\(Terminal.bar($0 / 100, width: 12)) \(Int($0)) %" } ?? "", rate ?? "",
      errand.eta.map(Figures.duration) ?? "", errand.reason ?? errand.note ?? errand.result?.message ?? "",
    ]
  }

  private func row(_ job: JobStatus) -> [String] {
    let hasBegun = job.steps != nil
    return [
      job.id.text, job.phase.map { job.state.rawValue == $0 ? $0 : "\(job.state.rawValue), \($0)" } ?? job.state.rawValue,
      hasBegun ? "\(Terminal.bar(job.progress / 100, width: 12)) \(Int(job.progress)) %" : "",
      job.step.flatMap { step in job.steps.map { "\(step)/\($0)" } } ?? "", job.loss.map { Figures.fixed($0, 4) } ?? "",
      job.evalLoss.map { Figures.fixed($0, 4) } ?? "", job.eta.map(Figures.duration) ?? "", job.reason ?? "",
    ]
  }
}
