import Catalogue
import Domain
import Logging

/// What users want of errands.
extension Errands {
  /// Takes an errand in. Where an open one means the same, that one is told.
  ///
  /// - Parameter likeness: equal for orders that mean the same.
  /// - Returns: the errand, and whether it is a new one.
  package func add(
    _ kind: ErrandKind, about name: SafeName, likeness: String, body: String
  ) async throws -> (errand: ErrandRecord, isNew: Bool) {
    let added = try await catalogue.addErrand(kind, about: name, likeness: likeness, body: body, reason: "starts next", at: now)
    try await announce(added.errand.id)
    wake()
    return added
  }

  /// Whether a user can mean an errand by that name.
  package func knows(_ name: String) async throws -> Bool { try await !catalogue.errands(called: name).isEmpty }

  /// Cancels the errand of that identifier, or all open ones that are about that name.
  package func cancel(_ name: String) async throws -> SchedulerAnswer {
    let meant = try await catalogue.errands(called: name)
    guard let newest = meant.first else {
      return .refused(
        Problem(
          "errand.unknown", "there is no errand '\(name)'", at: .init(field: "errand"),
          mend: "`dropforge status` lists what runs in the background; give an identifier, or the name of what it is about."))
    }
    let open = meant.filter { !$0.state.isFinal }
    guard !open.isEmpty else {
      return .refused(
        Problem(
          "errand.over", "the errand '\(newest.id)' is over: it is \(newest.state.rawValue)", at: .init(field: "errand"),
          mend: "There is nothing to cancel."))
    }
    for errand in open {
      try await catalogue.cancelErrand(errand.id)
      log.notice("errand is not wanted any more", metadata: ["errand": "\(errand.id)"])
    }
    wake()
    let names = open.map { "'\($0.id)'" }.joined(separator: ", ")
    return .carriedOut("\(names) \(open.count == 1 ? "is" : "are") being cancelled.")
  }
}
