import Catalogue
import Domain
import Platform
import SystemPackage

extension TokenizationShelf {
  /// Removes token files. Nothing is kept of them: the same request, or a job that needs them, makes them again.
  ///
  /// - Parameters:
  ///   - dataset: where it lies; nil: wherever there is one of that identifier.
  ///   - cancel: stops errands that are at it, where it is forced.
  package func delete(
    _ id: String, of dataset: DatasetReference?, isForced: Bool, cancel: @Sendable (ErrandID) async throws -> Void
  ) async throws -> SchedulerAnswer {
    let found = try await catalogue.tokenizations(withID: id).filter { dataset == nil || $0.dataset == dataset?.name }
    guard let (owner, card) = found.first else { return .refused(try await unknown(id, dataset)) }
    guard found.count == 1 else {
      return .refused(
        Problem(
          "tokenization.ambiguous", "several datasets have a tokenization '\(id)'", at: .init(field: "dataset"),
          mend: "Say which is meant: {\"dataset\": \"\(owner)\"}. There are \(found.map { "'\($0.dataset)'" }.joined(separator: ", "))."))
    }
    let users = try await catalogue.users(ofVersion: card.version, of: owner, started: true)
    guard isForced || users.isEmpty else { return .refused(Self.inUse(id, owner, card.version, users)) }
    for errand in users.errands { try await cancel(errand) }
    let place = layout.workspace.dataset(owner).tokenization(id)
    guard let lock = try ExclusiveLock(place.lock) else {
      return .refused(
        Problem(
          "tokenization.busy", "a worker is making the tokenization '\(id)' at this moment", at: .init(field: "tokenization"),
          mend: "Drop the request again when it has ended; `dropforge status` tells."))
    }
    let bytes = try size(of: place.folder)
    // One step takes it away; what is left of it is what a start removes too.
    if files.exists(place.folder) {
      try files.removeTree(place.partial.folder)
      try files.rename(place.folder, to: place.partial.folder)
      try files.syncFolder(place.folder.removingLastComponent())
      try files.removeTree(place.partial.folder)
    }
    try files.removeTree(place.lock)
    withExtendedLifetime(lock) {}
    try await register(owner)
    let left = users.isEmpty ? "" : " \(users.list) \(users.isOne ? "was" : "were") at it."
    return .carriedOut(
      "Tokenization '\(id)' of '\(owner)', version \(card.version), is deleted: \(Figures.grouped(card.tokens)) tokens, \(Figures.bytes(bytes)). It is made again where it is needed.\(left)"
    )
  }

  private func size(of folder: FilePath) throws -> Int {
    files.isFolder(folder) ? try files.walk(folder).reduce(0) { $0 + $1.status.size } : 0
  }

  private func unknown(_ id: String, _ dataset: DatasetReference?) async throws -> Problem {
    var known: [String] = []
    var names = [dataset?.name].compactMap(\.self)
    if names.isEmpty { names = try await catalogue.datasetNames() }
    for name in names {
      known += try await catalogue.tokenizations(of: name).map(\.card.id)
    }
    let hint = NearestKey.suggestion(for: id, among: known).map { "Did you mean '\($0)'? " } ?? ""
    return Problem(
      "tokenization.unknown", "there is no tokenization '\(id)'\(dataset.map { " of '\($0.name)'" } ?? "")",
      at: .init(field: "tokenization"),
      mend: hint + "`dropforge tokenizations list` tells which there are.")
  }

  private static func inUse(_ id: String, _ dataset: SafeName, _ version: Int, _ users: DatasetUsers) -> Problem {
    let isOne = users.isOne
    return Problem(
      "tokenization.in-use",
      "the tokenization '\(id)' may be used by \(users.kinds) that \(isOne ? "is" : "are") not over: \(users.list)",
      at: .init(field: "tokenization"),
      why: "\(isOne ? "it was" : "they were") started with version \(version) of '\(dataset)'",
      mend: "Wait for \(isOne ? "it" : "them"), cancel \(isOne ? "it" : "them"), or delete it all the same with --force (\"force\": true).")
  }
}
