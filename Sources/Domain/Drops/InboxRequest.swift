import StrictJSON

/// A file in `inbox/requests/`: what a button would do elsewhere.
package enum InboxRequest: Sendable, Equatable {
  case cancel(job: String)
  case pause(job: String)
  case resume(job: String)
  case rescan

  package static let actions = ["cancel", "pause", "resume", "rescan"]

  package static func decode(_ node: JSONNode, source: ConfigSource) -> (InboxRequest?, [Finding]) {
    guard let object = node.object else { return (nil, [Finding(.error, "", "a request is a JSON object, but this is \(node.kindName)")]) }
    var findings: [Finding] = []
    for member in object.members where !["action", "job", "comment"].contains(member.key) {
      let hint = NearestKey.suggestion(for: member.key, among: ["action", "job"]).map { ". Did you mean \"\($0)\"?" } ?? "; known are action, job"
      findings.append(Finding(.error, member.key, "no such field in a request" + hint, line: source.line(ofByte: member.keyByte)))
    }
    guard let action = object["action"]?.string else {
      return (nil, findings + [Finding(.error, "action", "this field is missing; it is one of \(actions.joined(separator: ", "))")])
    }
    guard findings.errors.isEmpty else { return (nil, findings) }
    if action == "rescan" { return (.rescan, findings) }
    guard actions.contains(action) else {
      let hint = NearestKey.suggestion(for: action, among: actions).map { ". Did you mean \"\($0)\"?" } ?? ""
      return (nil, findings + [Finding(.error, "action", "\"\(action)\" is not known; it is one of \(actions.joined(separator: ", "))\(hint)")])
    }
    guard let job = object["job"]?.string, !job.isEmpty else {
      return (nil, findings + [Finding(.error, "job", "this field is missing; it names the job to \(action)")])
    }
    switch action {
    case "cancel": return (.cancel(job: job), findings)
    case "pause": return (.pause(job: job), findings)
    default: return (.resume(job: job), findings)
    }
  }
}
