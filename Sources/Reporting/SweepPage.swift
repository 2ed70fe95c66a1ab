import Domain

/// `sweep.md`: a sweep's jobs as a table, the best first, then those that are not over, then those that failed.
struct SweepPage {
  private let results: SweepResults

  init(_ results: SweepResults) { self.results = results }

  var text: String {
    let done = results.rows.count { $0.state == .completed }
    let open = results.rows.count { !$0.state.isFinal }
    let failed = results.rows.count - done - open
    var counts = ["\(done) of \(results.rows.count) completed"]
    if open > 0 { counts.append("\(open) not over") }
    if failed > 0 { counts.append("\(failed) failed or cancelled") }
    return """
      # Sweep \(results.id)

      \(results.search == "random" ? "Drawn at random" : "Every combination") of \(results.axes.map { "`\($0)`" }.joined(separator: ", ")): \(counts.joined(separator: ", ")). Written \(results.updatedAt).

      \(verdict)

      | # | job | \(results.axes.map { "`\($0)`" }.joined(separator: " | ")) | \(results.metric) |\(lossTitle) steps | time | state |
      |---|---|\(results.axes.map { _ in "---|" }.joined())---|\(lossTitle.isEmpty ? "" : "---|")---|---|---|
      \(ordered.enumerated().map(line).joined(separator: "\n"))

      The jobs lie in `workspace/jobs/`, like any other. `dropforge cancel \(results.id)`, `pause` and `resume` mean all of them.

      """
  }

  private var verdict: String {
    guard let winner = results.rows.first(where: { $0.job == results.winner }), let score = winner.score else {
      return results.isOver ? "**No winner**: no job was completed with a \(results.metric)." : "No job is completed yet."
    }
    let values = results.axes.compactMap { axis in winner.values[axis].map { "`\(axis)` \($0)" } }.joined(separator: ", ")
    let kind = results.isOver ? "Winner" : "Best so far"
    return
      "**\(kind): `\(winner.job)`** with \(values): \(results.metric) \(Figures.significant(score, 5)). Go on with it: `\"model\": {\"name\": \"\(winner.job)\"}`."
  }

  /// The loss has a column of its own where the winner is not chosen by it.
  private var lossTitle: String { results.metric == "eval_loss" ? "" : " eval_loss |" }

  private var ordered: [SweepResults.Row] {
    let best = SweepResults.ranking(of: results.rows, isLessBetter: results.isLessBetter)
    let ranked = Set(best.map(\.job))
    let rest = results.rows.filter { !ranked.contains($0.job) }
    return best + rest.filter { !$0.state.isFinal } + rest.filter(\.state.isFinal)
  }

  private func line(_ index: Int, _ row: SweepResults.Row) -> String {
    func figure(_ value: Double?) -> String { value.map { Figures.significant($0, 5) } ?? "–" }
    let values = results.axes.map { row.values[$0] ?? "–" }.joined(separator: " | ")
    let loss = lossTitle.isEmpty ? "" : " \(figure(row.evalLoss)) |"
    let why =
      row.state == .error || row.state == .cancelled
      ? row.reason.map { ": \($0.replacing("|", with: "/").replacing("\n", with: " "))" } ?? "" : ""
    return
      "| \(row.state == .completed ? "\(index + 1)" : "–") | `\(row.job)` | \(values) | \(figure(row.score)) |\(loss) \(row.steps.map(String.init) ?? "–") | \(row.seconds.map(Figures.duration) ?? "–") | \(row.state.rawValue)\(why) |"
  }
}
