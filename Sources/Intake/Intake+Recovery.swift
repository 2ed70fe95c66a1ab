import Catalogue
import Domain
import Logging
import Platform
import SystemPackage

extension Intake {
  /// Takes up what a crash or a stop left: claims that stand in `inbox/.claimed/`, and drops that the catalogue knows.
  /// To be called before `run`.
  package func recover(_ standing: [ClaimedDrop]) async throws {
    try sweep()
    let claims = Dictionary(standing.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let records = try await catalogue.openDrops()
    let known = Dictionary(records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for (id, record) in known.sorted(by: { $0.key.text < $1.key.text }) where record.state == .decided {
      // What is missing of the drop itself was moved already; its name and form are still needed to finish.
      let drop = claims[id] ?? gone(record)
      guard let receipt = record.receipt else { continue }
      try await carryOut(receipt, of: drop)
      log.notice("recovered", metadata: ["drop": "\(record.name)", "verdict": "\(receipt.status.rawValue)"])
    }
    for (id, drop) in claims.sorted(by: { $0.key.text < $1.key.text }) {
      switch known[id]?.state {
      case .decided: continue  // done above
      case .claimed:
        receive(drop)
      case nil, .done:
        if try await catalogue.drop(id)?.state == DropRecord.State.done {
          try files.removeTree(layout.inbox.claim(id))  // the crash came between the last step and this one
        } else {
          receive(drop)  // claimed on disk, and not noted yet
        }
      }
    }
  }

  /// Leftovers of writers that were killed: temporary files beside published ones, orders and staging folders without a drop.
  private func sweep() throws {
    for folder in layout.workspace.folders + [layout.inbox.receipts] {
      for name in try files.names(in: folder) where folder.appending(name).isPublishingLeftover { try files.removeFile(folder.appending(name)) }
    }
    for name in try files.names(in: layout.workspace.staging) { try files.removeTree(layout.workspace.staging.appending(name)) }
  }

  private func gone(_ record: DropRecord) -> ClaimedDrop {
    ClaimedDrop(
      id: record.id, kind: record.kind, name: record.name, path: layout.inbox.claim(record.id).appending(record.name), isFolder: false,
      size: record.size, receivedAt: record.receivedAt)
  }
}
