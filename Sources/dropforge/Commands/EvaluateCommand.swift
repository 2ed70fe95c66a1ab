import ArgumentParser
import Domain
import StrictJSON

/// A request to the agent, dropped as a file as any other: there is one door.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a trained or dropped model on a dataset, without training.")

  @OptionGroup var root: RootOption
  @Argument(help: "A dropped model's name, or a job's or a sweep's.") var model: String
  @Argument(help: "A dataset's name.") var dataset: String
  @Option(help: "A split of the dataset. Default: the one that it brings for evaluation, else all rows.") var split: String?
  @Option(help: "Rows at most.") var maxSamples: Int?
  @Option(help: "loss, perplexity, accuracy, tool_accuracy, format_correctness, response_quality; with commas.") var metrics: String?
  @Option(name: .customLong("prompt"), help: "A text that the model answers; may be given several times.") var prompts: [String] = []

  func run() async throws {
    try await reporting {
      var object: JSONObject = ["action": "evaluate", "model": model.node, "dataset": dataset.node]
      if let split { object["split"] = split.node }
      if let maxSamples { object["max_samples"] = maxSamples.node }
      if let metrics { object["metrics"] = metrics.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init).node }
      if !prompts.isEmpty { object["prompts"] = prompts.node }
      try await RequestSender(root).send(JSONNode(.object(object)), called: "evaluate-\(model)-on-\(dataset)")
    }
  }
}
