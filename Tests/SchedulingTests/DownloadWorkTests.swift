import Catalogue
import Domain
import Engines
import Platform
import Scheduling
import StrictJSON
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// The agent's side of a download, without a worker: what stands in the folder is what one would have left.
struct DownloadWorkTests {
  private let root: TemporaryRoot
  private let catalogue: Catalogue
  private let files = LinuxFileSystem()
  private let received = Received()

  private final class Received: Sendable {
    let drops = Mutex<[ClaimedDrop]>([])
    let receipts = Mutex<[Receipt]>([])
  }

  init() throws {
    root = try TemporaryRoot()
    catalogue = try Catalogue(path: root.workspace.catalogue.string)
  }

  private var work: DownloadWork {
    DownloadWork(
      layout: root.layout, files: files, catalogue: catalogue, settings: AgentSettings(),
      handOver: { [received] drop in received.drops.withLock { $0.append(drop) } },
      receipts: { [received] receipts in received.receipts.withLock { $0 += receipts } }, clock: .system)
  }

  private static let wish = DownloadWish(
    name: SafeName(from: "rows"), source: HubSource(kind: .dataset, repository: "a/rows"), maximumRows: 7)

  /// An errand whose asker has had its answer.
  private func errand(
    asker kind: DropKind = .request, number: UInt32 = 1, maximumSeconds: Int? = nil
  ) async throws -> ErrandRecord {
    var wish = Self.wish
    wish.maximumSeconds = maximumSeconds
    let id = DropID(at: Timestamp(seconds: 1_000), random: number)
    let receipt = Receipt(
      id: id, name: "get.json", kind: kind, status: .accepted, receivedAt: Timestamp(seconds: 1_000), decidedAt: Timestamp(seconds: 1_001),
      size: 3, message: "")
    _ = try await catalogue.enter([Catalogue.verdict(receipt)])
    try await catalogue.finish([id])
    let asker = DownloadAsker(
      drop: id, name: "get.json", kind: kind, receivedAt: receipt.receivedAt, size: 3, sha256: nil, path: "workspace/requests/x.json")
    let body = String(decoding: try PublishedJSON.line(of: DownloadErrand(wish: wish, asker: asker)), as: UTF8.self)
    return try await catalogue.addErrand(
      .download, about: Self.wish.name, likeness: "\(number)", body: body, reason: "", at: Timestamp(seconds: 2_000)
    ).errand
  }

  /// What a worker leaves at the end of its work.
  private func leaveResult(in folder: ErrandLayout) throws {
    let layout = DownloadLayout(folder: folder.folder)
    try files.makeFolders(layout.files.appending("train"))
    try files.publish("{\"text\": \"a\"}\n".utf8, to: layout.files.appending("train").appending("rows.jsonl"))
    let origin = DatasetOrigin(
      source: "hf:a/rows", revision: "main", commit: String(repeating: "a", count: 40), config: nil, licence: "mit", page: "p",
      files: ["rows.jsonl"], downloadedAt: Timestamp(seconds: 3_000))
    let result = DownloadResult(origin: origin, bytes: 14, transferred: 14, seconds: 2, remarks: ["One remark."])
    try files.publish(try PublishedJSON.bytes(of: result), to: layout.result)
  }

  @Test func the_order_says_what_the_settings_say_and_no_token() async throws {
    let errand = try await errand()
    let folder = root.workspace.errand(errand.id)
    guard case .worker(let call, nil) = try await work.begin(errand, in: folder) else {
      Issue.record("no worker")
      return
    }
    #expect(call == .errand(.download, folder.folder))
    let order = try PublishedJSON.decode(DownloadOrder.self, from: try files.contents(of: folder.order))
    #expect(order.wish == Self.wish && order.connections == 8 && order.reservedBytes == 256 << 20 && order.hours == 48)
  }

  @Test func what_came_becomes_one_drop_however_often_it_is_concluded() async throws {
    let errand = try await errand()
    let folder = root.workspace.errand(errand.id)
    try leaveResult(in: folder)
    let result = try await work.conclude(errand, in: folder)
    #expect(
      result.message
        == "hf:a/rows is here, 14 bytes of the commit aaaaaaaaaaaa at 7 bytes a second, and is read as the dataset 'rows': inbox/receipts/rows.receipt.json tells what comes of it. One remark."
    )
    _ = try await work.conclude(errand, in: folder)
    let drops = received.drops.withLock(\.self)
    #expect(drops.count == 1)
    let drop = try #require(drops.first)
    #expect(drop.kind == .dataset && drop.isFolder && drop.name == "rows")
    #expect(try files.names(in: drop.folder).map(\.string) == [".dataset", "rows"])
    #expect(files.exists(drop.path.appending("train").appending("rows.jsonl")))
    #expect(try await catalogue.origin(of: drop.id)?.licence == "mit")
    // A request has no sidecar: how many rows are read is said for it.
    #expect(try await catalogue.sidecar(for: SafeName(from: "rows"))?.maximumRows == 7)
  }

  @Test func who_asked_is_told_the_end() async throws {
    var errand = try await errand()
    let folder = root.workspace.errand(errand.id)
    (errand.state, errand.problem) = (.error, Problem("hub.gated", "it is gated", mend: "Ask."))
    try await work.ended(errand, in: folder)
    (errand.state, errand.problem, errand.reason) = (.cancelled, nil, "cancelled by the user")
    try await work.ended(errand, in: folder)
    (errand.state, errand.result) = (.completed, ErrandResult(path: nil, message: "Here."))
    try await work.ended(errand, in: folder)
    let receipts = received.receipts.withLock(\.self)
    #expect(receipts.map(\.status) == [.rejected, .rejected, .accepted])
    #expect(receipts.map(\.message) == ["it is gated. Ask.", "The download was cancelled by the user.", "Here."])
    #expect(receipts.allSatisfy { $0.name == "get.json" && $0.result == "rows" })
  }

  @Test func the_same_wish_goes_on_with_what_a_cancelled_one_has_left() async throws {
    // One with less time was refused for it.
    let first = try await errand(number: 1, maximumSeconds: 5)
    let left = DownloadLayout(folder: root.workspace.errand(first.id).folder)
    try files.makeFolders(left.incomplete)
    try files.publish("x".utf8, to: left.incomplete.appending("abc.incomplete"))
    let plan = DownloadPlan(
      source: Self.wish.source, revision: "main", commit: "c", config: nil, licence: nil, files: [], endpoint: "e",
      plannedAt: Timestamp(nanoseconds: WallClock.system.now()), remarks: [])
    try files.publish(try PublishedJSON.bytes(of: plan), to: left.plan)
    try await catalogue.transition(errand: first.id, from: .pending, to: .cancelled, at: Timestamp(seconds: 2_500))
    let second = try await errand(number: 2)
    let folder = root.workspace.errand(second.id)
    _ = try await work.begin(second, in: folder)
    let taken = DownloadLayout(folder: folder.folder)
    #expect(files.exists(taken.plan) && files.exists(taken.incomplete.appending("abc.incomplete")))
    #expect(!files.exists(left.plan))
  }

  @Test func troubles_of_the_way_pass_and_refusals_do_not() {
    for code in ["hub.network", "hub.server", "hub.rate-limit", "disk.full", "disk.error"] {
      #expect(work.isPassing(Problem(code, "", mend: "")), "\(code)")
    }
    for code in ["hub.gated", "hub.no-room", "hub.too-slow", "hub.hash", "hub.offline"] {
      #expect(!work.isPassing(Problem(code, "", mend: "")), "\(code)")
    }
  }
}
