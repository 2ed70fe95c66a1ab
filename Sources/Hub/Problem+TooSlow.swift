import Domain

extension Problem {
  /// What a download's time is held against.
  enum TimeLimit: Sendable, Equatable {
    /// `max_seconds` of whoever asked for it.
    case wish(Int)
    /// `download_hours` of the agent.
    case settings(Double)
  }

  /// It would take longer than it may.
  init(tooSlow plan: DownloadPlan, _ estimate: TimeEstimate, limit: TimeLimit) {
    let isModel = plan.source.kind == .model
    let less = isModel ? "name fewer files with \"files\"" : "take less with \"max_bytes\", \"max_rows\", \"split\" or \"files\""
    let allowed: String
    let mend: String
    let field: String?
    switch limit {
    case .wish(let seconds):
      (field, allowed) = ("max_seconds", "\"max_seconds\" allows \(Figures.duration(Double(seconds)))")
      mend = "Raise \"max_seconds\", or \(less), and drop it again."
    case .settings(let hours):
      (field, allowed) = (nil, "a download may take \(Figures.general(hours)) hours")
      mend = "\(less.sentenceCased), or raise \"download_hours\" in dropforge.json."
    }
    self.init(
      "hub.too-slow", "\(plan.source) would take \(Figures.duration(estimate.seconds ?? 0)) to download",
      at: field.map { Place(field: $0) },
      why:
        "\(Figures.bytes(estimate.bytes)) of \(Figures.bytes(plan.bytes)) are still to come at \(Figures.bytes(Int(estimate.rate ?? 0))) a second, \(estimate.how); \(allowed)",
      mend: "\(mend) What has come is kept for that.")
  }
}
