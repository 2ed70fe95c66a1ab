import StrictJSON

/// `{"action": "tokenize", …}`: a dataset as token files, made before any job needs them.
package struct TokenizeRequest: Section {
  package var dataset = ""
  /// nil: the newest.
  package var version: Int?
  /// `byte`, a model's name, or a finished job's.
  package var tokenizer = ""
  package var method = TrainingMethod.pretrain
  /// Longest sequence, tokens; nil: rows stay whole.
  package var maximumLength: Int?
  package var treatment = RowTreatment()
  package var data = DataSection()
  package var seed = 42
  package var threads: Int?

  package init() {}

  /// Of a config's `data` section.
  private static let ofData: Set<String> = ["max_samples", "train_split", "eval_split", "text_field", "prompt_field", "completion_field"]

  package static let fields: [Field<TokenizeRequest>] = {
    [
      Field("dataset", \.dataset, "Name of the dataset."),
      Field("version", \.version, limit: .atLeast(1), "Of the dataset. Default: the newest."),
      Field(
        "tokenizer", \.tokenizer, aliases: ["tokenizer_name"],
        "\"byte\", or the name of a model or of a finished job whose tokenizer is used."),
      Field("method", \.method, "pretrain or sft: how rows are read. Default: pretrain."),
      Field(
        "max_length", \.maximumLength, aliases: ["max_seq_length"], limit: .within(2...1_048_576),
        "Longest sequence, tokens; longer rows become windows. Default: rows stay whole."),
      Field("seed", \.seed, limit: .atLeast(0), "What is held out is drawn with it. Default: 42, as in configs."),
      Field("threads", \.threads, limit: .within(1...64), "Threads that work on it. Default: as the agent's settings say."),
    ] + RowTreatment.fields.map { $0.within(\.treatment) }
      + DataSection.fields.filter { ofData.contains($0.key) }.map { $0.within(\.data) }
  }()

  package static func decode(_ object: JSONObject, source: ConfigSource) -> (TokenizeRequest, [Finding]) {
    var request = TokenizeRequest()
    var findings = request.overlay(object, path: "", source: source, others: ["action", "schema", "$schema"])
    let wrong = Set(findings.errors.map(\.field))
    func refuse(_ field: String, _ message: String) {
      if !wrong.contains(field) { findings.append(Finding(.error, field, message, line: source.line(of: field, in: object))) }
    }
    if request.dataset.isEmpty { refuse("dataset", "this field is missing; it names the dataset to tokenize") }
    switch request.tokenizer {
    case "": refuse("tokenizer", "this field is missing; it is \"byte\", or the name of a model or of a finished job")
    case "train":
      refuse("tokenizer", "a tokenizer is trained by a job (\"tokenizer\": {\"name\": \"train\"}); name the finished job here then")
    default: break
    }
    if request.method != .pretrain, request.method != .sft {
      refuse("method", "tokens for \(request.method.rawValue) are made by its job; a request makes those of pretrain and sft")
    } else if let (field, message) = request.whole.problem(length: request.maximumLength, method: request.method) {
      refuse(field, message)
    }
    return (request, findings)
  }

  /// With a longest sequence nothing is dropped unless asked for.
  private var whole: RowTreatment {
    var whole = treatment
    if maximumLength != nil, treatment.truncate == nil { whole.truncate = false }
    return whole
  }

  /// The config of a job that would need the same tokens.
  package var configuration: Configuration {
    var configuration = Configuration(method: method)
    configuration.tokenizer.name = tokenizer
    configuration.data = data
    configuration.data.treatment = whole
    configuration.seed = seed
    if let maximumLength { configuration.training.maximumLength = maximumLength }
    return configuration
  }

  /// Equal for requests that mean the same.
  package func likeness(version: Int) -> String { JSONNode(.object(object)).text() + "@\(version)" }
}
