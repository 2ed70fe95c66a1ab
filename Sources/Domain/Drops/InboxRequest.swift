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
    func refuse(_ field: String, _ message: String) {
      let line = object.members.last { $0.key == field }.flatMap { source.line(ofByte: $0.keyByte) }
      findings.append(Finding(.error, field, message, line: line))
    }
    for key in object.keys where !["action", "job", "comment"].contains(key) && !key.hasPrefix("_") {
      let hint = NearestKey.suggestion(for: key, among: ["action", "job"]).map { ". Did you mean \"\($0)\"?" } ?? "; known are action, job"
      refuse(key, "no such field in a request" + hint)
    }
    guard let action = object["action"]?.string else {
      refuse("action", "\(object["action"] == nil ? "this field is missing; it is" : "must be") one of \(actions.joined(separator: ", "))")
      return (nil, findings)
    }
    guard actions.contains(action) else {
      let hint = NearestKey.suggestion(for: action, among: actions).map { ". Did you mean \"\($0)\"?" } ?? ""
      refuse("action", "\"\(action)\" is not known; it is one of \(actions.joined(separator: ", "))\(hint)")
      return (nil, findings)
    }
    guard findings.errors.isEmpty else { return (nil, findings) }
    if action == "rescan" { return (.rescan, findings) }
    guard let job = object["job"]?.string, !job.isEmpty else {
      let isMissing = object["job"] == nil
      refuse("job", isMissing ? "this field is missing; it names the job to \(action)" : "must be the name of the job to \(action)")
      return (nil, findings)
    }
    switch action {
    case "cancel": return (.cancel(job: job), findings)
    case "pause": return (.pause(job: job), findings)
    default: return (.resume(job: job), findings)
    }
  }
}
