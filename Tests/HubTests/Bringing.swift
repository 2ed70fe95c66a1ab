import Domain
import Foundation
import HubMock
import Platform
import Synchronization
import SystemPackage
import TestSupport

@testable import Hub

/// A download against a mock, as the worker does it, in a folder of its own. Waits are written down and not waited for.
final class Bringing {
  let mock: HubMock
  let folder: TemporaryFolder
  let layout: DownloadLayout
  let files: FaultyFileSystem
  var wish: DownloadWish
  var variables: [String: String]
  var connections = 4
  var partBytes = 1 << 20
  var trialSeconds = 0.3
  var trialBytes = 8 << 20
  var hours = 48.0
  var boot = "this start"
  var reserved = 0
  var startedAt: Timestamp?
  var noConverter: Problem?
  /// Once so many bytes have come, an hour passes.
  var agesAfter: Int?
  /// Whether a wait ends only when it was told of.
  var showsWaits = false

  /// What the download's threads see and write down.
  private final class Notes: Sendable {
    let waited = Mutex<[Double]>([])
    let isStopped = Mutex(false)
    let said = Mutex<[ErrandProgress]>([])
    let age = Mutex<Int64>(0)
  }
  private let notes = Notes()
  /// Stops the download once so many bytes have come.
  var stopsAfter: Int?

  init(_ repositories: [MockRepository], tokens: [String: Set<String>] = [:], wish: DownloadWish? = nil) throws {
    mock = try HubMock(repositories, tokens: tokens)
    folder = try TemporaryFolder()
    layout = DownloadLayout(folder: folder.path.appending("download"))
    files = FaultyFileSystem()
    try LinuxFileSystem().makeFolders(layout.folder)
    let first = repositories[0]
    self.wish =
      wish
      ?? DownloadWish(
        name: SafeName(from: "rows"), source: HubSource(kind: first.kind == .dataset ? .dataset : .model, repository: first.id))
    variables = ["HF_ENDPOINT": mock.endpoint, "HF_HOME": folder.path.string]
  }

  /// One process's attempt.
  func run() throws {
    let order = DownloadOrder(
      wish: wish, folder: layout.folder.string, connections: connections, reservedBytes: reserved, hours: hours,
      startedAt: startedAt)
    let surroundings = HubSurroundings(variables: variables, order: order)
    let (notes, showsWaits) = (notes, showsWaits)
    notes.isStopped.withLock { $0 = false }
    let clock = WallClock(now: { WallClock.system.now() + notes.age.withLock(\.self) }, monotonic: WallClock.system.monotonic)
    let client = HubClient(
      surroundings, token: try surroundings.token(files), source: wish.source, isStopped: { notes.isStopped.withLock(\.self) },
      clock: clock,
      pause: { seconds, isOver in
        if seconds >= 0.4 { notes.waited.withLock { $0.append(seconds) } }
        let before = notes.said.withLock(\.count)
        repeat {
          usleep(1_000)
        } while showsWaits && seconds >= 0.4 && !isOver()
          && !notes.said.withLock { $0.dropFirst(before).contains { $0.waits != nil } }
      })
    try Download(
      order: order, client: client, files: files, clock: clock, partBytes: partBytes, trialSeconds: trialSeconds, trialBytes: trialBytes,
      noConverter: noConverter, boot: boot
    ) { [self] progress in
      notes.said.withLock { $0.append(progress) }
      if let agesAfter, progress.done >= agesAfter { notes.age.withLock { $0 = 3_600_000_000_000 } }
      if let stopsAfter, progress.done >= stopsAfter { notes.isStopped.withLock { $0 = true } }
    }.run()
  }

  /// The problem that an attempt ends with.
  func problem() -> Problem? {
    do {
      try run()
      return nil
    } catch {
      return error as? Problem
    }
  }

  var waits: [Double] { notes.waited.withLock(\.self) }
  var progress: [ErrandProgress] { notes.said.withLock(\.self) }

  /// What was brought, by its path.
  func brought() throws -> [String: [UInt8]] {
    let real = LinuxFileSystem()
    guard real.isFolder(layout.files) else { return [:] }
    var found: [String: [UInt8]] = [:]
    for (name, _) in try real.walk(layout.files) { found[name.string] = try real.contents(of: layout.files.pushing(name)) }
    return found
  }

  func plan() throws -> DownloadPlan { try PublishedJSON.decode(DownloadPlan.self, from: try files.contents(of: layout.plan)) }
  func result() throws -> DownloadResult { try PublishedJSON.decode(DownloadResult.self, from: try files.contents(of: layout.result)) }
  /// Names in `incomplete/`.
  func left() throws -> [String] {
    files.isFolder(layout.incomplete) ? try files.names(in: layout.incomplete).map(\.string) : []
  }

  /// Requests for a file's bytes.
  func gets(_ word: String) -> [MockRequest] { mock.requests.filter { $0.method == "GET" && $0.target.contains(word) } }
}

enum Content {
  /// Bytes that repeat nowhere near: a stretch in the wrong place shows.
  static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      withUnsafeBytes(of: state.bigEndian) { bytes += $0 }
    }
    return Array(bytes.prefix(count))
  }

  static func rows(_ count: Int, _ word: String = "row") -> String {
    (0..<count).map { #"{"text": "\#(word) \#($0)"}"# + "\n" }.joined()
  }
}
