#if canImport(Glibc)
  import Glibc
#endif

/// The batches that a pipeline has, free ones: so many and no more, so that memory stays the same however far one thread gets ahead of
/// another. The one that came back last is taken first: its memory is still in the processor's cache.
final class BatchShelf: @unchecked Sendable {  // because everything is reached under `mutex`
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var free: [PipelineBatch]
  private var isClosed = false

  init(_ batches: [PipelineBatch]) {
    free = batches
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Waits for a free batch; nil where another thread has failed.
  func take() -> PipelineBatch? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while free.isEmpty, !isClosed { pthread_cond_wait(changed, mutex) }
    return isClosed ? nil : free.popLast()
  }

  func putBack(_ batch: PipelineBatch) {
    pthread_mutex_lock(mutex)
    free.append(batch)
    pthread_cond_signal(changed)
    pthread_mutex_unlock(mutex)
  }

  /// Sends everybody home who waits or will.
  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }
}
