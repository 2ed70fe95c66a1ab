import Domain

extension Problem {
  /// What a download's time is held against.
  enum TimeLimit: Sendable, Equatable {
    /// `max_seconds` of whoever asked for it, and how many have passed.
    case wish(Int, passed: Double = 0)
    /// `download_hours` of the agent.
    case settings(Double)
  }

  /// It would take longer than it may.
  init(tooSlow plan: DownloadPlan, _ estimate: TimeEstimate, limit: TimeLimit) {
    let less = Self.less(than: plan.source)
    let allowed: String
    let mend: String
    let field: String?
    switch limit {
    case .wish(let seconds, let passed):
      // Told where it makes the difference.
      let isEnough = (estimate.seconds ?? 0) <= Double(seconds)
      field = "max_seconds"
      allowed =
        "\"max_seconds\" allows \(Figures.duration(Double(seconds)))\(isEnough ? ", of which \(Figures.duration(passed)) have passed" : "")"
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

  /// Its `max_seconds` have passed.
  init(lateFor wish: DownloadWish, why: String) {
    self.init(
      "hub.late", "\(wish.source) was not here after the \(Figures.duration(Double(wish.maximumSeconds ?? 0))) that it may take",
      at: Place(field: "max_seconds"), why: why,
      mend: "Raise \"max_seconds\", or \(Self.less(than: wish.source)), and drop it again. What has come is kept for that.")
  }

  private static func less(than source: HubSource) -> String {
    source.kind == .model ? "name fewer files with \"files\"" : "take less with \"max_bytes\", \"max_rows\", \"split\" or \"files\""
  }
}
