import Domain
import Platform
import SystemPackage

/// A download from its order to its files: plan, transfer, check. Done again after whatever ended it, it goes on where it was.
package struct Download {
  let order: DownloadOrder
  let layout: DownloadLayout
  let client: HubClient
  let files: any FileSystem
  let clock: WallClock
  let report: (ErrandProgress) -> Void
  private let partBytes: Int
  private let trial: LineTrial
  /// When the seconds that whoever asked for it allows have passed.
  let due: Timestamp?
  /// Why files of Parquet and Arrow could not be read; nil: they can.
  let noConverter: Problem?
  /// The kernel's word for this start of the machine.
  private let boot: String

  /// Bytes of a file that one request brings.
  package static let usualPartBytes = 64 << 20
  /// Seconds between two reports: readers are promised 500 ms.
  private static let reportSeconds = 0.2
  /// After so many seconds the pace is known, and the end can be told.
  private static let paceSeconds = 5.0

  /// - Parameters:
  ///   - trialSeconds: for which the line is measured, and the bytes that suffice for it; of fewer no time is told.
  ///   - noConverter: why files of Parquet and Arrow could not be read once they are here; nil: they can.
  ///   - boot: tests make starts of the machine of their own.
  package init(
    order: DownloadOrder, client: HubClient, files: any FileSystem, clock: WallClock, partBytes: Int = usualPartBytes,
    trialSeconds: Double = 1, trialBytes: Int = 8 << 20, noConverter: Problem? = nil, boot: String? = nil,
    report: @escaping (ErrandProgress) -> Void
  ) {
    self.order = order
    self.client = client
    self.files = files
    self.clock = clock
    self.partBytes = partBytes
    trial = LineTrial(seconds: trialSeconds, bytes: trialBytes)
    due = order.wish.maximumSeconds.map { (order.startedAt ?? Timestamp(nanoseconds: clock.now())) + Double($0) }
    self.noConverter = noConverter
    self.report = report
    layout = DownloadLayout(folder: FilePath(order.folder))
    self.boot =
      boot ?? (try? files.contents(of: "/proc/sys/kernel/random/boot_id")).map { String(decoding: $0, as: UTF8.self) } ?? "unknown"
  }

  /// - Throws: `Problem`, `DownloadStopped`, `SystemError`.
  package func run() throws {
    if files.exists(layout.result) { return }
    if client.surroundings.isOffline { throw Problem(hubOffline: client.endpoint) }
    let started = clock.monotonic()
    let plan = try planned()
    try checkForms(plan)
    let items = try board(of: plan)
    let done = items.map { item in item.targets.allSatisfy { (try? files.status($0))?.size == item.file.size } }
    let board = TransferBoard(items, done: done, mostOpen: order.connections)
    try checkRoom(plan, board)
    for item in items { for target in item.targets { try files.makeFolders(target.removingLastComponent()) } }
    let crew = try (0..<max(1, order.connections)).map { _ in
      try TransferThread(board, client, layout, commit: plan.commit, boot: boot, partBytes: partBytes, files: files)
    }
    let estimate = try estimated(plan, board, crew)
    tell(plan, board, estimate: estimate)
    try transfer(plan, board, crew)
    try files.removeTree(layout.incomplete)
    let seconds = Double(clock.monotonic() - started) / 1e9
    let origin = DatasetOrigin(
      source: plan.source.description, revision: plan.revision, commit: plan.commit, config: plan.config, licence: plan.licence,
      page: plan.source.page(endpoint: plan.endpoint), files: plan.files.map(\.path), downloadedAt: Timestamp(nanoseconds: clock.now()),
      card: plan.card)
    let result = DownloadResult(
      origin: origin, bytes: plan.bytes, transferred: board.count.transferred, seconds: seconds, estimate: estimate, remarks: plan.remarks)
    try files.publish(try PublishedJSON.bytes(of: result), to: layout.result)
  }

  // MARK: room

  /// Refused before the first byte where the disk has no room: for what is missing of the files, for the rows that are read from them, and
  /// for what is to stay free.
  private func checkRoom(_ plan: DownloadPlan, _ board: TransferBoard) throws {
    let missing = plan.bytes - board.count.bytes - partialBytes
    let rows = plan.source.kind == .dataset ? Self.rowBytes(of: plan) : 0
    let space = try files.space(at: layout.folder)
    guard missing + rows + order.reservedBytes > space.free else { return }
    throw Problem(
      "hub.no-room", "\(plan.source) does not fit on the disk", at: .init(file: layout.folder.string),
      why:
        "\(Figures.bytes(plan.bytes)) in \(plan.files.count) files are to be downloaded\(rows > 0 ? ", and about \(Figures.bytes(rows)) of rows are read from them" : ""); \(Figures.bytes(space.free)) are free, of which \(Figures.bytes(order.reservedBytes)) are kept",
      mend:
        "Free space on the disk, or take less with \"max_bytes\", \"max_rows\", \"split\" or \"files\"; then drop the request again.")
  }

  private var partialBytes: Int {
    ((try? files.names(in: layout.incomplete)) ?? []).reduce(0) { sum, name in
      guard name.string.hasSuffix(".json"), let text = try? files.contents(of: layout.incomplete.appending(name)),
        let record = try? PublishedJSON.decode(PartialRecord.self, from: text)
      else { return sum }
      return sum + record.written
    }
  }

  /// Of the canonical rows: about as large as their source, and some times as large where that is compressed, Parquet included.
  private static func rowBytes(of plan: DownloadPlan) -> Int {
    let bytes = plan.files.reduce(0) { sum, file in
      guard file.split != nil else { return sum }
      let form = DroppedFileName(file.path)
      let isPacked = form.compression != nil || form.archive != nil || file.path.hasSuffix(".parquet")
      return sum + file.size * (isPacked ? 3 : 1)
    }
    return plan.files.contains { $0.split != nil } ? bytes : 0
  }

  // MARK: time

  /// Has every connection at work for a moment, and tells from it how long the rest will take. What comes in it is kept.
  ///
  /// - Throws: `Problem` where that is longer than is allowed.
  private func estimated(_ plan: DownloadPlan, _ board: TransferBoard, _ crew: [TransferThread]) throws -> TimeEstimate {
    let before = missing(board)
    if before > 0 { try checkTime(plan, board) }
    guard before >= trial.bytes || (before > 0 && order.wish.maximumSeconds != nil) else {
      return TimeEstimate(
        bytes: before, rate: nil, how: before == 0 ? "nothing is left to come" : "not measured, as so little is told of by its end")
    }
    var trial = trial
    let earlier = board.transferred
    try work(plan, board, crew, phase: "measuring") { seconds in trial.note(board.transferred - earlier, after: seconds) }
    let estimate = TimeEstimate(
      bytes: missing(board), rate: trial.rate,
      how: "measured over \(Figures.fixed(trial.measured, 1)) s on \(crew.count) connection\(crew.count == 1 ? "" : "s") at most")
    if let seconds = estimate.seconds, let most = order.wish.maximumSeconds, let due, seconds > due - client.now {
      throw Problem(tooSlow: plan, estimate, limit: .wish(most, passed: Double(most) - (due - client.now)))
    }
    // The first second is slower than the next ones: what is but somewhat too long is decided by those.
    if let seconds = estimate.seconds, seconds > 2 * order.hours * 3_600 {
      throw Problem(tooSlow: plan, estimate, limit: .settings(order.hours))
    }
    return estimate
  }

  /// - Throws: `Problem` where the seconds that it may take have passed.
  private func checkTime(_ plan: DownloadPlan, _ board: TransferBoard) throws {
    guard let due, client.now > due else { return }
    let came = "\(Figures.bytes(board.count.whole + partialBytes)) of \(Figures.bytes(plan.bytes)) had come"
    throw Problem(lateFor: order.wish, why: [came, board.wait?.problem.inBrief].compactMap(\.self).joined(separator: "; "))
  }

  /// Bytes that are still to come, without those of unfinished files that are here.
  private func missing(_ board: TransferBoard) -> Int {
    max(0, board.items.reduce(0) { $0 + $1.file.size } - board.count.whole - partialBytes)
  }

  // MARK: transfer

  private func transfer(_ plan: DownloadPlan, _ board: TransferBoard, _ crew: [TransferThread]) throws {
    var hasPace = false
    let earlier = board.transferred
    try work(plan, board, crew, phase: nil) { seconds in
      if !hasPace, seconds >= Self.paceSeconds {
        hasPace = true
        let estimate = TimeEstimate(
          bytes: plan.bytes - board.count.bytes, rate: Double(board.transferred - earlier) / seconds, how: "measured over its first seconds"
        )
        if let left = estimate.seconds, left > order.hours * 3_600 { throw Problem(tooSlow: plan, estimate, limit: .settings(order.hours)) }
      }
      return false
    }
    tell(plan, board)
  }

  /// Has the crew at work until everything is here, or until it is enough: then it rests, and all is as an orderly end leaves it.
  private func work(
    _ plan: DownloadPlan, _ board: TransferBoard, _ crew: [TransferThread], phase: String?, isEnough: (Double) throws -> Bool
  ) throws {
    let started = clock.monotonic()
    let threads = Threads()
    var isStopped = false
    do {
      for thread in crew { try threads.start { thread.run() } }
      var isOver = false
      while board.isRunning, !isOver {
        tell(plan, board, phase: phase)
        try board.save(durably: false)
        KillPoint.pass(.downloadSaved)
        if client.isStopped() {
          isStopped = true
          board.stop()
        }
        // In small steps: the end is not waited for.
        for _ in 0..<10 where board.isRunning && !isOver {
          client.sleep(Self.reportSeconds / 10)
          try checkTime(plan, board)
          isOver = try isEnough(Double(clock.monotonic() - started) / 1e9)
        }
      }
      if isOver { board.rest() }
    } catch {
      board.fail(error)
    }
    threads.join()
    board.goOn()
    do {
      try board.save(durably: true)
    } catch {
      board.fail(error)
    }
    if isStopped || client.isStopped() { throw DownloadStopped() }
    if let failure = board.failure { throw failure }
  }

  private func tell(_ plan: DownloadPlan, _ board: TransferBoard, phase: String? = nil, estimate: TimeEstimate? = nil) {
    let count = board.count
    let whole = "\(count.files) of \(board.items.count) files"
    report(
      ErrandProgress(
        phase: phase ?? (count.current == nil && count.files < board.items.count && count.bytes > 0 ? "verifying" : "downloading"),
        done: count.bytes, total: board.items.reduce(0) { $0 + $1.file.size }, unit: .bytes,
        note: count.current.map { "\(whole), \($0)" } ?? whole, waits: board.wait?.sentence, gained: count.transferred,
        estimate: estimate))
  }
}
