import Domain
import Engines
import Platform
import Synchronization
import TestSupport

/// An engine that reads, and keeps what it was told to read with.
final class Orders: Sendable {
  private let orders = Mutex<[IngestOrder]>([])
  /// A file system that is dead is that of a process that was killed: its workers died with it.
  private let fate: FaultyFileSystem?

  init(kill fate: FaultyFileSystem? = nil) { self.fate = fate }

  var sidecars: [DatasetSidecar?] { orders.withLock { $0.map(\.sidecar) } }

  var engine: FakeEngine {
    FakeEngine { work in
      if self.fate?.hasFailed == true { return .crashed(.init(signal: 9, exitCode: nil, lastWords: "")) }
      if let order = try? PublishedJSON.decode(IngestOrder.self, from: LinuxFileSystem().contents(of: work.call.path)) {
        self.orders.withLock { $0.append(order) }
      }
      return await FakeReading.read(work)
    }
  }
}
