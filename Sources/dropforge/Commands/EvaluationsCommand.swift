import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct EvaluationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluations", abstract: "What held-out data say of trained models.",
    subcommands: [List.self, Show.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Every evaluation, of a training's end or on request, the newest first.")

    @OptionGroup var root: RootOption
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
      try await reporting {
        let records = try EvaluationReader(try root.existing()).all()
        if json {
          struct Content: Encodable {
            var schema = "dropforge.evaluations/1"
            var evaluations: [EvaluationRecord]
          }
          return Terminal.say(String(decoding: try PublishedJSON.bytes(of: Content(evaluations: records)), as: UTF8.self))
        }
        if records.isEmpty { return Terminal.say("No job has been evaluated yet.") }
        Terminal.say(EvaluationView.table(records))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "One of them: before, after, best, loss by epoch, answers.")

    @OptionGroup var root: RootOption
    @Argument(help: "A job's identifier or name.") var job: String
    @Flag(help: "One JSON object: evaluation.json as it is.") var json = false

    func run() async throws {
      try await reporting {
        let reader = EvaluationReader(try root.existing())
        let (record, text) = try reader.evaluation(of: job)
        Terminal.say(json ? text : EvaluationView.text(record))
      }
    }
  }
}

/// Reads the evaluations that jobs have published.
struct EvaluationReader {
  private let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  func all() throws -> [EvaluationRecord] {
    try StatusReader(layout).jobs().compactMap { job in
      let path = layout.workspace.job(job.id).evaluation
      return files.exists(path) ? try PublishedJSON.decode(EvaluationRecord.self, from: try files.contents(of: path)) : nil
    }.sorted { ($1.createdAt, $0.job) < ($0.createdAt, $1.job) }
  }

  func evaluation(of name: String) throws -> (EvaluationRecord, json: String) {
    let job = try StatusReader(layout).job(called: name)
    let path = layout.workspace.job(job.id).evaluation
    guard files.exists(path) else {
      throw CommandFailure(
        "The job '\(job.id)' has no evaluation: it is \(job.state.rawValue)\(job.state.isFinal ? "" : ", and is evaluated at its end").",
        code: .saidNo)
    }
    let bytes = try files.contents(of: path)
    return (try PublishedJSON.decode(EvaluationRecord.self, from: bytes), String(decoding: bytes, as: UTF8.self))
  }
}

/// Evaluations as people read them.
enum EvaluationView {
  static func table(_ records: [EvaluationRecord]) -> String {
    let rows =
      [["JOB", "BASE", "LOSS BEFORE", "AFTER", "BEST", "PERPLEXITY", "ACCURACY", "TOOLS"]]
      + records.map { record in
        let metrics = record.metrics
        return [
          record.job.text, record.baseModel, figure(metrics.before?.loss), figure(metrics.after?.loss), figure(metrics.best?.loss),
          figure(metrics.after?.perplexity, 3), figure(metrics.after?.accuracy, 3), figure(metrics.after?.toolAccuracy, 3),
        ]
      }
    return aligned(rows)
  }

  static func text(_ record: EvaluationRecord) -> String {
    let (before, after, best) = (record.metrics.before, record.metrics.after, record.metrics.best)
    let titles: [(String, KeyPath<EvaluationRecord.Metrics, Double?>)] =
      EvaluationRecord.Metrics.measured + EvaluationRecord.Metrics.judged
    let statistics = record.statistics
    if record.isOnRequest == true { return onRequest(record, titles) }
    var rows = [["", "before", "after", "best"]]
    for (title, path) in titles where after?[keyPath: path] != nil {
      rows.append([title, figure(before?[keyPath: path]), figure(after?[keyPath: path]), figure(best?[keyPath: path])])
    }
    var text = """
      \(record.job): \(statistics.method) from \(record.baseModel), \(Figures.grouped(statistics.parameters)) parameters
      test set: \(record.testSet.source), \(Figures.grouped(record.testSet.sequences)) sequences, \(Figures.grouped(record.testSet.tokens)) tokens\(record.testSet.prompts > 0 ? ", \(record.testSet.prompts) prompts answered" : "")
      training: \(Figures.grouped(statistics.steps)) steps, \(Figures.grouped(statistics.tokensSeen)) tokens in \(Figures.duration(statistics.trainRuntime))\(best.map { ", lowest held-out loss at step \(Figures.grouped($0.step))" } ?? "")

      \(aligned(rows))
      """
    if !record.curves.epochs.isEmpty {
      let epochs = record.curves.epochs.map { ["\($0.epoch)", figure($0.train), figure($0.validation)] }
      text += "\n\n" + aligned([["epoch", "train loss", "held-out loss"]] + epochs)
    }
    return text + wrongAnswers(record)
  }

  /// A model that was measured without being trained.
  private static func onRequest(
    _ record: EvaluationRecord, _ titles: [(title: String, path: KeyPath<EvaluationRecord.Metrics, Double?>)]
  ) -> String {
    let rows = titles.compactMap { title, path in record.metrics.after?[keyPath: path].map { [title, figure($0)] } }
    let test = record.testSet
    let text = """
      \(record.job): \(record.baseModel), \(Figures.grouped(record.statistics.parameters)) parameters, on request
      test set: \(test.source), \(Figures.grouped(test.sequences)) \(test.sequences == 1 ? "sequence" : "sequences"), \(Figures.grouped(test.tokens)) tokens\(test.prompts > 0 ? ", \(test.prompts) prompts answered" : ""), read as by \(record.statistics.method)

      \(aligned(rows))
      """
    return text + (record.remarks ?? []).map { "\n\n\($0)" }.joined() + wrongAnswers(record)
  }

  private static func wrongAnswers(_ record: EvaluationRecord) -> String {
    let wrong = record.details.filter { $0.isToolRight == false || $0.isFormatRight == false }
    if wrong.isEmpty { return "" }
    var text = "\n\n\(wrong.count) of \(record.details.count) answers are wrong; the first:"
    for detail in wrong.prefix(3) {
      let called = detail.predictedTool.map { "called \($0)" } ?? "called no tool"
      text += "\n  \(oneLine(detail.prompt))\n    expected \(detail.expectedTool ?? "no tool"), \(called): \(oneLine(detail.response))"
    }
    return text
  }

  private static func figure(_ value: Double?, _ decimals: Int = 4) -> String { value.map { Figures.fixed($0, decimals) } ?? "–" }

  private static func oneLine(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count <= 100 ? line : "…" + line.suffix(99)
  }

  private static func aligned(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).enumerated().map { index, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 ? cell.0 + space : space + cell.0
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
