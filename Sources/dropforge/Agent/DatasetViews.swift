import Catalogue
import Domain
import Intake
import Logging
import Platform
import Reporting
import SystemPackage

/// `workspace/datasets/`: what the catalogue holds of datasets, as cards and reports; and the requests that change them.
struct DatasetViews: Sendable {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  let publisher: Publisher
  let settings: AgentSettings
  let clock: WallClock
  let turnstile = Turnstile()

  init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, publisher: Publisher, settings: AgentSettings, clock: WallClock
  ) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.publisher = publisher
    self.settings = settings
    self.clock = clock
  }

  var now: Timestamp { Timestamp(nanoseconds: clock.now()) }

  /// Writes the cards anew, and the reports of those that were looked through.
  func publish(_ names: Set<SafeName>) async throws { try await turnstile.pass { try await write(names) } }

  private func write(_ names: Set<SafeName>) async throws {
    let cards = try await catalogue.datasetCards(names) { layout.relative(layout.workspace.dataset($0).version($1).data) }
    var pages: [DatasetFacts] = []
    let completed = try cards.map { card in
      var card = card
      let version = layout.workspace.dataset(card.name).version(card.version)
      if let quality = try made(DatasetQuality.self, version.quality) {
        card.preview = try made(DatasetPreview.self, version.preview)
        card.remarks = quality.remarks
        pages.append(DatasetFacts(card: card, quality: quality, samples: try samples(of: version)))
      }
      return card
    }
    // The card last: who sees its remarks finds the page.
    try publisher.publish(pages)
    try publisher.publish(completed)
  }

  private func made<Value: Decodable>(_ type: Value.Type, _ path: FilePath) throws -> Value? {
    files.exists(path) ? try PublishedJSON.decode(type, from: try files.contents(of: path)) : nil
  }

  private func samples(of version: DatasetVersionLayout) throws -> [UInt8]? {
    let page = version.samples(split: nil, page: 1)
    return files.exists(page) ? try files.contents(of: page) : nil
  }

  // MARK: requests

  func describe(
    _ reference: DatasetReference, _ description: String?, _ tags: [String]?, _ licence: String?
  ) async throws -> RequestAnswer {
    guard let name = try await catalogue.datasetName(reference.name),
      try await catalogue.describe(name, description: description, tags: tags, licence: licence)
    else { return .refused(try await unknown(reference.name)) }
    try await publish([name])
    return .carriedOut("Dataset '\(name)' is described.")
  }

  func delete(_ reference: DatasetReference, isForced: Bool) async throws -> RequestAnswer {
    let folder = layout.workspace.dataset(reference.name)
    let until = Timestamp(nanoseconds: now.nanoseconds + Int64(settings.trashDays * 86_400e9))
    let id = DropID(at: now, random: .random(in: 0...UInt32.max))
    let outcome = try await turnstile.pass {
      let outcome = try await catalogue.deleteDataset(
        reference.name, isForced: isForced, as: id, bytes: try size(of: folder.folder), at: now, until: until)
      if case .done(let record, _) = outcome { try moveToTrash(record) }
      return outcome
    }
    switch outcome {
    case .unknown:
      // A request may be carried out again after a crash.
      if let deleted = try await catalogue.trash().first(where: { $0.dataset == reference.name }) {
        return .carriedOut("Dataset '\(reference.name)' is deleted already. It can be restored until \(deleted.until).")
      }
      return .refused(try await unknown(reference.name))
    case .inUse(let jobs): return .refused(Self.inUse(reference.name, by: jobs))
    case .done(let record, let jobs):
      let back =
        settings.trashDays > 0
        ? "It can be restored until \(record.until) (\"action\": \"restore\"); until then its files take \(Figures.bytes(record.bytes))."
        : "Its files are gone."
      try await empty()
      let versions = record.versions.count == 1 ? "its one version" : "its \(record.versions.count) versions"
      let left = jobs.isEmpty ? "" : " Left without it: \(jobs.map { "'\($0)'" }.joined(separator: ", "))."
      return .carriedOut("Dataset '\(record.dataset)' is deleted, with \(versions). \(back)\(left)")
    }
  }

  func restore(_ reference: DatasetReference) async throws -> RequestAnswer {
    switch try await takenOut(reference) {
    case .unknown:
      let versions = try await catalogue.datasetVersions(of: reference.name).map(\.number)
      let meant = (reference.version.map { "version \($0) of " } ?? "") + "dataset '\(reference.name)'"
      if reference.version.map(versions.contains) ?? !versions.isEmpty {
        return .carriedOut("\(meant.sentenceCased) is here: there is nothing to restore.")
      }
      let alone = reference.version == nil ? "" : " by itself"
      return .refused(
        Problem(
          "trash.unknown", "no deleted \(meant) can be restored", at: .init(field: "dataset"),
          why: "it was not deleted\(alone), or longer than \(Figures.general(settings.trashDays)) days ago",
          mend: "`dropforge datasets trash` tells which there are."))
    case .nameTaken:
      return .refused(
        Problem(
          "dataset.name-taken", "a dataset '\(reference.name)' came since the other was deleted", at: .init(field: "dataset"),
          mend: "Delete that one before, or drop its file under another name."))
    case .datasetGone:
      return .refused(
        Problem(
          "trash.dataset-gone", "a version comes back to its dataset, and there is no dataset '\(reference.name)' now",
          at: .init(field: "dataset"), mend: "Restore the dataset first: {\"action\": \"restore\", \"dataset\": \"\(reference.name)\"}."))
    case .bytesTaken(let name, let version):
      return .refused(
        Problem(
          "dataset.bytes-taken", "the bytes of '\(reference.name)' were dropped again: they are version \(version) of '\(name)'",
          at: .init(field: "dataset"), mend: "Use that one, or delete it before."))
    case .done(let record):
      try await publish([record.dataset])
      if !record.isWhole { return .carriedOut("Version \(record.versions[0]) of dataset '\(record.dataset)' is back.") }
      return .carriedOut(
        "Dataset '\(record.dataset)' is back, with \(record.versions.count == 1 ? "its one version" : "its \(record.versions.count) versions")."
      )
    }
  }

  func unknown(_ name: SafeName) async throws -> Problem {
    let owner = try await catalogue.datasetName(name)
    let near =
      NearestKey.suggestion(for: name.text, among: try await catalogue.datasetNames().map(\.text)).map { "Did you mean '\($0)'? " } ?? ""
    return Problem(
      "dataset.unknown", "there is no dataset '\(name)'", at: .init(field: "dataset"),
      why: owner.flatMap { $0 == name ? nil : "it is another name of '\($0)'" },
      mend: (owner == nil ? near : "Name that. ") + "`dropforge datasets list` tells which there are.")
  }

  private static func inUse(_ name: SafeName, by jobs: [JobID]) -> Problem {
    let list = jobs.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (jobs.count > 3 ? " and \(jobs.count - 3) more" : "")
    let isOne = jobs.count == 1
    return Problem(
      "dataset.in-use", "the dataset '\(name)' is used by \(isOne ? "a job that is" : "jobs that are") not over: \(list)",
      at: .init(field: "name"), why: "\(isOne ? "it" : "they") could not start or go on without it",
      mend: "Wait for \(isOne ? "it" : "them"), cancel \(isOne ? "it" : "them"), or delete it all the same with --force (\"force\": true).")
  }
}
