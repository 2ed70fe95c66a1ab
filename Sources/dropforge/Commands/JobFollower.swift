import Domain
import Platform
import SystemPackage

/// Shows a job's progress until it is over.
struct JobFollower {
  private let layout: RootLayout
  private let reader: StatusReader

  init(_ layout: RootLayout) {
    self.layout = layout
    reader = StatusReader(layout)
  }

  /// Returns the status that the job ended with.
  func follow(_ id: JobID) async throws -> JobStatus {
    var last = ""
    var milestone = ""
    while true {
      guard let status = try reader.job(id) else { throw CommandFailure("The job '\(id)' has no status.", code: .internal) }
      let line = Self.line(status)
      if line != last {
        if Terminal.isInteractive {
          Terminal.write("\r\u{1B}[2K" + line.prefix(Terminal.width - 1))
        } else if Self.milestone(status) != milestone {
          Terminal.say(line)
        }
        last = line
        milestone = Self.milestone(status)
      }
      if status.state.isFinal {
        if Terminal.isInteractive { Terminal.say("") }
        return status
      }
      if reader.agentProcess == nil {
        throw CommandFailure("The agent has ended; the job goes on when it is started again.", code: .agentUnreachable)
      }
      try await Task.sleep(for: .milliseconds(250))
    }
  }

  private static func line(_ status: JobStatus) -> String {
    let head = "\(status.id) \(status.state.rawValue)"
    if status.state.isFinal { return "\(head)\(status.reason.map { ": \($0)" } ?? "")" }
    guard let step = status.step, let steps = status.steps else {
      return "\(head)\((status.reason ?? status.phase).map { ": \($0)" } ?? "")"
    }
    let loss = status.loss.map { "  loss \(Figures.fixed($0, 4))" } ?? ""
    let eval = status.evalLoss.map { "  eval \(Figures.fixed($0, 4))" } ?? ""
    let eta = status.eta.map { "  \(Figures.duration($0)) to go" } ?? ""
    return "\(head) \(Terminal.bar(status.progress / 100, width: 24)) \(step)/\(steps)\(loss)\(eval)\(eta)"
  }

  /// Where nobody looks on, a line a tenth of the way is enough.
  private static func milestone(_ status: JobStatus) -> String {
    let isUnderWay = status.state == .training || status.state == .evaluating
    return isUnderWay ? "\(Int(status.progress / 10))" : "\(status.state.rawValue) \(status.reason ?? "")"
  }
}
