import DatasetFormats
import Domain
import Platform
import SystemPackage

/// Several small drops, one after the other: one process for what would take longer to start than to do.
///
/// Only plain text is read so. What turns out to be packed, whatever its name says, is passed over without a word, and gets a
/// worker of its own: the parsers of archives are not ours, and what goes wrong in one must not reach another's rows.
package struct IngestingMany {
  private let orders: [IngestOrder]
  private let fileSystem: any FileSystem
  private let report: (WorkerEvent) -> Void

  package init(orders: [IngestOrder], fileSystem: any FileSystem, report: @escaping (WorkerEvent) -> Void) {
    self.orders = orders
    self.fileSystem = fileSystem
    self.report = report
  }

  /// - Throws: `SystemError` where the machine is at fault: what was not told of until then is to be read again.
  package func run() throws {
    let syncs = GroupedSyncs(fileSystem, count: orders.count)
    var verdicts: [WorkerEvent] = []
    for order in orders {
      do {
        guard try isPlain(FilePath(order.source)) else { continue }
        _ = try Ingestor(order: order, fileSystem: syncs, report: { _ in }).run()
        verdicts.append(.read(order.drop))
      } catch let problem as Problem {
        verdicts.append(.refused(order.drop, problem))
      }
    }
    try syncs.flush()
    for verdict in verdicts { report(verdict) }
  }

  /// What cannot be opened is plain: reading it says why.
  private func isPlain(_ path: FilePath) throws -> Bool {
    guard let file = try? fileSystem.open(path, .reading) else { return true }
    var head = [UInt8](repeating: 0, count: PeekedSource.headBytes)
    let count = try fileSystem.closing(file) { () throws(SystemError) in try fileSystem.readChunk(file, &head) }
    return switch ContentSignature(of: Array(head[..<count])) {
    case .compressed, .archive, .foreign(.parquet), .foreign(.arrow), .foreign(.feather): false
    default: true
    }
  }
}
