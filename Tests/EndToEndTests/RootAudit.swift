import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport

/// Looks through a root whose agent has ended: of everything that was dropped there is one receipt and one of what it became,
/// its bytes lie in exactly one place, nothing is left over, and every JSON file is whole.
struct RootAudit {
  private let layout: RootLayout
  private let drops: [Dropped]
  private let files = LinuxFileSystem()
  /// Path relative to the root -> SHA-256.
  private var hashes: [String: String] = [:]
  private var inodes: [String: UInt64] = [:]
  private var folders: [String] = []
  private(set) var complaints: [String] = []

  /// - Parameter drops: all that were ever dropped. A name that was dropped twice stands there twice.
  init(_ layout: RootLayout, _ drops: [Dropped]) throws {
    self.layout = layout
    self.drops = drops
    try look("")
    try checkLeftovers()
    try checkOriginals()
    try checkReceipts()
    try checkViews()
    try checkJSON()
  }

  private mutating func look(_ folder: String) throws {
    let absolute = layout.root.pushing(FilePath(folder))
    for name in try files.names(in: absolute) {
      let path = folder.isEmpty ? name.string : "\(folder)/\(name.string)"
      let status = try files.status(absolute.appending(name))
      inodes[path] = status.inode
      if status.kind == .folder {
        folders.append(path)
        try look(path)
      } else if !path.hasPrefix("workspace/catalogue.sqlite") {
        hashes[path] = try files.sha256(of: absolute.appending(name)).sha256
      }
    }
  }

  private mutating func checkLeftovers() throws {
    for path in folders + hashes.keys.sorted() {
      let isTemporary = [".publishing", ".making", ".rewritten", ".part"].contains { path.hasSuffix($0) }
      if path.hasPrefix("inbox/.claimed/") || path.hasPrefix("workspace/.staging/") || isTemporary {
        complaints.append("left over: \(path)")
      }
    }
  }

  private mutating func checkOriginals() throws {
    var places: [String: [String]] = [:]
    for (path, hash) in hashes where !Self.isDerived(path) { places[hash, default: []].append(path) }
    for drop in drops {
      let found = (places[SHA256.hash(drop.proof)] ?? []).sorted()
      // A duplicate's bytes are those of the one that it is a duplicate of; two versions of the same bytes are hard links.
      if Set(found.map { inodes[$0] }).count != 1 { complaints.append("\(drop.name): its bytes lie in \(found.count) places: \(found)") }
    }
  }

  /// Views that can have the very bytes of a drop.
  private static func isDerived(_ path: String) -> Bool {
    path.contains("/data/") || path.hasPrefix("workspace/configs/") && path.hasSuffix("/config.json")
  }

  private mutating func checkReceipts() throws {
    let names = Set(drops.map(\.name))
    let receipts = hashes.keys.filter { $0.hasPrefix("inbox/receipts/") }
    if receipts.count != names.count { complaints.append("\(receipts.count) receipts for \(names.count) names") }
    // The last drop of a name is the one that its receipt tells of.
    let last = Dictionary(drops.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    for drop in last.values {
      guard let receipt = try drop.verdict(in: layout) else {
        complaints.append("\(drop.name): no verdict")
        continue
      }
      if receipt.status != drop.verdict { complaints.append("\(drop.name): \(receipt.status.rawValue): \(receipt.message)") }
      if let path = receipt.path, !files.exists(layout.absolute(path)) { complaints.append("\(drop.name): nothing at \(path)") }
    }
  }

  private mutating func checkViews() throws {
    let datasets = drops.versions
    expect(layout.workspace.datasets, datasets.keys.map(\.text))
    for (name, versions) in datasets {
      let dataset = layout.workspace.dataset(name)
      expect(dataset.versions, (1...versions).map { "\($0)" })
      guard files.exists(dataset.card) else {
        complaints.append("\(name): no dataset.json")
        continue
      }
      let card = try PublishedJSON.decode(DatasetCard.self, from: try files.contents(of: dataset.card))
      if card.versions.count != versions { complaints.append("\(name): its card tells of \(card.versions.count) versions") }
    }
    expect(layout.workspace.models, drops.filter { $0.fate == .model }.map { SafeName(from: DroppedFileName($0.name).stem).text })
    expect(layout.workspace.configs, drops.filter { $0.fate == .config }.map { SafeName(from: DroppedFileName($0.name).stem).text })
    let jobs = try files.names(in: layout.workspace.jobs)
    let expected = drops.count { $0.fate == .job }
    if jobs.count != expected { complaints.append("\(jobs.count) jobs, \(expected) were dropped") }
    for job in jobs.compactMap({ JobID($0.string) }) {
      let path = layout.workspace.job(job).status
      let status = try files.exists(path) ? PublishedJSON.decode(JobStatus.self, from: try files.contents(of: path)) : nil
      if status?.state != .completed { complaints.append("job \(job): \(status?.state.rawValue ?? "no status") \(status?.reason ?? "")") }
    }
    let errands = try files.names(in: layout.workspace.errands).compactMap { ErrandID($0.string) }
    let asked = drops.count { drop in String(decoding: drop.proof, as: UTF8.self).contains("\"tokenize\"") }
    // One more may be: a request whose receipt a kill kept back is carried out again, and finds what is there.
    if !(asked...2 * asked).contains(errands.count) { complaints.append("\(errands.count) errands, \(asked) were asked for") }
    for errand in errands {
      let path = layout.workspace.errand(errand).status
      let status = try files.exists(path) ? PublishedJSON.decode(ErrandStatus.self, from: try files.contents(of: path)) : nil
      if status?.state != .completed { complaints.append("errand \(errand): \(status?.state.rawValue ?? "no status")") }
    }
    let status = try PublishedJSON.decode(AgentStatus.self, from: try files.contents(of: layout.workspace.status))
    if status.datasets != datasets.count || status.jobs != expected {
      complaints.append("status.json tells of \(status.datasets) datasets and \(status.jobs) jobs, not \(datasets.count) and \(expected)")
    }
  }

  private mutating func expect(_ folder: FilePath, _ names: [String]) {
    let found = (try? files.names(in: folder).map(\.string)) ?? []
    let expected = Set(names).sorted()
    if found.sorted() != expected { complaints.append("\(layout.relative(folder)) holds \(found), not \(expected)") }
  }

  private mutating func checkJSON() throws {
    for path in hashes.keys.sorted() where PublishedFiles.isPublished(path) {
      do throws(JSONSyntaxError) {
        _ = try JSONParser.parse(contents(path))
      } catch {
        complaints.append("\(path): \(error)")
      }
    }
  }

  private func contents(_ path: String) -> [UInt8] { (try? files.contents(of: layout.absolute(path))) ?? [] }
}

/// The JSON files that a reader may look at, at any moment.
enum PublishedFiles {
  /// - Parameter path: relative to the root.
  static func isPublished(_ path: String) -> Bool {
    guard path.hasSuffix(".json"), path.hasPrefix("inbox/receipts/") || path.hasPrefix("workspace/") else { return false }
    // Hidden: being made. Originals are as their owners wrote them.
    return !path.contains("/.") && !path.contains("/original/")
  }
}
