/// Two buffers in turn: while one is being hashed or decompressed from, the other is filled.
final class BufferPair {
  private let buffers: (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer)
  private var isSecond = false

  init(byteCount: Int) {
    // Of whole pages, for files that are written past the cache.
    buffers = (
      .allocate(byteCount: byteCount, alignment: BlockFile.alignment), .allocate(byteCount: byteCount, alignment: BlockFile.alignment)
    )
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
