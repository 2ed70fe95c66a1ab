/// What work in the background is about, where it is no job: one kind, one verb of the worker, one `ErrandWork` of the agent.
package enum ErrandKind: String, Sendable, Codable, CaseIterable {
  case tokenize, download, export, evaluate

  /// Errands of the kind that are under way at the same time; others wait for their turn. Kinds do not wait for one another.
  package var mostAtOnce: Int {
    switch self {
    case .download: 4  // they wait for the network, not for a processor
    case .tokenize, .export, .evaluate: 1
    }
  }

  /// For people: "tokenizing 'rows'".
  package var gerund: String {
    switch self {
    case .tokenize: "tokenizing"
    case .download: "downloading"
    case .export: "exporting"
    case .evaluate: "evaluating"
    }
  }
}
