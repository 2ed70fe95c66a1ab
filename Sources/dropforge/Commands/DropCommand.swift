import ArgumentParser
import Domain
import Intake
import Platform
import SystemPackage

struct DropCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop", abstract: "Put files into the right inbox folder safely.",
    discussion:
      "Each file is copied under a hidden name and renamed when it is whole. With --wait the command ends when the receipt is there, for a job when the job has ended; it fails where the answer is no."
  )

  @OptionGroup var root: RootOption
  @Argument(help: ArgumentHelp("Datasets, configs, job files, models, requests.", valueName: "file")) var paths: [String]
  @Option(help: "What it is, where that cannot be told: dataset, config, job, model or request.") var kind: String?
  @Flag(help: "Wait for the receipt, and for a job until it ends.") var wait = false

  func run() async throws {
    try await reporting {
      let layout = try root.existing()
      var kindGiven: DropKind?
      if let kind {
        kindGiven = DropKind(rawValue: kind)
        if kindGiven == nil {
          throw CommandFailure("--kind is one of \(DropKind.allCases.map(\.rawValue).joined(separator: ", ")).", code: .usage)
        }
      }
      let agentRuns = StatusReader(layout).agentProcess != nil
      if wait, !agentRuns {
        throw CommandFailure(
          "The agent is not running, so nothing would answer. Start it with: dropforge agent --root \(layout.root)", code: .agentUnreachable
        )
      }
      let dropper = Dropper(layout)
      var refused = false
      for path in paths {
        let source = Paths.absolute(path)
        let kind = try kindGiven ?? dropper.kind(of: source)
        let placed = try dropper.place(source, as: kind)
        if !wait {
          Terminal.say(
            "\(placed.name) lies in \(layout.relative(layout.inbox.folder(of: kind)))/.\(agentRuns ? "" : " The agent is not running: it takes the file when it starts.")"
          )
          continue
        }
        let receipt = try await dropper.receipt(for: placed)
        Terminal.say(receipt.message)
        if receipt.status == .rejected { refused = true }
        for id in try jobs(of: receipt, layout) {
          let end = try await JobFollower(layout).follow(id)
          if end.state != .completed { refused = true }
        }
      }
      if refused { throw ExitCode(CommandFailure.Code.saidNo.rawValue) }
    }
  }
}

extension DropCommand {
  /// The jobs that a file became: one, or a sweep's.
  private func jobs(of receipt: Receipt, _ layout: RootLayout) throws -> [JobID] {
    guard receipt.status != .rejected, receipt.kind == .job, let result = receipt.result else { return [] }
    if let sweep = SweepID(result), receipt.path == layout.relative(layout.workspace.sweep(sweep).folder) {
      let bytes = try LinuxFileSystem().contents(of: layout.workspace.sweep(sweep).results)
      return try PublishedJSON.decode(SweepResults.self, from: bytes).rows.map(\.job)
    }
    return JobID(result).map { [$0] } ?? []
  }
}

/// Puts a file into the inbox so that nobody sees half of it.
struct Dropper {
  struct Placed {
    var name: String
    var since: Timestamp
  }

  private let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  func kind(of source: FilePath) throws -> DropKind {
    let status: FileStatus
    do throws(SystemError) {
      status = try files.status(source)
    } catch {
      throw CommandFailure("\(source) cannot be dropped: \(error.code).", code: .saidNo)
    }
    switch try DropSorter(files: files).sort(source, kind: nil, isFolder: status.kind == .folder, size: status.size) {
    case .foreign(let kind): return kind
    case .json(let kind, _): return kind.dropKind
    case .refused(let problem, _): throw problem
    }
  }

  func place(_ source: FilePath, as kind: DropKind) throws -> Placed {
    guard let name = source.lastComponent else { throw CommandFailure("\(source) has no name.", code: .usage) }
    let folder = layout.inbox.folder(of: kind)
    let hidden = folder.appending(".\(name.string).dropping")
    let since = Timestamp(nanoseconds: WallClock.system.now())
    try files.removeTree(hidden)
    try files.copyTree(source, to: hidden)
    do throws(SystemError) {
      try files.renameWithoutReplacing(hidden, to: folder.appending(name))
    } catch {
      try files.removeTree(hidden)
      if error.code == .fileExists {
        throw CommandFailure("A file named \(name) waits in \(layout.relative(folder))/ already; wait until it is taken.", code: .saidNo)
      }
      throw error
    }
    try files.syncFolder(folder)
    return Placed(name: name.string, since: since)
  }

  /// The receipt of what was placed: events wake us up, the file is the truth.
  func receipt(for placed: Placed) async throws -> Receipt {
    let path = layout.inbox.receipt(forFileNamed: placed.name)
    guard let inotify = try? Inotify(), (try? inotify.watch(layout.inbox.receipts)) != nil else {
      // A user's limits are used up by other programs: then looking again is all there is.
      while true {
        if let receipt = try current(path, since: placed.since) { return receipt }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    defer { inotify.stop() }
    if let receipt = try current(path, since: placed.since) { return receipt }
    for await _ in inotify.batches {
      if let receipt = try current(path, since: placed.since) { return receipt }
    }
    throw CommandFailure("The folder of receipts is gone.", code: .internal)
  }

  private func current(_ path: FilePath, since: Timestamp) throws -> Receipt? {
    guard files.exists(path) else { return nil }
    let receipt = try PublishedJSON.decode(Receipt.self, from: try files.contents(of: path))
    // A millisecond is what a receipt's times are written with.
    guard receipt.receivedAt - since > -0.002, receipt.status != .waiting else { return nil }
    return receipt
  }
}
