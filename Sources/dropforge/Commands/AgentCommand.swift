import ArgumentParser
import Domain
import Logging
import Platform
import StrictJSON
import SystemPackage

struct AgentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "agent", abstract: "Run the daemon: watch the inbox, take drops in, train.")

  @OptionGroup var root: RootOption
  @Flag(help: "Tell more of what it does.") var verbose = false

  func run() async throws {
    try await reporting {
      let layout = root.layout
      LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
      var log = Logger(label: "dropforge")
      log.logLevel = verbose ? .debug : .notice
      try await Agent(layout: layout, settings: try root.settings(log), log: log).run()
    }
  }
}
