import Catalogue
import Domain
import Logging
import Platform
import SystemPackage

extension Intake {
  func form(for drop: ClaimedDrop) -> ReceiptForm { ReceiptForm(drop: drop, layout: layout, now: now) }

  /// Refuses a drop: it goes whole to `inbox/rejected/`, with the reason beside it.
  func reject(_ drop: ClaimedDrop, kind: DropKind?, _ problem: Problem, findings: [Finding] = [], sha256: String? = nil) async throws {
    let folder = layout.inbox.rejection(of: drop.name, at: now, id: drop.id)
    try await catalogue.decide(
      form(for: drop)(kind, .rejected, sha256: sha256, path: folder, message: problem.description, problem: problem, findings: findings))
    try await carryOutDecision(of: drop)
    log.notice("rejected", metadata: ["drop": "\(drop.name)", "code": "\(problem.code)"])
  }

  /// Carries out what the catalogue decided: its receipt is the truth.
  func carryOutDecision(of drop: ClaimedDrop) async throws {
    guard let receipt = try await catalogue.drop(drop.id)?.receipt else { return }
    try await carryOut(receipt, of: drop)
  }

  /// Does what a decided receipt says and is not done yet: moves the files, publishes the views and the receipt.
  /// Every step looks whether it was done before, so that it may be called again after a crash at any of them.
  func carryOut(_ receipt: Receipt, of drop: ClaimedDrop) async throws {
    KillPoint.pass(.decided)
    let original = drop.path
    switch (receipt.status, receipt.kind) {
    case (.rejected, _): try placeRejection(receipt, original)
    case (.duplicate, _): try files.removeTree(original)
    case (.accepted, .dataset?): try placeDataset(receipt, drop, original)
    case (.accepted, .model?): try placeModel(receipt, drop, original)
    case (.accepted, .config?): try placeConfig(receipt, original)
    case (.accepted, .job?): try await placeJob(receipt, original)
    case (.accepted, .request?): try place(original, at: layout.workspace.request(drop.id))
    case (.accepted, nil), (.waiting, _): break
    }
    KillPoint.pass(.filesPlaced)
    try files.removeTree(layout.workspace.staging(drop.id))
    try files.removeTree(layout.workspace.order(drop.id))
    try await catalogue.noteStored(drop.id)
    KillPoint.pass(.storedNoted)
    if let result = receipt.result, receipt.status != .rejected {
      switch receipt.kind {
      case .dataset: if let name = SafeName(exactly: result) { try await reports.dataset(name) }
      case .config: if let name = SafeName(exactly: result) { try await reports.config(name) }
      case .job: try await publishJob(receipt)
      default: break
      }
    }
    KillPoint.pass(.viewsPublished)
    try await reports.receipt(receipt)
    KillPoint.pass(.receiptPublished)
    // Only now: a drop that is done is not looked at again.
    try await catalogue.finish(drop.id)
    KillPoint.pass(.finishNoted)
    try files.removeTree(layout.inbox.claim(drop.id))
    KillPoint.pass(.claimRemoved)
    if receipt.status == .accepted { await reports.changed() }
  }

  /// Moves a file into its place, durably. Done before: the file is not where it was any more, but what made it durable may
  /// have failed or been cut off, so that is done again.
  func place(_ path: FilePath, at target: FilePath) throws {
    let parent = target.removingLastComponent()
    // Of the root's own folders, which the agent has made durable at its start, the one that it goes into.
    let base = layout.folders.filter(parent.starts).max { $0.components.count < $1.components.count }
    try files.makeFoldersDurably(parent, below: base ?? layout.root)
    if files.exists(path) { try files.rename(path, to: target) }
    try files.syncFolder(parent)
    if files.exists(path.removingLastComponent()) { try files.syncFolder(path.removingLastComponent()) }
  }

  private func placeRejection(_ receipt: Receipt, _ original: FilePath) throws {
    guard let path = receipt.path, let problem = receipt.problem else { return }
    let folder = layout.absolute(path)
    try files.makeFoldersDurably(folder, below: layout.inbox.rejected)
    var text = problem.markdown(title: "\(receipt.name) was not taken")
    let findings = receipt.findings ?? []
    if !findings.isEmpty { text += "\n## All findings\n\n" + findings.map { "- \($0)\n" }.joined() }
    text += "\nThe file lies beside this one, unchanged. Mend it and drop it again.\n"
    try files.publish(text.utf8, to: folder.appending(InboxLayout.reasonFileName))
    if let name = original.lastComponent {
      let isCalledAsTheReason = name.string == InboxLayout.reasonFileName
      try place(original, at: isCalledAsTheReason ? folder.appending(InboxLayout.reasonFileName + ".dropped") : folder.appending(name))
    }
  }
}
