import Dispatch
import Platform
import Synchronization
import SystemPackage

/// A file that is written in large blocks on a thread of its own, and past the page cache.
///
/// Past it, because nobody reads these bytes soon and there are more of them than of anything else: through the cache each
/// page is allocated, filled and thrown out again. On a virtual machine whose host lends memory page by page that was 60 to
/// 120 MB/s where past the cache it was 660, and the fsync at the end took as long again.
final class BlockFile: @unchecked Sendable {  // because `written` and `state` are touched on the serial queue only, or after `wait()`
  /// Of memory, length and place in the file: what every file system asks for at most.
  static let alignment = 4_096
  /// Small files are better off in the cache.
  private static let cached = 1 << 20

  private let path: FilePath
  private let fileSystem: any FileSystem
  private let file: FileDescriptor
  private let queue = DispatchQueue(label: "blocks")
  private var current = DispatchGroup()
  private var earlier = DispatchGroup()
  private let failure = Mutex<SystemError?>(nil)
  private var written = 0
  private var state = State.cached

  private enum State { case cached, direct, cachedForGood }

  private struct Block: @unchecked Sendable {  // because whoever submits it leaves the bytes alone until two turns later
    let bytes: UnsafeRawBufferPointer
  }

  init(_ path: FilePath, _ fileSystem: any FileSystem) throws(SystemError) {
    self.path = path
    self.fileSystem = fileSystem
    file = try fileSystem.open(path, .writing)
  }

  static func roundedDown(_ count: Int) -> Int { count & ~(alignment - 1) }

  /// Blocks that are not of whole pages are for the end.
  func submit(_ bytes: UnsafeRawBufferPointer) {
    let block = Block(bytes: bytes)
    queue.async(group: current) { self.write(block.bytes) }
  }

  /// Afterwards everything is written that was submitted before the previous turn.
  ///
  /// - Throws: what went wrong with any block so far.
  func turn() throws(SystemError) {
    earlier.wait()
    swap(&earlier, &current)
    if let failure = failure.withLock(\.self) { throw failure }
  }

  func wait() {
    earlier.wait()
    current.wait()
  }

  private func write(_ block: UnsafeRawBufferPointer) {
    guard failure.withLock({ $0 == nil }) else { return }
    do throws(SystemError) {
      if state == .cached, written >= Self.cached {
        state = written % Self.alignment == 0 && fileSystem.passByCache(file, true) ? .direct : .cachedForGood
      }
      if state == .direct, block.count % Self.alignment != 0 || UInt(bitPattern: block.baseAddress) % UInt(Self.alignment) != 0 {
        leaveDirect()
      }
      do throws(SystemError) {
        try fileSystem.writeAll(file, block)
      } catch {
        // A file system that takes the flag and not the writes.
        guard state == .direct, error.code == .invalidArgument else { throw error }
        leaveDirect()
        try fileSystem.seek(file, to: written)
        try fileSystem.writeAll(file, block)
      }
      written += block.count
    } catch {
      failure.withLock { $0 = error }
    }
  }

  private func leaveDirect() {
    _ = fileSystem.passByCache(file, false)
    state = .cachedForGood
  }

  /// Ends the file; it is durable after the caller's sync of it.
  ///
  /// - Parameter patch: bytes that are known last, and where they go.
  func finish(patch: (bytes: [UInt8], offset: Int)? = nil) throws(SystemError) {
    wait()
    do throws(SystemError) {
      if let failure = failure.withLock(\.self) { throw failure }
      if let patch {
        leaveDirect()
        try fileSystem.seek(file, to: patch.offset)
        let result = patch.bytes.withUnsafeBytes { bytes in Result { () throws(SystemError) in try fileSystem.writeAll(file, bytes) } }
        try result.get()
      }
    } catch {
      try? fileSystem.close(file)  // the error above is the one to tell
      throw error
    }
    try fileSystem.close(file)
  }

  /// Gives the file up, on the way out of an error.
  func abandon() {
    wait()
    try? fileSystem.close(file)  // whatever was to be told was told
  }
}
