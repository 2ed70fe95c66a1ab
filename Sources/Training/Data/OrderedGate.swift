#if canImport(Glibc)
  import Glibc
#endif

/// Lets threads through one at a time, in the order of their tickets: what is done inside is done in the order of the rows, however
/// many threads there are.
final class OrderedGate: @unchecked Sendable {  // because everything is reached under `mutex`
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var next = 0
  private var isBroken = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Waits for the ticket's turn, runs the body and calls the next one. nil where another thread has failed: there is no next then.
  func pass<Result>(_ ticket: Int, _ body: () throws -> Result) rethrows -> Result? {
    pthread_mutex_lock(mutex)
    while next < ticket, !isBroken { pthread_cond_wait(changed, mutex) }
    let mayPass = !isBroken
    pthread_mutex_unlock(mutex)
    guard mayPass else { return nil }
    // Nobody else is inside: the next ticket waits until `next` rises.
    let result = try body()
    pthread_mutex_lock(mutex)
    next += 1
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
    return result
  }

  /// Sends everybody home who waits or will.
  func breakOff() {
    pthread_mutex_lock(mutex)
    isBroken = true
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }
}
