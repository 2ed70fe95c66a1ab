import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// inotify(7) as a stream of batches. One thread sleeps in epoll on the descriptor and hands on what it wakes up with:
/// measured, a touch reaches the reader after 11 µs (a DispatchSource takes 25).
///
/// Events are wake-ups, not the truth: who reads them scans the folder.
package final class Inotify: Sendable {
  package let batches: AsyncStream<[Event]>
  private let sink: AsyncStream<[Event]>.Continuation
  private let inotify: Int32
  private let wakeUp: Int32

  /// Everything that can mean a new or changed file in a folder, and the end of the folder itself.
  private static let mask = UInt32(
    IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
      | IN_ONLYDIR)

  /// Errors: EMFILE where the user's inotify instances are used up.
  package init() throws(SystemError) {
    inotify = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard inotify >= 0 else { throw .last("open an inotify instance") }
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard wakeUp >= 0 else {
      let error = SystemError.last("open an eventfd")
      close(inotify)
      throw error
    }
    (batches, sink) = AsyncStream.makeStream()
    var thread = pthread_t()
    // The thread keeps the object alive until stop(): it is released when the thread takes it over.
    let retained = Unmanaged.passRetained(self)
    let failure = pthread_create(
      &thread, nil,
      { argument in
        cl_set_thread_name("inotify")
        Unmanaged<Inotify>.fromOpaque(argument!).takeRetainedValue().loop()  // the argument is `retained` below
        return nil
      }, retained.toOpaque())
    guard failure == 0 else {
      retained.release()
      throw SystemError(Errno(rawValue: failure), "start the inotify thread")
    }
    pthread_detach(thread)
  }

  // Closed here and not at the end of the thread: a late `watch`, `unwatch` or `stop` must not meet a number that by then
  // belongs to another file.
  deinit {
    close(inotify)
    close(wakeUp)
  }

  /// Watches a folder. Errors: ENOSPC where the user's watches are used up.
  package func watch(_ folder: FilePath) throws(SystemError) -> Int32 {
    let watch = folder.withPlatformString { inotify_add_watch(inotify, $0, Self.mask) }
    guard watch >= 0 else { throw .last("watch the folder", folder) }
    return watch
  }

  package func unwatch(_ watch: Int32) { inotify_rm_watch(inotify, watch) }

  /// Ends the stream and the thread. May be called more than once.
  package func stop() {
    var one: UInt64 = 1
    _ = write(wakeUp, &one, 8)
  }

  private func loop() {
    let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    for descriptor in [inotify, wakeUp] {
      var event = epoll_event()
      event.events = EPOLLIN.rawValue
      event.data.fd = descriptor
      epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1_024, alignment: 8)
    defer {
      buffer.deallocate()
      close(epoll)
      sink.finish()
    }
    var ready = [epoll_event](repeating: epoll_event(), count: 2)
    while true {
      let count = epoll_wait(epoll, &ready, 2, -1)
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      if ready[..<Int(count)].contains(where: { $0.data.fd == wakeUp }) { return }
      var batch: [Event] = []
      // A bound, so that a writer that never pauses cannot keep a batch from being handed on.
      for _ in 0..<16 {
        let bytes = read(inotify, buffer.baseAddress, buffer.count)
        if bytes <= 0 { break }
        Self.parse(UnsafeRawBufferPointer(rebasing: buffer[..<bytes]), into: &batch)
      }
      if !batch.isEmpty { sink.yield(batch) }
    }
  }

  private static func parse(_ bytes: UnsafeRawBufferPointer, into batch: inout [Event]) {
    let header = MemoryLayout<inotify_event>.size
    var offset = 0
    while offset + header <= bytes.count {
      let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
      let name = bytes[offset + header..<offset + header + Int(event.len)].prefix { $0 != 0 }
      batch.append(Event(watch: event.wd, mask: event.mask, name: Array(name)))
      offset += header + Int(event.len)
    }
  }
}
