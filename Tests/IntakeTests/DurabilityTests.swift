import Catalogue
import Domain
import Engines
import Intake
import Platform
import SystemPackage
import TestSupport
import Testing

/// A receipt is a promise that a power cut does not break: when it is published, everything that it speaks of has been made
/// durable, in whatever order failures and restarts came before it.
struct DurabilityTests {
  private let reception: Reception
  private let files = FaultyFileSystem()

  init() throws { reception = try Reception() }

  /// The order, call by call. The catalogue's transactions (`synchronous=FULL`) stand where its lines say.
  @Test func the_receipt_of_a_dataset_comes_after_everything_else() async throws {
    let drop = try reception.claim("first row\n", as: "rows.csv", into: .dataset, files: files)
    let claiming = trace(drop.id)
    #expect(
      claiming == [
        "makeFolder inbox/.claimed/ID", "sync inbox/.claimed",
        "renameWithoutReplacing inbox/datasets/rows.csv -> inbox/.claimed/ID/rows.csv", "sync inbox/.claimed/ID", "sync inbox/datasets",
      ])
    files.forgetCalls()
    try await reception.live(files: files) { life in _ = try await life.take(drop) }
    #expect(
      trace(drop.id) == [
        // the bytes themselves, whoever wrote them
        "sync inbox/.claimed/ID/rows.csv",
        // the worker's order; then the worker, and the transaction that decides
        "sync workspace/.staging/.ID.order.json.publishing",
        "rename workspace/.staging/.ID.order.json.publishing -> workspace/.staging/ID.order.json", "sync workspace/.staging",
        // the folders that it goes into
        "makeFolder workspace/datasets/rows", "makeFolder workspace/datasets/rows/versions", "sync workspace/datasets",
        "sync workspace/datasets/rows",
        // the version, and the original in it
        "renameWithoutReplacing workspace/.staging/ID -> workspace/datasets/rows/versions/1",
        "makeFolder workspace/datasets/rows/versions/1/original",
        "rename inbox/.claimed/ID/rows.csv -> workspace/datasets/rows/versions/1/original/rows.csv",
        "sync workspace/datasets/rows/versions", "sync workspace/.staging", "sync workspace/datasets", "sync workspace/datasets/rows",
        "sync workspace/datasets/rows/versions/1", "sync workspace/datasets/rows/versions/1/original", "sync inbox/.claimed/ID",
        // the transaction that says it is stored; then the view
        "sync workspace/datasets/rows/.dataset.json.publishing",
        "rename workspace/datasets/rows/.dataset.json.publishing -> workspace/datasets/rows/dataset.json", "sync workspace/datasets/rows",
        // the receipt, and after it the transaction that says it is done
        "sync inbox/receipts/.rows.csv.receipt.json.publishing",
        "rename inbox/receipts/.rows.csv.receipt.json.publishing -> inbox/receipts/rows.csv.receipt.json", "sync inbox/receipts",
      ])
  }

  private func trace(_ id: DropID) -> [String] {
    let operations: Set<FaultyFileSystem.Operation> = [.sync, .rename, .renameWithoutReplacing, .makeFolder]
    let calls = files.calls.filter { operations.contains($0.operation) && ($0.operation != .makeFolder || !$0.failed) }
    return FaultyFileSystem.text(calls, relativeTo: reception.root.folder.path).map { $0.replacing(id.text, with: "ID") }
  }

  @Test(arguments: CrashSafetyTests.cases)
  func nothing_that_a_receipt_promises_can_be_lost(drop: CrashSafetyTests.Case) async throws {
    let (claim, book) = try claimed(drop, reception, files)
    try await reception.live(files: files) { life in _ = try await life.take(claim) }
    expectNothingToLose(book, files.calls, drop, reception, "undisturbed")
  }

  /// A failed fsync is never trusted: the bytes are written anew, the names are synced again.
  @Test(arguments: CrashSafetyTests.cases)
  func nor_where_any_fsync_before_it_failed(drop: CrashSafetyTests.Case) async throws {
    var points = 0
    for k in 1...100 {
      let (reception, files) = (try Reception(), FaultyFileSystem())
      let (claim, book) = try claimed(drop, reception, files)
      try await reception.live(files: files) { life in
        files.fail(.ioError, at: k, of: [.sync])
        _ = try await life.take(claim)
      }
      guard files.hasFailed else { break }
      points += 1
      expectNothingToLose(book, files.calls, drop, reception, "fsync \(k) failed")
    }
    #expect(points >= 5, "fsyncs that failed")
  }

  /// What an agent did that was killed has not been lost by the kill, but may be by the power cut after it: the next one does
  /// not take a name for durable because it stands there.
  @Test(arguments: CrashSafetyTests.cases)
  func nor_where_an_agent_was_killed_on_the_way(drop: CrashSafetyTests.Case) async throws {
    var points = 0
    for k in 1...200 {
      let (reception, files) = (try Reception(), FaultyFileSystem())
      let (claim, book) = try claimed(drop, reception, files)
      let killed = FakeEngine { work in
        files.hasFailed ? .crashed(.init(signal: 9, exitCode: nil, lastWords: "")) : await FakeReading.read(work)
      }
      try await reception.live(files: files, engine: killed, retrySeconds: 3_600) { life in
        files.stop(at: k)
        life.intake.receive(claim)
        _ = await life.told.receipt { $0.id == claim.id }
      }
      guard files.hasFailed else { break }
      points += 1
      files.heal()
      try await reception.live(recovers: true, files: files) { life in
        if try await life.catalogue.drop(claim.id)?.state != .done { _ = await life.told.verdict(on: claim.id) }
      }
      expectNothingToLose(book, files.calls, drop, reception, "killed at call \(k)")
    }
    #expect(points > 8, "calls at which it was killed")
  }

  @Test func a_file_whose_bytes_could_not_be_made_durable_is_written_anew() async throws {
    let drop = try reception.claim("first row\n", as: "rows.csv", into: .dataset, files: files)
    files.forgetCalls()
    let receipt = try await reception.live(files: files) { life in
      files.fail(.ioError, at: 1, of: [.sync])
      return try await life.take(drop)
    }
    #expect(receipt.status == .accepted)
    #expect(
      trace(drop.id).prefix(4) == [
        "sync inbox/.claimed/ID/rows.csv", "sync inbox/.claimed/ID/.rewritten",
        "rename inbox/.claimed/ID/.rewritten -> inbox/.claimed/ID/rows.csv", "sync inbox/.claimed/ID",
      ])
    #expect(reception.text("workspace/datasets/rows/versions/1/original/rows.csv") == "first row\n")
  }

  @Test func a_disk_that_refuses_every_fsync_makes_the_drop_wait() async throws {
    let drop = try reception.claim("first row\n", as: "rows.csv", into: .dataset, files: files)
    try await reception.live(files: files) { life in
      files.fail(.ioError, from: 1, of: [.sync])
      life.intake.receive(drop)
      let waiting = await life.told.receipt { $0.id == drop.id }
      #expect(waiting.status == .waiting && waiting.problem?.code == "disk.error")
      #expect(waiting.problem?.mend == "The disk reported a failure: look at the system's log (journalctl -k) before anything else.")
      #expect(reception.text("inbox/.claimed/\(drop.id)/rows.csv") == "first row\n")
      files.heal()
      #expect(await life.told.verdict(on: drop.id).status == .accepted)
    }
    #expect(reception.leftovers().isEmpty)
  }

  // MARK: the book

  /// Dropped by somebody who did not sync it, and claimed.
  private func claimed(_ drop: CrashSafetyTests.Case, _ reception: Reception, _ files: FaultyFileSystem) throws -> (
    ClaimedDrop, UnsyncedBook
  ) {
    var book = UnsyncedBook()
    let folder = drop.kind.map { reception.inbox.folder(of: $0) } ?? reception.inbox.folder
    book.noteForeign(folder.appending(drop.name))
    return (try reception.claim(drop.text, as: drop.name, into: drop.kind, files: files), book)
  }

  private func expectNothingToLose(
    _ before: UnsyncedBook, _ calls: [FaultyFileSystem.Call], _ drop: CrashSafetyTests.Case, _ reception: Reception, _ when: String
  ) {
    let receipt = reception.inbox.receipt(forFileNamed: drop.name)
    guard let published = calls.lastIndex(where: { $0.operation == .rename && $0.target == receipt && !$0.failed }) else {
      Issue.record("\(when): no receipt")
      return
    }
    var book = before
    book.note(calls[..<published])
    let losses = book.losses(below: reception.root.folder.path) { $0.hasPrefix("inbox/receipts/") }
    #expect(losses.isEmpty, "\(when)")
  }
}
