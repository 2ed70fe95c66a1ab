import Domain
import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// `make bench-ingest`: how fast dropped data becomes a dataset, form by form. One line of JSON a case; docs in
/// Benchmarks/RESULTS.md.
///
/// Timed is what happens between a claim and a stored version, with the shipped worker as a process of its own: start, read,
/// check every row, hash file and rows, write rows and index, fsync, into the store by rename. The files are warm.
@main
struct IngestBenchmark {
  static func main() async throws {
    var words = Array(CommandLine.arguments.dropFirst())
    func option(_ name: String) -> String? {
      guard let at = words.firstIndex(of: "--\(name)"), at + 1 < words.count else { return nil }
      defer { words.removeSubrange(at...at + 1) }
      return words[at + 1]
    }
    let folder =
      option("folder").map { FilePath($0) } ?? FilePath(Process.environment("TMPDIR") ?? "/tmp").appending("dropforge-bench-ingest")
    let megabytes = option("mb").flatMap(Int.init) ?? 500
    let runs = option("runs").flatMap(Int.init) ?? 5
    let threads = option("threads").map { $0.split(separator: ",").compactMap { Int($0) } } ?? [1, 2]
    let smallFiles = option("small-files").flatMap(Int.init) ?? 10_000
    let wanted = Set(words)

    let files = LinuxFileSystem()
    try files.makeFolders(folder)
    let corpus = try Corpus()
    for form in BenchmarkCase.all where wanted.isEmpty || wanted.contains(form.name) {
      let file = folder.appending("\(form.name)-\(megabytes).\(form.ending)")
      if !files.exists(file) { try form.make(corpus, megabytes * form.share / 100 * 1_000_000, file) }
      for count in threads where count <= Machine.processors {
        var measured: [StoreRun.Measured] = []
        for _ in 0..<runs { measured.append(try StoreRun(worker: Process.worker, folder: folder).run(file, processors: count)) }
        report(form.name, count, measured)
      }
    }
    for kind in [DropKind.dataset, .config] where wanted.isEmpty || wanted.contains("small-\(kind.rawValue)s") {
      try await ManySmallFiles(folder: folder, count: smallFiles, kind: kind).run()
    }
  }

  private static func report(_ name: String, _ threads: Int, _ runs: [StoreRun.Measured]) {
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    let speeds = runs.map { Double($0.bytes) / 1e6 / $0.seconds }
    let peak = runs.map(\.peakBytes).max() ?? 0
    let cpu = median(runs.map { $0.cpuSeconds / (Double($0.bytes) / 1e9) })
    print(
      "{\"case\":\"\(name)\",\"threads\":\(threads),\"mb_per_s\":\(tenths(median(speeds))),\"best_mb_per_s\":\(tenths(speeds.max() ?? 0)),"
        + "\"peak_mb\":\(tenths(Double(peak) / 1e6)),\"cpu_s_per_gb\":\(tenths(cpu * 10) / 10),\"runs\":\(runs.count),\"rows\":\(runs[0].rows),\"bytes\":\(runs[0].bytes)}"
    )
    fflush(nil)
  }

  static func tenths(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}

/// What this program knows of where it runs.
enum Process {
  /// The shipped programs lie beside this one.
  static func program(_ name: String) -> FilePath {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return FilePath(path).removingLastComponent().appending(name)
  }

  static var worker: FilePath { program("dropforge-worker") }

  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
