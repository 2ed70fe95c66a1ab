import Platform
import SystemPackage

/// A file of rows that is written in blocks. Durable after the caller's sync of the tree.
package final class RowFileWriter {
  private static let blockSize = 1 << 20

  package let path: FilePath
  package private(set) var rows = 0
  package private(set) var bytes = 0
  private let fileSystem: any FileSystem
  private let file: FileDescriptor
  private var buffer = ContiguousArray<UInt8>()
  private let byteLimit: Int

  /// - Parameter byteLimit: more than these are not written: EFBIG.
  package init(_ path: FilePath, fileSystem: any FileSystem, byteLimit: Int = .max) throws(SystemError) {
    self.path = path
    self.fileSystem = fileSystem
    self.byteLimit = byteLimit
    file = try fileSystem.open(path, .writing)
    buffer.reserveCapacity(Self.blockSize + 65_536)
  }

  package func append(_ text: some Sequence<UInt8>) { buffer.append(contentsOf: text) }
  package func append(_ byte: UInt8) { buffer.append(byte) }

  /// The row is whole, its line end included.
  package func endRow() throws(SystemError) {
    rows += 1
    if buffer.count >= Self.blockSize { try flush() }
  }

  private func flush() throws(SystemError) {
    bytes += buffer.count
    guard bytes <= byteLimit else { throw SystemError(.fileTooLarge, "write", path) }
    let result = buffer.withUnsafeBytes { bytes in Result { () throws(SystemError) in try fileSystem.writeAll(file, bytes) } }
    try result.get()
    buffer.removeAll(keepingCapacity: true)
  }

  package func finish() throws(SystemError) {
    try flush()
    try fileSystem.close(file)
  }

  /// Gives the file up, on the way out of an error.
  package func abandon() { try? fileSystem.close(file) }
}
