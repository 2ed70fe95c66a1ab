import ArgumentParser
import Domain
import StrictJSON

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "End a job for good; what it has trained so far stays. Or an errand, which leaves nothing.")
  @OptionGroup var root: RootOption
  @Argument(help: "A job's, a sweep's or an errand's identifier or name.") var job: String
  func run() async throws { try await reporting { try await Wish("cancel", job, root).send() } }
}

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pause", abstract: "Halt a job with a checkpoint; `resume` lets it go on.")
  @OptionGroup var root: RootOption
  @Argument(help: "A job's or a sweep's identifier or name.") var job: String
  func run() async throws { try await reporting { try await Wish("pause", job, root).send() } }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let a paused job go on.")
  @OptionGroup var root: RootOption
  @Argument(help: "A job's or a sweep's identifier or name.") var job: String
  func run() async throws { try await reporting { try await Wish("resume", job, root).send() } }
}

struct RescanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescan", abstract: "Look through the inbox now, for file systems that send no events.")
  @OptionGroup var root: RootOption
  func run() async throws { try await reporting { try await Wish("rescan", nil, root).send() } }
}

/// A request to the agent, dropped as a file as any other: there is one door.
private struct Wish {
  let action: String
  let job: String?
  let root: RootOption

  init(_ action: String, _ job: String?, _ root: RootOption) {
    self.action = action
    self.job = job
    self.root = root
  }

  func send() async throws {
    var object: JSONObject = ["action": action.node]
    if let job { object["job"] = job.node }
    try await RequestSender(root).send(JSONNode(.object(object)), called: job.map { "\(action)-\($0)" } ?? action)
  }
}
