/// Bytes that come one after another: a file, what a decompressor makes of another source, an entry of an archive.
package protocol ByteSource: AnyObject {
  /// Fills the buffer as far as bytes come: fewer than asked for only at the end, 0 after it.
  ///
  /// The bytes handed out may still be read by another thread, which hashes them. They must stay as they are until the
  /// second `turn()` that follows, or until `settle()`: a reader with two buffers calls `turn()` before it fills one anew.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
  func turn()
  func settle()
}

extension ByteSource {
  /// For sources whose bytes nobody else reads.
  package func turn() {}
  package func settle() {}
}

/// Two buffers in turn: while one is being hashed or decompressed from, the other is filled.
final class BufferPair {
  private let buffers: (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer)
  private var isSecond = false

  init(byteCount: Int) {
    buffers = (.allocate(byteCount: byteCount, alignment: 64), .allocate(byteCount: byteCount, alignment: 64))
  }

  deinit {
    buffers.0.deallocate()
    buffers.1.deallocate()
  }

  func next() -> UnsafeMutableRawBufferPointer {
    isSecond.toggle()
    return isSecond ? buffers.1 : buffers.0
  }
}

/// A source whose first bytes were looked at before it is read.
package final class PeekedSource: ByteSource {
  package let head: [UInt8]
  private let source: any ByteSource
  private var served = 0

  /// Enough for every signature: a tar's stands at byte 257, and a text shows its encoding in a few lines.
  package static let headBytes = 4_096

  package init(_ source: any ByteSource) throws {
    self.source = source
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.headBytes, alignment: 64)
    defer {
      source.settle()
      buffer.deallocate()
    }
    let count = try source.read(into: buffer)
    head = Array(buffer[..<count])
  }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard served < head.count else { return try source.read(into: buffer) }
    let count = min(head.count - served, buffer.count)
    head.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[served..<served + count])) }
    served += count
    if count == buffer.count || head.count < Self.headBytes { return count }
    return count + (try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])))
  }

  package func turn() { source.turn() }
  package func settle() { source.settle() }
}
