import StrictJSON

/// A file in `inbox/requests/`: what a button would do elsewhere.
package enum InboxRequest: Sendable, Equatable {
  /// A job, or a sweep with all its jobs; likewise for the next two.
  case cancel(job: String)
  case pause(job: String)
  case resume(job: String)
  case rescan
  /// A stored config goes, with all its versions; with `isForced` even where a job that is not over uses it.
  case deleteConfig(String, isForced: Bool)
  case renameConfig(String, to: String, isForced: Bool)
  /// A model is measured on a dataset: it becomes a job.
  case evaluate(EvaluationTask)
  /// Work in the background that is no job: by its identifier, or all that is about a name.
  case cancelErrand(String)
  /// A dataset as token files, made in the background.
  case tokenize(TokenizeRequest)
  case dataset(DatasetRequest)
  /// Token files; nothing is kept of them, as they can be made again. The dataset may be left out.
  case deleteTokenization(String, of: DatasetReference?, isForced: Bool)
  /// Something is to be brought from the Hugging Face Hub.
  case download(DownloadWish)

  package static let actions =
    ["cancel", "pause", "resume", "rescan", "delete", "rename", "evaluate", "tokenize", "download"] + DatasetRequest.actions
  /// What can be deleted.
  package static let kinds = ["config", "dataset", "tokenization"]
  private static let keys =
    ["action", "job", "kind", "name", "to", "force", "errand", "version", "tokenization"]
    + EvaluationTask.keys.filter { $0 != "action" && $0 != "name" }
    + downloadKeys

  package static func decode(_ node: JSONNode, source: ConfigSource) -> (InboxRequest?, [Finding]) {
    guard let object = node.object else { return (nil, [Finding(.error, "", "a request is a JSON object, but this is \(node.kindName)")]) }
    var form = RequestForm(object: object, source: source)
    let action = form.word("action", among: actions, "it is")
    if action == "tokenize" {
      let (request, findings) = TokenizeRequest.decode(object, source: source)
      return (findings.errors.isEmpty ? .tokenize(request) : nil, findings)
    }
    let known = Self.known(action)
    for key in object.keys where !(known + ["comment", "schema", "$schema"]).contains(key) && !key.hasPrefix("_") {
      let hint =
        NearestKey.suggestion(for: key, among: known).map { ". Did you mean \"\($0)\"?" } ?? "; known are \(known.joined(separator: ", "))"
      form.refuse(key, "no such field in a request" + hint)
    }
    guard let action, form.findings.errors.isEmpty else { return (nil, form.findings) }
    let request: InboxRequest?
    switch action {
    case "rescan": request = .rescan
    case "cancel" where object["errand"] != nil && object["job"] == nil:
      request = form.name("errand", "the errand to cancel").map { .cancelErrand($0) }
    case "cancel" where object["errand"] != nil:
      form.refuse("errand", "a request cancels one thing: give \"job\" or \"errand\"")
      request = nil
    case "cancel": request = form.name("job", "the job to cancel").map { .cancel(job: $0) }
    case "pause": request = form.name("job", "the job to pause").map { .pause(job: $0) }
    case "resume": request = form.name("job", "the job to resume").map { .resume(job: $0) }
    case "download": return Self.download(object, source)
    case "evaluate":
      let (task, findings) = EvaluationTask.read(object, source)
      form.findings += findings
      request = task.map { .evaluate($0) }
    case _ where DatasetRequest.actions.contains(action): request = DatasetRequest.decode(action, &form).map { .dataset($0) }
    default: request = aboutStored(action, &form)
    }
    return (form.findings.errors.isEmpty ? request : nil, form.findings)
  }

  private static func known(_ action: String?) -> [String] {
    switch action {
    case "rescan": ["action"]
    case "delete": ["action", "kind", "name", "dataset", "version", "tokenization", "force"]
    case "rename": ["action", "kind", "name", "to", "force"]
    case "evaluate": EvaluationTask.keys
    case "cancel": ["action", "job", "errand"]
    case "download": ["action"] + downloadKeys
    case nil: keys + ["dataset", "description", "tags", "license", "format"]
    case let action?: ["action"] + (DatasetRequest.known(action) ?? ["job"])
    }
  }

  private static func aboutStored(_ action: String, _ form: inout RequestForm) -> InboxRequest? {
    // The shorter form names its kind by the field.
    let implied = action == "delete" && form.object["kind"] == nil ? ["tokenization", "dataset"].first { form.object[$0] != nil } : nil
    let kind = implied ?? form.word("kind", among: action == "delete" ? kinds : ["config"], "it says what is to be \(action)d:")
    if let kind, kind != "config" {
      let foreign = kind == "dataset" ? ["tokenization"] : []
      for field in foreign where form.object[field] != nil {
        form.refuse(field, "a request deletes one thing: this names a \(field), and it is about a \(kind)")
      }
      return DatasetRequest.decodeDelete(kind, &form)
    }
    for field in ["dataset", "version", "tokenization"] where form.object[field] != nil {
      form.refuse(field, "this is for datasets and tokenizations; a config is named by \"name\"")
    }
    let isForced = form.flag("force")
    let name = form.name("name", "the \(kind ?? "config") to \(action)")
    if action == "delete" {
      guard kind != nil, let name else { return nil }
      return .deleteConfig(name, isForced: isForced)
    }
    guard let to = form.name("to", "what it is to be called"), kind != nil, let name else { return nil }
    return .renameConfig(name, to: to, isForced: isForced)
  }
}

/// The members of a request, read one by one, with what is wrong of them.
struct RequestForm {
  let object: JSONObject
  let source: ConfigSource
  var findings: [Finding] = []

  mutating func refuse(_ field: String, _ message: String) {
    findings.append(Finding(.error, field, message, line: source.line(of: field, in: object)))
  }

  mutating func word(_ field: String, among words: [String], _ lead: String) -> String? {
    guard let word = object[field]?.string else {
      refuse(field, "\(object[field] == nil ? "this field is missing; \(lead)" : "must be") one of \(words.joined(separator: ", "))")
      return nil
    }
    guard words.contains(word) else {
      let hint = NearestKey.suggestion(for: word, among: words).map { ". Did you mean \"\($0)\"?" } ?? ""
      refuse(field, "\"\(word)\" is not known; it is one of \(words.joined(separator: ", "))\(hint)")
      return nil
    }
    return word
  }

  mutating func name(_ field: String, _ what: String) -> String? {
    if let name = object[field]?.string, !name.isEmpty { return name }
    refuse(field, object[field] == nil ? "this field is missing; it names \(what)" : "must be the name of \(what)")
    return nil
  }

  mutating func flag(_ field: String) -> Bool {
    guard let node = object[field] else { return false }
    if let flag = node.bool { return flag }
    refuse(field, "must be true or false")
    return false
  }
}
