import Platform
import SystemPackage

/// Writes an offset index in blocks. The number of rows is known last: until then the header says none, and a reader
/// refuses the file, whose size is then another.
final class OffsetIndexWriter {
  private static let blockSize = 1 << 18

  private let file: BlockFile
  private let buffers = BufferPair(byteCount: blockSize)
  @exclusivity(unchecked) private var buffer: UnsafeMutableRawBufferPointer
  @exclusivity(unchecked) private var used = 0
  @exclusivity(unchecked) private var rows = 0

  init(_ path: FilePath, _ fileSystem: any FileSystem) throws(SystemError) {
    file = try BlockFile(path, fileSystem)
    buffer = buffers.next()
    buffer.copyBytes(from: OffsetIndex.magic)
    buffer.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
    buffer.storeBytes(of: 0, toByteOffset: 16, as: UInt64.self)  // the first row's offset
    used = 24
  }

  deinit { file.wait() }  // its blocks lie in `buffers`

  /// A row ended at this offset.
  @inline(__always) func add(end: Int) throws(SystemError) {
    if used == Self.blockSize { try flush() }
    buffer.storeBytes(of: UInt64(end).littleEndian, toByteOffset: used, as: UInt64.self)
    used += 8
    rows += 1
  }

  private func flush() throws(SystemError) {
    file.submit(UnsafeRawBufferPointer(rebasing: buffer[..<used]))
    try file.turn()
    buffer = buffers.next()
    used = 0
  }

  /// Makes the file whole. It is durable after the caller's sync of the tree.
  func finish() throws(SystemError) {
    file.submit(UnsafeRawBufferPointer(rebasing: buffer[..<used]))
    try file.finish(patch: (withUnsafeBytes(of: UInt64(rows).littleEndian) { Array($0) }, 8))
  }

  /// Gives the file up, on the way out of an error.
  func abandon() { file.abandon() }
}
