import Domain
import Platform
import Synchronization

/// Tells how far the reading is, at most every 250 ms.
final class IngestProgress {
  static let interval: Int64 = 250_000_000

  private let report: (WorkerEvent) -> Void
  private let clock: WallClock
  private let total: Int?
  private let bytes = Atomic(0)
  private var last: Int64
  /// Good rows of the files that are read already, and of the one being read.
  var rows: () -> Int = { 0 }

  /// - Parameter total: bytes of the drop.
  init(of total: Int?, clock: WallClock, report: @escaping (WorkerEvent) -> Void) {
    self.total = total
    self.clock = clock
    self.report = report
    last = clock.monotonic()
  }

  /// So many bytes of the drop more were read, on whichever thread.
  func add(_ count: Int) { bytes.wrappingAdd(count, ordering: .relaxed) }

  /// A good moment to tell, on the thread that reads rows.
  func tick() {
    let now = clock.monotonic()
    guard now - last >= Self.interval else { return }
    last = now
    tell()
  }

  /// The last word, whatever the time.
  func tell() {
    let bytes = bytes.load(ordering: .relaxed)
    report(.ingested(bytes: total.map { min(bytes, $0) } ?? bytes, of: total, rows: rows()))
  }
}
