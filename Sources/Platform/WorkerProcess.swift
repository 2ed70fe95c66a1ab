import CLinux

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

  /// Highest resident memory of this process so far, in bytes.
  package static var peakMemory: Int {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1_024
  }

  /// SIGTERM and SIGINT ask for a checkpoint instead of ending the process: `stopWasAsked` tells.
  package static func catchStopSignals() { cl_catch_stop_signals() }
  package static var stopWasAsked: Bool { cl_stop_was_asked() != 0 }
}
