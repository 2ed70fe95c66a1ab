import Catalogue
import Domain
import Platform
import SystemPackage

extension Intake {
  nonisolated func form(for drop: ClaimedDrop) -> ReceiptForm { ReceiptForm(drop: drop, layout: layout, now: now) }

  /// Refuses a drop: it goes whole to `inbox/rejected/`, with the reason beside it.
  nonisolated func rejection(
    of drop: ClaimedDrop, kind: DropKind?, _ problem: Problem, findings: [Finding] = [], sha256: String? = nil
  ) -> Judged {
    let folder = layout.inbox.rejection(of: drop.name, at: now, id: drop.id)
    return Judged(
      drop: drop,
      entry: Catalogue.verdict(
        form(for: drop)(kind, .rejected, sha256: sha256, path: folder, message: problem.description, problem: problem, findings: findings)))
  }

  /// Does what decided receipts say and is not done yet: moves the files, publishes the views and the receipts.
  /// Every step looks whether it was done before, so that it may be called again after a crash at any of them. A step is done
  /// for the whole group before the next, and what folders it has changed is made durable once.
  ///
  /// What is left then is the empty claim, which `removeClaims` removes.
  ///
  /// - Returns: those that something kept from being carried out to the end.
  @concurrent
  nonisolated func carriedOut(_ decided: [Decided]) async -> [Postponed] {
    KillPoint.pass(.decided)
    var group = CarryingOut(decided, files)
    group.step { try makePlace(for: $0.receipt, $1) }
    group.step { try moveFiles(of: $0, $1) }
    await group.each { if $0.receipt.status == .accepted, $0.receipt.kind == .job { try await placeJobs(of: $0.receipt) } }
    KillPoint.pass(.filesPlaced)
    group.step { one, files in
      if one.receipt.kind != .dataset, one.receipt.kind != .model { return }
      try files.removeTree(layout.workspace.staging(one.drop.id))
      try files.removeTree(layout.workspace.order(one.drop.id))
    }
    await group.together { try await catalogue.noteStored($0.filter(\.isStored).map(\.drop.id)) }
    KillPoint.pass(.storedNoted)
    await group.together { decided in
      try await reports.datasets(Self.names(decided, .dataset))
      try await reports.configs(Self.names(decided, .config))
    }
    await group.each { one in
      if one.receipt.status != .rejected, one.receipt.kind == .job { try await publishJob(one.receipt) }
    }
    KillPoint.pass(.viewsPublished)
    await group.together { try await reports.receipts($0.map(\.receipt)) }
    KillPoint.pass(.receiptPublished)
    // Only now: a drop that is done is not looked at again.
    await group.together { try await catalogue.finish($0.map(\.drop.id)) }
    KillPoint.pass(.finishNoted)
    return group.postponed
  }

  private static func names(_ decided: [Decided], _ kind: DropKind) -> Set<SafeName> {
    Set(
      decided.filter { $0.receipt.status != .rejected && $0.receipt.kind == kind }.compactMap {
        $0.receipt.result.flatMap(SafeName.init(exactly:))
      })
  }

  /// - Returns: those whose claim could not be removed.
  @concurrent
  nonisolated func removeClaims(of decided: [Decided]) async -> [Postponed] {
    var group = CarryingOut(decided, files)
    group.step { try $1.removeTree(layout.inbox.claim($0.drop.id)) }
    KillPoint.pass(.claimRemoved)
    return group.postponed
  }

  /// The folders that the drop's files go into.
  private nonisolated func makePlace(for receipt: Receipt, _ files: any FileSystem) throws {
    guard receipt.status == .accepted || receipt.status == .rejected, let path = receipt.path else { return }
    let place = layout.absolute(path)
    switch (receipt.status, receipt.kind) {
    case (.rejected, _): try makeFolder(place, files)
    case (_, .job?) where sweep(of: receipt) != nil: try makeFolder(SweepLayout(folder: place).control, files)
    case (_, .job?): for folder in JobLayout(folder: place).folders { try makeFolder(folder, files) }
    default: try makeFolder(place.removingLastComponent(), files)
    }
  }

  nonisolated func makeFolder(_ folder: FilePath, _ files: any FileSystem) throws {
    // Of the root's own folders, which the agent has made durable at its start, the one that it goes into.
    let base = layout.folders.filter(folder.starts).max { $0.components.count < $1.components.count }
    try files.makeFoldersDurably(folder, below: base ?? layout.root)
  }

  private nonisolated func moveFiles(of decided: Decided, _ files: any FileSystem) throws {
    let (receipt, drop) = (decided.receipt, decided.drop)
    let original = drop.path
    switch (receipt.status, receipt.kind) {
    case (.rejected, _): try placeRejection(receipt, original, files)
    case (.duplicate, _): try files.removeTree(original)
    case (.accepted, .dataset?): try placeDataset(receipt, drop, original, files)
    case (.accepted, .model?): try placeModel(receipt, drop, original, files)
    case (.accepted, .config?): try placeConfig(receipt, original, files)
    case (.accepted, .job?): try placeJob(receipt, original, files)
    case (.accepted, .request?): try place(original, at: layout.workspace.request(drop.id), files)
    case (.accepted, nil), (.waiting, _): break
    }
  }

  /// Moves a file into its folder, which stands, durably. Done before: the file is not where it was any more, but what made it
  /// durable may have failed or been cut off, so that is done again.
  nonisolated func place(_ path: FilePath, at target: FilePath, _ files: any FileSystem) throws {
    if files.exists(path) { try files.rename(path, to: target) }
    try files.syncFolder(target.removingLastComponent())
    if files.exists(path.removingLastComponent()) { try files.syncFolder(path.removingLastComponent()) }
  }

  private nonisolated func placeRejection(_ receipt: Receipt, _ original: FilePath, _ files: any FileSystem) throws {
    guard let path = receipt.path, let problem = receipt.problem else { return }
    let folder = layout.absolute(path)
    var text = problem.markdown(title: "\(receipt.name) was not taken")
    let findings = receipt.findings ?? []
    if !findings.isEmpty { text += "\n## All findings\n\n" + findings.map { "- \($0)\n" }.joined() }
    text += "\nThe file lies beside this one, unchanged. Mend it and drop it again.\n"
    try files.publish(text.utf8, to: folder.appending(InboxLayout.reasonFileName))
    if let name = original.lastComponent {
      let isCalledAsTheReason = name.string == InboxLayout.reasonFileName
      try place(
        original, at: isCalledAsTheReason ? folder.appending(InboxLayout.reasonFileName + ".dropped") : folder.appending(name), files)
    }
  }
}
