import Catalogue
import Domain
import Intake
import Platform
import Scheduling

/// Deleting one version of a dataset.
extension DatasetViews {
  func delete(_ number: Int, of name: SafeName, isForced: Bool, _ errands: Errands) async throws -> RequestAnswer {
    let until = Timestamp(nanoseconds: now.nanoseconds + Int64(settings.trashDays * 86_400e9))
    let id = DropID(at: now, random: .random(in: 0...UInt32.max))
    let outcome = try await turnstile.pass {
      let outcome = try await catalogue.deleteVersion(
        number, of: name, isForced: isForced, as: id, bytes: try size(ofVersion: number, in: layout.workspace.dataset(name)), at: now,
        until: until)
      if case .done(let record, let left) = outcome {
        for errand in left.errands { _ = try await errands.cancel(errand.text) }
        try moveToTrash(record)
      }
      return outcome
    }
    switch outcome {
    case .unknown: return .refused(try await unknown(name))
    case .noVersion(let known):
      // A request may be carried out again after a crash.
      if let deleted = try await catalogue.trash().first(where: { $0.dataset == name && $0.versions == [number] }) {
        return .carriedOut("Version \(number) of dataset '\(name)' is deleted already. It can be restored until \(deleted.until).")
      }
      return .refused(
        Problem(
          "dataset.no-version", "the dataset '\(name)' has no version \(number)", at: .init(field: "version"),
          mend: "It has \(known.map(String.init).joined(separator: ", "))."))
    case .onlyVersion:
      return .refused(
        Problem(
          "dataset.only-version", "version \(number) is the only one of the dataset '\(name)'", at: .init(field: "version"),
          mend: "Delete the dataset: leave the version out."))
    case .inUse(let users): return .refused(Self.inUse(number, of: name, by: users))
    case .done(let record, let left):
      let back =
        settings.trashDays > 0
        ? "It can be restored until \(record.until) ({\"action\": \"restore\", \"dataset\": \"\(name)@\(number)\"}); until then its files take \(Figures.bytes(record.bytes))."
        : "Its files are gone."
      try await empty()
      try await publish([name])
      let newest = try await catalogue.latestStoredVersion(of: name).map { " The newest is version \($0.number) now." } ?? ""
      let without = left.isEmpty ? "" : " Left without it: \(left.list)."
      return .carriedOut("Version \(number) of dataset '\(name)' is deleted. \(back)\(newest)\(without)")
    }
  }

  private static func inUse(_ number: Int, of name: SafeName, by users: DatasetUsers) -> Problem {
    let isOne = users.isOne
    return Problem(
      "dataset.in-use",
      "version \(number) of the dataset '\(name)' is used by \(users.kinds) that \(isOne ? "is" : "are") not over: \(users.list)",
      at: .init(field: "version"), why: "\(isOne ? "it" : "they") could not start or go on without it",
      mend: "Wait for \(isOne ? "it" : "them"), cancel \(isOne ? "it" : "them"), or delete it all the same with --force (\"force\": true).")
  }
}
