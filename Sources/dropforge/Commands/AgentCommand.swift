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
      try await Agent(layout: layout, settings: try settings(layout, log), log: log).run()
    }
  }

  /// `dropforge.json`; without one, the defaults. A wrong one is refused: settings are never guessed.
  private func settings(_ layout: RootLayout, _ log: Logger) throws -> AgentSettings {
    let files = LinuxFileSystem()
    guard files.exists(layout.settings) else { return AgentSettings() }
    let bytes = try files.contents(of: layout.settings)
    let node: JSONNode
    do throws(JSONSyntaxError) {
      node = try JSONParser.parse(bytes)
    } catch {
      throw CommandFailure(
        "\(layout.settings), line \(error.line), character \(error.column): \(error.message). Mend it and start the agent again.",
        code: .usage)
    }
    let (settings, findings) = AgentSettings.decode(node, source: ConfigSource(bytes))
    for finding in findings.warnings { log.warning("\(finding)") }
    guard findings.errors.isEmpty else {
      throw CommandFailure("\(layout.settings) has errors:\n" + findings.errors.map { "  \($0)" }.joined(separator: "\n"), code: .usage)
    }
    return settings
  }
}
