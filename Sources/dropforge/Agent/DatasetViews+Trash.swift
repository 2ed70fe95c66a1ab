import Catalogue
import Domain
import Platform
import SystemPackage

/// Files of deleted datasets: moved aside by rename, version by version, so that what comes under the name meanwhile stays. Every step looks
/// whether it was done before: a start does what an earlier end left undone.
extension DatasetViews {
  func moveToTrash(_ record: TrashRecord) throws {
    let (from, to) = (layout.workspace.dataset(record.dataset), layout.workspace.trash(record.id))
    try files.makeFolders(to.versions)
    for number in record.versions { try move(from.version(number).folder, to.version(number).folder) }
    for tokenization in try tokenizations(in: from, of: Set(record.versions)) {
      try files.makeFolders(to.tokenizations)
      try move(tokenization.folder, to.tokenizations.appending(tokenization.folder.lastComponent?.string ?? ""))
    }
    // What lies beside the versions is of all of them: where a new one has come, it is of that.
    if try !files.exists(from.versions) || files.names(in: from.versions).isEmpty {
      try move(from.tokenizations, to.tokenizations)
      try files.removeTree(from.folder)
    }
    let card = TrashCard(
      dataset: record.dataset, versions: record.versions, isOfVersions: record.isWhole ? nil : true, bytes: record.bytes,
      deletedAt: record.deletedAt, until: record.until)
    try files.publish(try PublishedJSON.bytes(of: card), to: to.folder.appending(TrashCard.fileName))
    try files.syncFolder(layout.workspace.datasets)
    try files.syncFolder(layout.workspace.trash)
  }

  func moveBack(_ record: TrashRecord) throws {
    let (from, to) = (layout.workspace.trash(record.id), layout.workspace.dataset(record.dataset))
    try files.makeFolders(to.versions)
    for number in record.versions { try move(from.version(number).folder, to.version(number).folder) }
    if files.isFolder(from.tokenizations) {
      try files.makeFolders(to.tokenizations)
      for name in try files.names(in: from.tokenizations) { try move(from.tokenizations.appending(name), to.tokenizations.appending(name)) }
    }
    try files.removeTree(from.folder)
    try files.syncFolder(layout.workspace.datasets)
    try files.syncFolder(layout.workspace.trash)
  }

  /// Those that were made of these versions, as their cards say.
  private func tokenizations(in dataset: DatasetLayout, of versions: Set<Int>) throws -> [TokenizationLayout] {
    guard files.isFolder(dataset.tokenizations) else { return [] }
    return try files.names(in: dataset.tokenizations).filter { !$0.string.hasPrefix(".") }.map { dataset.tokenization($0.string) }.filter {
      guard files.exists($0.card) else { return false }
      // Of another version of Dropforge: nobody knows what it was made of.
      let card = try? PublishedJSON.decode(TokenizationCard.self, from: try files.contents(of: $0.card))
      return card.map { versions.contains($0.version) } ?? false
    }
  }

  /// Bytes of a version, with the tokens that were made of it.
  func size(ofVersion number: Int, in dataset: DatasetLayout) throws -> Int {
    try tokenizations(in: dataset, of: [number]).reduce(try size(of: dataset.version(number).folder)) { try $0 + size(of: $1.folder) }
  }

  private func move(_ path: FilePath, _ target: FilePath) throws {
    guard files.exists(path), !files.exists(target) else { return }
    try files.move(path, to: target)
  }

  /// Removes for good what has lain there long enough. Not while something is taken out.
  func empty() async throws {
    try await turnstile.pass {
      for record in try await catalogue.trash() where record.until <= now {
        try files.removeTree(layout.workspace.trash(record.id).folder)
        try await catalogue.forgetTrash(record.id)
      }
    }
  }

  /// What the catalogue has taken back has its files back when this returns.
  func takenOut(_ reference: DatasetReference) async throws -> Catalogue.DatasetRestoration {
    try await turnstile.pass {
      let outcome = try await catalogue.restoreDataset(reference.name, version: reference.version)
      if case .done(let record) = outcome {
        try moveBack(record)
        try await catalogue.forgetTrash(record.id)
      }
      return outcome
    }
  }

  /// At a start: what a crash cut off is done, and what nobody knows of goes.
  func recover() async throws {
    let records = try await catalogue.trash()
    for record in records {
      // In the catalogue again: its restoring was cut off. Else its deletion may have been.
      if try await catalogue.version(record.versions.last ?? 0, of: record.dataset) != nil {
        try moveBack(record)
        try await catalogue.forgetTrash(record.id)
        try await publish([record.dataset])
      } else {
        try moveToTrash(record)
      }
    }
    let known = Set(records.map(\.id.text))
    for name in try files.names(in: layout.workspace.trash) where !known.contains(name.string) {
      if DropID(name.string) != nil { try files.removeTree(layout.workspace.trash.appending(name)) }
    }
    try await empty()
    for name in try await catalogue.datasetNames() { try removeLeftovers(in: layout.workspace.dataset(name).folder) }
    for version in try await catalogue.unsurveyed(.max) { try sweep(layout.workspace.dataset(version.dataset).version(version.number)) }
  }

  /// What a worker that was killed left of looking through a version.
  func sweep(_ version: DatasetVersionLayout) throws {
    guard files.isFolder(version.folder) else { return }
    try removeLeftovers(in: version.folder)
    try files.removeTree(version.samplesMaking)
  }

  private func removeLeftovers(in folder: FilePath) throws {
    guard files.isFolder(folder) else { return }
    for path in try files.names(in: folder).map(folder.appending) where path.isPublishingLeftover { try files.removeFile(path) }
  }

  /// Bytes of the files below a folder; a file with several names in it counts once.
  func size(of folder: FilePath) throws -> Int {
    guard files.isFolder(folder) else { return 0 }
    var seen: Set<UInt64> = []
    return try files.walk(folder).reduce(0) { sum, file in
      file.status.links < 2 || seen.insert(file.status.inode).inserted ? sum + file.status.size : sum
    }
  }
}
