import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// This program and its companion.
enum Program {
  static var path: FilePath {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return "dropforge" }
    return FilePath(String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  /// `dropforge-worker`, beside this program.
  static var worker: FilePath { path.removingLastComponent().appending("dropforge-worker") }

  /// Becomes the worker: what it prints and its exit code are this command's. Returns only where that fails.
  static func becomeWorker(_ arguments: [String]) throws -> Never {
    for (name, value) in [("OMP_WAIT_POLICY", "passive"), ("GOMP_SPINCOUNT", "1000"), ("OMP_DYNAMIC", "false")] { setenv(name, value, 0) }
    var pointers: [UnsafeMutablePointer<CChar>?] = ([worker.string] + arguments).map { strdup($0) }
    pointers.append(nil)
    execv(worker.string, &pointers)
    throw CommandFailure("\(worker) cannot be started: \(String(cString: strerror(errno))). It must lie beside dropforge.", code: .internal)
  }
}

enum ProcessNumber {
  static var own: Int32 { getpid() }
}
