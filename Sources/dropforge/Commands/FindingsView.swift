import Domain
import Platform
import StrictJSON

/// Findings as a compiler prints them: each with the line that it is about, then the count.
enum FindingsView {
  static func text(_ findings: [Finding], of source: String) -> String {
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    return (findings.errors + findings.warnings).map { $0.text(quoting: lines) }.joined(separator: "\n") + "\n\(findings.tally)"
  }

  static func say(_ findings: [Finding], of source: String) { Terminal.say(text(findings, of: source)) }
}

/// Values for programs.
enum JSONLinesOut {
  static func array(_ values: [some Encodable]) throws -> String {
    JSONNode(.array(try values.map { try JSONParser.parse(PublishedJSON.bytes(of: $0)) })).text(.pretty)
  }
}
