import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// What a worker does first: it must not outlive its agent, must not gain rights, and hands on each line at once.
package enum WorkerProcess {
  /// False where the agent is gone already.
  package static func begin(parent: Int32?) -> Bool {
    // PR_SET_PDEATHSIG fires when the spawning thread ends; swift-subprocess forks from a lasting thread.
    _ = cl_set_parent_death_signal(SIGKILL)
    _ = cl_set_no_new_privileges()
    cl_line_buffer_stdout()
    signal(SIGPIPE, SIG_IGN)
    if let parent { return getppid() == parent }
    return true
  }

  /// Lets others go first: for work that nobody waits for.
  package static func yieldToOthers() { _ = nice(10) }

  /// The variables that this process was given, as text.
  package static var environment: [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      next += 1
    }
    return variables
  }

  /// Highest resident memory of this process so far, in bytes.
  package static var peakMemory: Int {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1_024
  }

  /// Resident memory of this process now, in bytes (proc(5), statm); 0 where the kernel does not say.
  package static var residentMemory: Int {
    let text = (try? LinuxFileSystem().contents(of: "/proc/self/statm")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// SIGTERM and SIGINT ask for a checkpoint instead of ending the process: `stopWasAsked` tells.
  package static func catchStopSignals() { cl_catch_stop_signals() }
  package static var stopWasAsked: Bool { cl_stop_was_asked() != 0 }
}
