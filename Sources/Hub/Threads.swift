import Domain
import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// Threads that block on the network: Swift's own pool has as many as there are processors, and is not for that.
final class Threads {
  private var running: [pthread_t] = []

  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  /// - Throws: `Problem` where the system gives no thread.
  func start(_ run: @escaping () -> Void) throws {
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Body(run))
    let failure = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()  // the argument is `body` below
        return nil
      }, body.toOpaque())
    guard failure == 0 else {
      body.release()
      throw Problem(
        "hub.threads", "the system gives no thread to download with",
        mend: "Raise the limit of tasks of the agent's user or unit (TasksMax=).",
        cause: String(cString: strerror(failure)))
    }
    running.append(thread)
  }

  /// Waits for all of them to end.
  func join() {
    for thread in running { pthread_join(thread, nil) }
    running = []
  }
}
