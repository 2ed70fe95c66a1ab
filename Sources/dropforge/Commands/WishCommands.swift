import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "cancel", abstract: "End a job for good; what it has trained so far stays.")
  @OptionGroup var root: RootOption
  @Argument(help: "A job's identifier or name.") var job: String
  func run() async throws { try await reporting { try await Wish("cancel", job, root).send() } }
}

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pause", abstract: "Halt a job with a checkpoint; `resume` lets it go on.")
  @OptionGroup var root: RootOption
  @Argument(help: "A job's identifier or name.") var job: String
  func run() async throws { try await reporting { try await Wish("pause", job, root).send() } }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let a paused job go on.")
  @OptionGroup var root: RootOption
  @Argument(help: "A job's identifier or name.") var job: String
  func run() async throws { try await reporting { try await Wish("resume", job, root).send() } }
}

/// A request to the agent, dropped as a file as any other: there is one door.
private struct Wish {
  let action: String
  let job: String
  let root: RootOption

  init(_ action: String, _ job: String, _ root: RootOption) {
    self.action = action
    self.job = job
    self.root = root
  }

  func send() async throws {
    let layout = try root.existing()
    let scratch = try Scratch()
    defer { scratch.remove() }
    let object: JSONNode = ["action": JSONNode(.string(action)), "job": JSONNode(.string(job))]
    let path = scratch.path.appending("\(action)-\(SafeName(from: job)).json")
    try LinuxFileSystem().publish((object.text() + "\n").utf8, to: path)
    let dropper = Dropper(layout)
    let placed = try dropper.place(path, as: .request)
    guard StatusReader(layout).agentProcess != nil else {
      throw CommandFailure(
        "The agent is not running. The request lies in the inbox and is carried out when it starts.", code: .agentUnreachable)
    }
    let receipt = try await dropper.receipt(for: placed)
    Terminal.say(receipt.message)
    if receipt.status == .rejected { throw ExitCode(CommandFailure.Code.saidNo.rawValue) }
  }
}
