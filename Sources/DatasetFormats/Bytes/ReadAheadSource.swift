import Dispatch

/// Reads another source one block ahead on a thread of its own: unpacking takes as long as reading rows, and most machines
/// have a second core.
///
/// Whoever shares what the other source reads from (an archive's entries) waits for this one's end or drops it first.
package final class ReadAheadSource: ByteSource, @unchecked Sendable {
  // because `upstream`, `ahead` and `buffers` are the queue's while a block is being read, and the reader's after `group.wait()`
  private let upstream: any ByteSource
  private let queue = DispatchQueue(label: "read-ahead")
  private let group = DispatchGroup()
  private var buffers: BufferPair?
  private var ahead: Result<UnsafeRawBufferPointer, any Error>?
  private var block = UnsafeRawBufferPointer(start: nil, count: 0)
  private var isAtEnd = false

  private static let blockSize = 1 << 20

  package init(_ upstream: any ByteSource) { self.upstream = upstream }

  deinit {
    group.wait()
    upstream.settle()
  }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    // What fits into the first read needs no thread: an archive may hold ten thousand small files.
    guard buffers != nil else {
      let count = try upstream.read(into: buffer)
      if count < buffer.count { isAtEnd = true }
      buffers = BufferPair(byteCount: isAtEnd ? 0 : Self.blockSize)
      if !isAtEnd {
        upstream.settle()
        start()
      }
      return count
    }
    var filled = 0
    while filled < buffer.count, try !block.isEmpty || next() {
      let count = min(block.count, buffer.count - filled)
      UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<count]))
      block = UnsafeRawBufferPointer(rebasing: block[count...])
      filled += count
    }
    return filled
  }

  /// Waits for the block that is being read, and has the next one read.
  private func next() throws -> Bool {
    guard !isAtEnd else { return false }
    group.wait()
    guard let ahead else { return false }
    block = try ahead.get()
    if block.count < Self.blockSize { isAtEnd = true } else { start() }
    return !block.isEmpty
  }

  private func start() {
    // Unsafe, because a reference may not be taken any more once deinit waits for this block, which it does.
    queue.async(group: group) { [unowned(unsafe) self] in
      guard let buffers else { return }
      upstream.turn()
      let buffer = buffers.next()
      ahead = Result { UnsafeRawBufferPointer(rebasing: buffer[..<(try upstream.read(into: buffer))]) }
    }
  }
}
