import Platform
import SystemPackage

/// Writes an offset index in blocks. The number of rows is known last: until then the header says none, and a reader
/// refuses the file, whose size is then another.
final class OffsetIndexWriter {
  private let fileSystem: any FileSystem
  private let file: FileDescriptor
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
  @exclusivity(unchecked) private var used = 0
  @exclusivity(unchecked) private var rows = 0

  init(_ path: FilePath, _ fileSystem: any FileSystem) throws(SystemError) {
    self.fileSystem = fileSystem
    file = try fileSystem.open(path, .writing)
    buffer.copyBytes(from: OffsetIndex.magic)
    buffer.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
    buffer.storeBytes(of: 0, toByteOffset: 16, as: UInt64.self)  // the first row's offset
    used = 24
  }

  deinit {
    buffer.deallocate()
  }

  /// A row ended at this offset.
  @inline(__always) func add(end: Int) throws(SystemError) {
    if used == buffer.count { try flush() }
    buffer.storeBytes(of: UInt64(end).littleEndian, toByteOffset: used, as: UInt64.self)
    used += 8
    rows += 1
  }

  private func flush() throws(SystemError) {
    try fileSystem.writeAll(file, UnsafeRawBufferPointer(rebasing: buffer[..<used]))
    used = 0
  }

  /// Makes the file whole. It is durable after the caller's sync of the tree.
  func finish() throws(SystemError) {
    try fileSystem.closing(file) { () throws(SystemError) in
      try flush()
      try fileSystem.seek(file, to: 8)
      let count = withUnsafeBytes(of: UInt64(rows).littleEndian) { ContiguousArray($0) }
      let result = count.withUnsafeBytes { bytes in Result { () throws(SystemError) in try fileSystem.writeAll(file, bytes) } }
      try result.get()
    }
  }

  /// Gives the file up, on the way out of an error.
  func abandon() { try? fileSystem.close(file) }
}
