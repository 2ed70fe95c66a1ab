import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

/// Sends a request to the agent: dropped as a file like any other, as there is one door; and says its answer.
struct RequestSender {
  private let root: RootOption

  init(_ root: RootOption) { self.root = root }

  /// - Throws: exit code 1 where the agent said no.
  func send(_ request: JSONNode, called name: String) async throws {
    let layout = try root.existing()
    let scratch = try Scratch()
    defer { scratch.remove() }
    let path = scratch.path.appending("\(SafeName(from: name)).json")
    try LinuxFileSystem().publish((request.text() + "\n").utf8, to: path)
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
