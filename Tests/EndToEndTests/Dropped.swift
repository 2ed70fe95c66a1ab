import Domain
import Foundation
import Platform
import SystemPackage
import TestSupport

/// Something that a test drops, and what is to become of it.
struct Dropped: Sendable {
  enum Fate: Sendable, Equatable {
    case dataset
    /// The bytes of an earlier one.
    case duplicate
    case model, config, job, request, sidecar
    case rejected
  }

  var name: String
  var kind: DropKind?
  var fate: Fate
  /// One file, or those of a folder by their names.
  var content: Content
  /// The drop whose verdict must stand before this one comes: what becomes of it depends on that one.
  var after: String?
  enum Content: Sendable {
    case file([UInt8])
    case folder([(name: String, bytes: [UInt8])])
  }

  init(_ name: String, _ text: String, into kind: DropKind?, _ fate: Fate, after: String? = nil) {
    self.init(name, Array(text.utf8), into: kind, fate, after: after)
  }

  init(_ name: String, _ bytes: [UInt8], into kind: DropKind?, _ fate: Fate, after: String? = nil) {
    self.init(name, .file(bytes), into: kind, fate)
    self.after = after
  }

  init(_ name: String, _ content: Content, into kind: DropKind?, _ fate: Fate) {
    self.name = name
    self.kind = kind
    self.fate = fate
    self.content = content
  }

  /// What identifies it on the disk: its bytes, or those of a folder's last file, which no other drop has.
  var proof: [UInt8] {
    switch content {
    case .file(let bytes): bytes
    case .folder(let members): members.last?.bytes ?? []
    }
  }

  /// The dataset that it becomes a version of: a sidecar has one read anew.
  var dataset: SafeName? {
    switch fate {
    case .dataset: SafeName(from: DroppedFileName(name).stem)
    case .sidecar: SafeName(from: String(name.dropLast(DatasetSidecar.ending.count)))
    default: nil
    }
  }

  var verdict: Receipt.Verdict {
    switch fate {
    case .rejected: .rejected
    case .duplicate: .duplicate
    default: .accepted
    }
  }

  /// Copied in as a careful program does: built under a hidden name, then renamed.
  func put(into layout: RootLayout) throws {
    let files = LinuxFileSystem()
    let folder = kind.map { layout.inbox.folder(of: $0) } ?? layout.inbox.folder
    let hidden = folder.appending(".\(name).part")
    switch content {
    case .file(let bytes): try files.writeInPlace(bytes, to: hidden)
    case .folder(let members):
      try files.makeFolder(hidden)
      for member in members { try files.writeInPlace(member.bytes, to: hidden.appending(member.name)) }
    }
    try files.rename(hidden, to: folder.appending(name))
  }

  /// The last word on it, once there is one.
  func verdict(in layout: RootLayout) throws -> Receipt? {
    let path = layout.inbox.receipt(forFileNamed: name)
    let files = LinuxFileSystem()
    guard files.exists(path) else { return nil }
    let receipt = try PublishedJSON.decode(Receipt.self, from: try files.contents(of: path))
    return receipt.status == .waiting ? nil : receipt
  }
}

extension [Dropped] {
  /// Whether every drop has its last word, every dataset its last version, and every job and errand its end.
  func areOver(in layout: RootLayout) throws -> Bool {
    let files = LinuxFileSystem()
    for drop in self where try drop.verdict(in: layout) == nil { return false }
    for (name, versions) in versions where !files.exists(layout.workspace.dataset(name).version(versions).original) { return false }
    for job in try files.names(in: layout.workspace.jobs).compactMap({ JobID($0.string) }) {
      let path = layout.workspace.job(job).status
      guard files.exists(path), try PublishedJSON.decode(JobStatus.self, from: try files.contents(of: path)).state.isFinal else {
        return false
      }
    }
    for errand in try files.names(in: layout.workspace.errands).compactMap({ ErrandID($0.string) }) {
      let path = layout.workspace.errand(errand).status
      guard files.exists(path), try PublishedJSON.decode(ErrandStatus.self, from: try files.contents(of: path)).state.isFinal else {
        return false
      }
    }
    return true
  }

  /// How many versions each dataset is to have.
  var versions: [SafeName: Int] { Dictionary(compactMap(\.dataset).map { ($0, 1) }, uniquingKeysWith: +) }
}
