import Catalogue
import Domain
import Engines
import Logging
import Platform
import SystemPackage

/// Downloads: the agent writes the order, a worker brings the files, and what it brought becomes a drop like any other.
package struct DownloadWork: ErrandWork {
  private let layout: RootLayout
  private let files: any FileSystem
  private let catalogue: Catalogue
  private let settings: AgentSettings
  /// Takes over the drop that a download has become: the intake's.
  private let handOver: @Sendable (ClaimedDrop) -> Void
  /// Publishes receipts.
  private let receipts: @Sendable ([Receipt]) async throws -> Void
  private let clock: WallClock

  package init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, settings: AgentSettings,
    handOver: @escaping @Sendable (ClaimedDrop) -> Void, receipts: @escaping @Sendable ([Receipt]) async throws -> Void, clock: WallClock
  ) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.settings = settings
    self.handOver = handOver
    self.receipts = receipts
    self.clock = clock
  }

  private static let mebibyte = 1 << 20

  package func begin(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandStart {
    let body = try PublishedJSON.decode(DownloadErrand.self, from: errand.body.utf8)
    let order = DownloadOrder(
      wish: body.wish, folder: folder.folder.string, endpoint: settings.hubEndpoint, tokenFile: settings.hubTokenFile,
      connections: settings.hubConnections, reservedBytes: settings.leastFreeDisk * Self.mebibyte,
      python: settings.python, hours: settings.downloadHours,
      startedAt: errand.startedAt ?? Timestamp(nanoseconds: clock.now()))
    try files.makeFolders(folder.folder)
    try await takeUp(body.wish, for: errand, in: DownloadLayout(folder: folder.folder))
    try files.publish(try PublishedJSON.bytes(of: order), to: folder.order)
    return .worker(.errand(.download, folder.folder), threads: nil)
  }

  /// The same was asked for before, and was cancelled or failed: it goes on where it was, at the commit that was pinned then. A week later
  /// what is wanted is what the Hub has now.
  private func takeUp(_ wish: DownloadWish, for errand: ErrandRecord, in folder: DownloadLayout) async throws {
    if files.exists(folder.plan) { return }
    for earlier in try await catalogue.errands(called: errand.about.text)
    where earlier.kind == .download && earlier.id != errand.id && earlier.state.isFinal && earlier.state != .completed {
      let left = DownloadLayout(folder: layout.workspace.errand(earlier.id).folder)
      guard let body = try? PublishedJSON.decode(DownloadErrand.self, from: earlier.body.utf8), body.wish.wantsTheSame(as: wish),
        files.exists(left.plan),
        let plan = try? PublishedJSON.decode(DownloadPlan.self, from: try files.contents(of: left.plan)),
        Timestamp(nanoseconds: clock.now()) - plan.plannedAt < Self.secondsOfAPlan
      else { continue }
      // The plan last: without it nothing is taken up, and a crash in between is taken up here again.
      for (path, target) in [
        (left.incomplete, folder.incomplete), (left.files, folder.files), (left.card, folder.card), (left.plan, folder.plan),
      ]
      where files.exists(path) && !files.exists(target) { try files.rename(path, to: target) }
      try files.syncFolder(folder.folder)
      return
    }
  }

  private static let secondsOfAPlan = 7 * 86_400.0

  package func conclude(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandResult {
    let body = try PublishedJSON.decode(DownloadErrand.self, from: errand.body.utf8)
    let download = DownloadLayout(folder: folder.folder)
    let result = try PublishedJSON.decode(DownloadResult.self, from: try files.contents(of: download.result))
    let (wish, asker) = (body.wish, body.asker)
    try await wait(for: asker)
    if asker.kind == .request, wish.source.kind == .dataset, let rows = wish.maximumRows {
      try await catalogue.limitRows(of: wish.name, to: rows, for: asker.drop)
    }
    let kind: DropKind = wish.source.kind == .dataset ? .dataset : .model
    let id = Self.drop(of: errand)
    try await catalogue.noteOrigin(result.origin, of: id, errand: errand.id)
    // Once it is claimed it is the intake's, which finds it again after a crash: it must not get it twice.
    if files.exists(download.files) {
      let drop = try claim(download.files, as: id, kind, wish.name, bytes: result.bytes, at: errand.createdAt)
      handOver(drop)
    }
    let path = kind == .dataset ? layout.workspace.dataset(wish.name).folder : layout.workspace.model(wish.name).folder
    let remarks = result.remarks.isEmpty ? "" : " " + result.remarks.joined(separator: " ")
    let pace = result.seconds > 0.001 ? " at \(Figures.bytes(Int(Double(result.transferred) / result.seconds))) a second" : ""
    var time = ""
    // Where everything came with the trial there was nothing to estimate.
    if let estimate = result.estimate, estimate.bytes > 0, let seconds = estimate.seconds {
      time = " (\(Figures.duration(seconds)) were estimated, \(Figures.duration(result.seconds)) it took)"
    }
    return ErrandResult(
      path: layout.relative(path),
      message:
        "\(wish.title) is here, \(Figures.bytes(result.bytes)) of the commit \(result.origin.commit.prefix(12))\(pace)\(time), and is read as the \(kind.rawValue) '\(wish.name)': \(layout.relative(layout.inbox.receipt(forFileNamed: wish.name.text))) tells what comes of it.\(remarks)"
    )
  }

  /// The same for every attempt at an errand.
  private static func drop(of errand: ErrandRecord) -> DropID {
    // FNV-1a: identifiers of two errands of one second must differ.
    let hash = errand.id.text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    return DropID(at: errand.createdAt, random: hash)
  }

  /// `files/` becomes a claimed folder of the name that it is to have, as if it had been dropped.
  private func claim(
    _ source: FilePath, as id: DropID, _ kind: DropKind, _ name: SafeName, bytes: Int, at time: Timestamp
  ) throws -> ClaimedDrop {
    let claim = layout.inbox.claim(id)
    try files.makeFolders(claim)
    try files.writeWhole([], to: claim.appending(".\(kind.rawValue)"))  // the mark by which a start knows its kind
    try files.syncFolder(claim)
    try files.syncFolder(layout.inbox.claimed)
    let target = claim.appending(name.text)
    try files.move(source, to: target)
    KillPoint.pass(.downloadClaimed)
    return ClaimedDrop(id: id, kind: kind, name: name.text, path: target, isFolder: true, size: bytes, receivedAt: time)
  }

  /// A download may be quicker than the answer to the drop that asked for it: first that, then what came of it.
  private func wait(for asker: DownloadAsker) async throws {
    for _ in 0..<200 where try await catalogue.drop(asker.drop)?.state != .done { try await Task.sleep(for: .milliseconds(50)) }
  }

  /// Parts are kept: a later start, or the same wish once more, goes on with them. What was cancelled or failed for good is kept too, until
  /// somebody removes the folder: it may be gigabytes that need not come again.
  package func abandon(_ errand: ErrandRecord, in folder: ErrandLayout) async throws {}

  package func isPassing(_ problem: Problem) -> Bool {
    Problem.machineTroubles.contains(problem.code) || Problem.hubTroubles.contains(problem.code)
  }

  /// Tells whoever asked how it ended: the receipt of the drop is written anew.
  package func ended(_ errand: ErrandRecord, in folder: ErrandLayout) async throws {
    let body = try PublishedJSON.decode(DownloadErrand.self, from: errand.body.utf8)
    let asker = body.asker
    try await wait(for: asker)
    let isDone = errand.state == .completed
    let message = isDone ? errand.result?.message : errand.problem?.description ?? errand.reason.map { "The download was \($0)." }
    try await receipts([
      Receipt(
        id: asker.drop, name: asker.name, kind: asker.kind, status: isDone ? .accepted : .rejected, receivedAt: asker.receivedAt,
        decidedAt: Timestamp(nanoseconds: clock.now()), size: asker.size, sha256: asker.sha256, path: asker.path,
        result: body.wish.name.text, message: message ?? errand.state.rawValue, problem: errand.problem)
    ])
  }
}

extension Errands {
  /// Takes in a wish for a download. One that is open already and means the same is that one.
  ///
  /// - Returns: what the asker's receipt says.
  package func download(_ wish: DownloadWish, for asker: DownloadAsker) async throws -> String {
    let likeness = String(decoding: try PublishedJSON.line(of: wish), as: UTF8.self)
    let body = String(decoding: try PublishedJSON.line(of: DownloadErrand(wish: wish, asker: asker)), as: UTF8.self)
    let (errand, isNew) = try await add(.download, about: wish.name, likeness: likeness, body: body)
    let status = layout.relative(layout.workspace.errand(errand.id).status)
    return isNew
      ? "\(wish.title) is downloaded as the \(wish.source.kind.rawValue) '\(wish.name)': \(status) tells how far it is. This receipt is written anew when it is here, or cannot be had."
      : "\(wish.title) is being downloaded already, as '\(errand.id)': \(status) tells how far it is."
  }
}
