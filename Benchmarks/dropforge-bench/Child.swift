import Platform
import StrictJSON
import Subprocess
import SystemPackage

/// Programs that measure in a process of their own, so that peak memory is one case's.
enum Child {
  /// This program with other words; the same settings of OpenMP as the agent gives its workers.
  static func measure(_ words: [String]) async throws -> JSONNode? {
    try await line(
      FilePath("/proc/self/exe"), words, ["OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000", "OMP_DYNAMIC": "false"])
  }

  private static let allocator = "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4"

  /// Whether this machine has tcmalloc (Debian's libtcmalloc-minimal4), with which PyTorch is up to twice as fast.
  static var hasAllocator: Bool { LinuxFileSystem().exists(FilePath(allocator)) }

  /// A script of Benchmarks/baselines; nil where that Python lacks what it needs. `isTuned`: with tcmalloc in front, where there is one.
  static func baseline(_ python: String, _ script: String, _ words: [String], isTuned: Bool = true) async throws -> JSONNode? {
    let preload: [Environment.Key: String?] = isTuned && hasAllocator ? ["LD_PRELOAD": allocator] : [:]
    return try await line(FilePath(python), ["Benchmarks/baselines/\(script)"] + words, preload)
  }

  private static func line(_ program: FilePath, _ words: [String], _ changes: [Environment.Key: String?]) async throws -> JSONNode? {
    let result = try await Subprocess.run(
      .path(program), arguments: Arguments(words), environment: .inherit.updating(changes), output: .string(limit: 1 << 20),
      error: .discarded)
    guard result.terminationStatus.isSuccess, let last = result.standardOutput.split(separator: "\n").last else { return nil }
    return try? JSONParser.parse(Array(last.utf8))
  }
}

/// A line of results.
struct ResultLine {
  private var members: [(String, JSONNode)]

  init(_ name: String) { members = [("case", JSONNode(.string(name)))] }

  /// Rounded to three significant digits or whole numbers: more is noise.
  mutating func add(_ name: String, _ value: Double?) {
    guard let value, value.isFinite else { return }
    let rounded = value >= 100 ? value.rounded() : (value * 1000).rounded() / 1000
    members.append((name, JSONNode(.number(JSONNumber(rounded)))))
  }

  mutating func add(_ name: String, _ value: String) { members.append((name, JSONNode(.string(value)))) }

  func show() { print(JSONNode(.object(JSONObject(members.map { .init(key: $0.0, keyByte: 0, node: $0.1) }))).text()) }
}
