import Catalogue
import Domain
import Logging
import Platform
import SystemPackage

extension Intake {
  /// Takes up what a crash or a stop left: claims that stand in `inbox/.claimed/`, and drops that the catalogue knows.
  /// To be called before `run`, which does the work: what cannot be done yet is tried again like any other drop.
  package func recover(_ standing: [ClaimedDrop]) async throws {
    let decided = try await catalogue.openDrops().filter { $0.state == .decided }
    try sweep(keeping: Set(decided.map(\.id.text)))
    let claims = Dictionary(standing.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for record in decided {
      // What is missing of the drop itself was moved already; its name and form are still needed to finish.
      receive(claims[record.id] ?? gone(record))
      log.notice("recovered", metadata: ["drop": "\(record.name)", "verdict": "\(record.receipt?.status.rawValue ?? "")"])
    }
    let finishing = Set(decided.map(\.id))
    for drop in standing where !finishing.contains(drop.id) {
      if try await catalogue.drop(drop.id)?.state == DropRecord.State.done {
        try files.removeTree(layout.inbox.claim(drop.id))  // the crash came between the last step and this one
      } else if let sidecar = drop.id.sidecar, try await catalogue.drop(sidecar)?.receipt == nil {
        // Claimed for a sidecar that nothing is decided of: it is claimed again with that. Read now, it would be without it.
        try files.removeTree(layout.inbox.claim(drop.id))
      } else {
        receive(drop)
      }
    }
  }

  /// Leftovers of writers that were killed: temporary files beside published ones, orders, and staging folders of drops whose
  /// reading begins anew. What a decided drop has there is moved into its place.
  private func sweep(keeping decided: Set<String>) throws {
    for folder in layout.workspace.folders + [layout.inbox.receipts] {
      for name in try files.names(in: folder) where folder.appending(name).isPublishingLeftover {
        try files.removeFile(folder.appending(name))
      }
    }
    for name in try files.names(in: layout.workspace.staging) where !decided.contains(name.string) {
      try files.removeTree(layout.workspace.staging.appending(name))
    }
  }

  private func gone(_ record: DropRecord) -> ClaimedDrop {
    ClaimedDrop(
      id: record.id, kind: record.kind, name: record.name, path: layout.inbox.claim(record.id).appending(record.name), isFolder: false,
      size: record.size, receivedAt: record.receivedAt)
  }
}
