import CLinux
import Domain
import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// One file's way from the claim to the store, as the agent walks it.
struct StoreRun {
  struct Measured {
    /// Of the rows, after unpacking.
    var bytes: Int
    var rows: Int
    var seconds: Double
    var cpuSeconds: Double
    /// Highest resident memory of the worker.
    var peakBytes: Int
  }

  struct Failure: Error { var words: String }

  let worker: FilePath
  let folder: FilePath
  private let files = LinuxFileSystem()

  init(worker: FilePath, folder: FilePath) {
    self.worker = worker
    self.folder = folder
  }

  /// - Parameter processors: that the worker may use.
  func run(_ file: FilePath, processors: Int) throws -> Measured {
    let staging = folder.appending("staging")
    let version = DatasetVersionLayout(folder: folder.appending("version"))
    for path in [staging, version.folder] { try files.removeTree(path) }
    let name = file.lastComponent?.string ?? "rows"
    let order = IngestOrder(
      drop: DropID(at: Timestamp(seconds: 0), random: 1), source: file.string, fileName: name, staging: staging.string, sidecar: nil,
      limits: IngestLimits(), rowsMayStay: true)
    let orderPath = folder.appending("order.json")
    try files.publish(try PublishedJSON.bytes(of: order), to: orderPath)
    warm(file)

    let start = WallClock.system.monotonic()
    let usage = try runWorker(orderPath, processors)
    // As Intake places a version: staging becomes the version, the original goes into it.
    let stored = version.original.appending(name)
    try files.move(staging, to: version.folder)
    try files.makeFolders(version.original)
    try files.move(file, to: stored)
    let result = try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: version.result))
    for split in result.splits where split.isOriginal == true {
      try files.link(stored, to: version.rows(split: split.name))
      try files.syncFolder(version.data)
    }
    let seconds = Double(WallClock.system.monotonic() - start) / 1e9

    try files.move(stored, to: file)
    for path in [staging, version.folder] { try files.removeTree(path) }
    return Measured(
      bytes: result.files.reduce(0) { $0 + $1.bytes }, rows: result.rows, seconds: seconds,
      cpuSeconds: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime), peakBytes: usage.ru_maxrss * 1_024)
  }

  private func warm(_ file: FilePath) {
    guard let opened = try? files.open(file, .reading) else { return }
    var chunk = [UInt8](repeating: 0, count: 4 << 20)
    while let count = try? files.readChunk(opened, &chunk), count > 0 {}
    try? files.close(opened)
  }

  private func runWorker(_ order: FilePath, _ processors: Int) throws -> rusage {
    let words = [worker.string, "--parent", "\(getpid())", "ingest", order.string]
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    var child: pid_t = 0
    // The child inherits which processors it may run on.
    let all = cl_available_processors()
    cl_use_processors(Int32(processors))
    let code = posix_spawn(&child, worker.string, &actions, nil, &arguments, environ)
    cl_use_processors(all)
    guard code == 0 else { throw Failure(words: "\(worker) does not start: \(code)") }
    var status: Int32 = 0
    var usage = rusage()
    wait4(child, &status, 0, &usage)
    guard status == 0 else { throw Failure(words: "the worker ended with \(status) on \(order)") }
    return usage
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
