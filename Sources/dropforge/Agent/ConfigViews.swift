import Catalogue
import Domain
import Intake
import Platform
import Reporting
import SystemPackage

/// `workspace/configs/`: what the catalogue holds of stored configs, as files; and the requests that change them.
struct ConfigViews: Sendable {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  let publisher: Publisher
  private let turnstile = Turnstile()

  init(layout: RootLayout, files: any FileSystem, catalogue: Catalogue, publisher: Publisher) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.publisher = publisher
  }

  /// Writes a config's folder anew, or removes it where the catalogue has no such config.
  ///
  /// - Parameter restoring: whether files of versions are written too, where they are missing.
  func publish(_ name: SafeName, restoring: Bool = false) async throws { try await publish([name], restoring: restoring) }

  func publish(_ names: Set<SafeName>, restoring: Bool = false) async throws {
    if names.isEmpty { return }
    try await turnstile.pass { try await write(names, restoring) }
  }

  private func write(_ names: Set<SafeName>, _ restoring: Bool) async throws {
    let found = try await catalogue.configVersions(of: names)
    for name in names where found[name] == nil { try files.removeTree(layout.workspace.config(name).folder) }
    try publisher.publish(
      found.map { name, versions in
        .init(card: ConfigCard(name: name, records: versions), bodies: versions.map { ($0.number, $0.body) }, isRestored: restoring)
      })
  }

  /// Of every config, where what the catalogue says does not stand: after a crash, or where somebody removed a file.
  func restore() async throws {
    for name in try await catalogue.configNames() {
      let path = layout.workspace.config(name).validation
      let standing = files.exists(path) ? try? PublishedJSON.decode(ConfigCard.self, from: try files.contents(of: path)) : nil
      if try await catalogue.configCard(name) != standing { try await publish(name, restoring: true) }
    }
    // A folder that is left of a config that was deleted or renamed. Files of other names in it are a user's.
    let known = Set(try await catalogue.configNames().map(\.text))
    for folder in try files.names(in: layout.workspace.configs) where !known.contains(folder.string) {
      if let name = SafeName(exactly: folder.string), files.exists(layout.workspace.config(name).validation) { try await publish(name) }
    }
  }

  func delete(_ text: String, isForced: Bool) async throws -> RequestAnswer {
    let name = SafeName(from: text)
    switch try await catalogue.deleteConfig(name, isForced: isForced) {
    case .done(let versions):
      try await publish(name)
      return .carriedOut("Config '\(name)' is deleted, with \(versions == 1 ? "its one version" : "its \(versions) versions").")
    case .unknown: return .refused(Self.unknown(name))
    case .inUse(let jobs): return .refused(Self.inUse(name, by: jobs, verb: "delete"))
    case .nameTaken: return .refused(Self.taken(name))  // not said of a deletion
    }
  }

  func rename(_ text: String, to newText: String, isForced: Bool) async throws -> RequestAnswer {
    let (name, new) = (SafeName(from: text), SafeName(from: newText))
    switch try await catalogue.renameConfig(name, to: new, isForced: isForced) {
    case .done:
      try await publish(new, restoring: true)
      try await publish(name)
      return .carriedOut("Config '\(name)' is called '\(new)' now.")
    case .unknown: return .refused(Self.unknown(name))
    case .inUse(let jobs): return .refused(Self.inUse(name, by: jobs, verb: "rename"))
    case .nameTaken: return .refused(Self.taken(new))
    }
  }

  private static func unknown(_ name: SafeName) -> Problem {
    Problem(
      "config.unknown", "there is no config '\(name)'", at: .init(field: "name"), mend: "`dropforge configs list` tells which there are.")
  }

  private static func inUse(_ name: SafeName, by jobs: [JobID], verb: String) -> Problem {
    let list = jobs.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (jobs.count > 3 ? " and \(jobs.count - 3) more" : "")
    let isOne = jobs.count == 1
    return Problem(
      "config.in-use", "the config '\(name)' is used by \(isOne ? "a job that is" : "jobs that are") not over: \(list)",
      at: .init(field: "name"), why: "\(isOne ? "it" : "they") could not start or go on without it",
      mend: "Wait for \(isOne ? "it" : "them"), cancel \(isOne ? "it" : "them"), or \(verb) it all the same with --force (\"force\": true)."
    )
  }

  private static func taken(_ name: SafeName) -> Problem {
    Problem(
      "config.name-taken", "there is a config '\(name)' already", at: .init(field: "to"),
      mend: "Choose another name, or delete that one before.")
  }
}
