import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// What this machine is.
package enum Machine {
  /// The processor's name, from /proc/cpuinfo.
  package static var processor: String {
    // Where there is no such file, the processor is unknown.
    let text = (try? LinuxFileSystem().contents(of: "/proc/cpuinfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.drop(while: { $0 == " " }) }.map(String.init) ?? "unknown"
  }

  /// Kernel and architecture: "Linux 6.1.0-13-amd64 x86_64".
  package static var system: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return [text(of: name.sysname), text(of: name.release), text(of: name.machine)].joined(separator: " ")
  }

  package static var hostName: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return text(of: name.nodename)
  }

  /// Number of the user that this process runs as.
  package static var user: UInt32 { geteuid() }

  /// Processors that this process may run on: fewer than the machine has, in a container or under taskset.
  package static var processors: Int { max(1, Int(cl_available_processors())) }

  /// Bytes of memory in all.
  package static var memory: Int { Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))) }

  /// Bytes that programs can still have without swapping (proc(5), MemAvailable), no more than the control group that this
  /// process is in has left (cgroup v2; pages of files that nobody looks at can be had too). Nil where the kernel does not say.
  package static var availableMemory: Int? {
    let files = LinuxFileSystem()
    func number(_ path: FilePath) -> Int? {
      // Without control groups, and in the root one, there is no such file; "max" is no limit.
      guard let bytes = try? files.contents(of: path) else { return nil }
      return Int(String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" })
    }
    let text = (try? files.contents(of: "/proc/meminfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let available = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    guard let most = number("/sys/fs/cgroup/memory.max"), let current = number("/sys/fs/cgroup/memory.current") else { return available }
    let statistics = (try? files.contents(of: "/sys/fs/cgroup/memory.stat")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let pages = statistics.split(separator: "\n").first { $0.hasPrefix("inactive_file ") }?.split(separator: " ").last.flatMap { Int($0) }
    return min(available ?? .max, max(0, most - current + (pages ?? 0)))
  }

  /// Hands memory that is free inside this process back to the kernel: after a burst of work the allocator keeps what it had.
  package static func returnFreeMemory() { cl_return_free_memory() }

  private static func text<Characters>(of characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
