import Domain
import Platform
import StrictJSON
import SystemPackage

/// What a worker that reads foreign bytes is shut into: it sees the drop, writes the staging folder, and reaches nothing else;
/// its memory, time, output and open files have limits. A bug in a library that unpacks archives harms one drop then.
///
/// Workers that train are not shut in: they read what was checked already, and need the memory that they need.
struct Shell {
  private let sources: [String]
  private let staging: [String]
  private let fileName: String
  private let limits: IngestLimits
  private let memoryBytes: Int?
  private let fileSystem: any FileSystem
  /// Whether connections may be made, as only a download needs.
  private var mayConnect = false

  /// Ours: the drop, the order, rows, index, bad rows, and what libraries open.
  private static let openFiles = 128
  /// A file and a socket for each connection, of which there may be 64.
  private static let openFilesOfDownload = 512

  init(_ order: IngestOrder, _ fileSystem: any FileSystem) {
    (sources, staging, fileName, limits) = ([order.source] + order.mended, [order.staging], order.fileName, order.limits)
    memoryBytes = order.limits.memoryBytes
    self.fileSystem = fileSystem
  }

  /// Drops that share a worker share its shell, and its limits.
  init(_ orders: [IngestOrder], _ fileSystem: any FileSystem) {
    (sources, staging) = (orders.flatMap { [$0.source] + $0.mended }, orders.map(\.staging))
    (fileName, limits) = ("\(orders.count) small files", orders.first?.limits ?? IngestLimits())
    memoryBytes = limits.memoryBytes
    self.fileSystem = fileSystem
  }

  /// A model is looked at whole: its memory is not limited.
  init(_ order: ModelOrder, _ fileSystem: any FileSystem) {
    (sources, staging, fileName, limits) = ([order.source], [order.staging], order.fileName, order.limits)
    memoryBytes = nil
    self.fileSystem = fileSystem
  }

  /// A download writes its own folder, and reads what names of hosts and certificates are looked up in. It has no limit of time.
  ///
  /// - Parameter certificates: a file, where the environment names one.
  init(download order: DownloadOrder, certificates: String?) {
    (sources, staging) = (Confinement.network.map(\.string) + [certificates].compactMap(\.self), [order.folder])
    (fileName, limits) = (order.wish.source.description, IngestLimits())
    memoryBytes = limits.memoryBytes
    fileSystem = LinuxFileSystem()
    mayConnect = true
  }

  func close() throws {
    for folder in staging { try fileSystem.makeFolders(FilePath(folder)) }
    // Some margin: an index takes eight bytes a row, and what is refused at the limit itself is refused with better words.
    let (fileBytes, overflows) = limits.totalBytes.multipliedReportingOverflow(by: 4)
    try Confinement.limit(
      openFiles: mayConnect ? Self.openFilesOfDownload : Self.openFiles, fileBytes: overflows ? .max : fileBytes, memoryBytes: memoryBytes)
    if mayConnect {
      Confinement.allowConnecting()
    } else {
      try Confinement.end(
        after: limits.seconds, saying: try line(Problem(timeLimit: limits, name: fileName)), code: WorkerExit.refused.rawValue)
    }
    if let memoryBytes {
      try Confinement.tellOutOfMemory(
        limit: memoryBytes, saying: try line(Problem(memoryLimit: limits, name: fileName)), code: WorkerExit.refused.rawValue)
    }
    _ = try Confinement.confine(
      reading: sources.map { FilePath($0) }, writing: staging.map { FilePath($0) } + (KillPoint.markFolder.map { [FilePath($0)] } ?? []))
  }

  private func line(_ problem: Problem) throws -> String {
    String(decoding: try PublishedJSON.line(of: WorkerEvent.failed(problem)), as: UTF8.self)
  }
}
