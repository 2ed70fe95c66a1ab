import Domain
import Logging
import Platform
import StrictJSON

extension RootOption {
  /// `dropforge.json`; without one, the defaults. A wrong one is refused: settings are never guessed.
  func settings(_ log: Logger? = nil) throws -> AgentSettings {
    let (layout, files) = (layout, LinuxFileSystem())
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
    for finding in findings.warnings { log?.warning("\(finding)") }
    guard findings.errors.isEmpty else {
      throw CommandFailure("\(layout.settings) has errors:\n" + findings.errors.map { "  \($0)" }.joined(separator: "\n"), code: .usage)
    }
    return settings
  }
}
