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
