/// The states of an errand. `mayBecome` is the one door: the catalogue refuses what it refuses.
///
/// ```
/// pending ──▶ running ──▶ completed
///    ▲           │
///    └───────────┴──▶ error | cancelled
/// ```
/// Back to pending: after a crash, a stop of the agent, or for want of room on the disk.
package enum ErrandState: String, Sendable, Codable, CaseIterable {
  case pending, running, completed, error, cancelled

  package var isFinal: Bool { self == .completed || self == .error || self == .cancelled }

  package func mayBecome(_ next: ErrandState) -> Bool {
    switch (self, next) {
    case (.pending, .running), (.pending, .error), (.pending, .cancelled): true
    case (.running, .completed), (.running, .error), (.running, .cancelled), (.running, .pending): true
    default: false
    }
  }
}
