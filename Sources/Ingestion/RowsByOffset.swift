import DatasetFormats
import Domain
import Platform
import SystemPackage

/// Single rows of a canonical file, read where the offset index says they lie.
final class RowsByOffset {
  private let fileSystem: any FileSystem
  private let rows: FileDescriptor
  private let index: FileDescriptor

  init(_ path: FilePath, index indexPath: FilePath, fileSystem: any FileSystem) throws(SystemError) {
    self.fileSystem = fileSystem
    rows = try fileSystem.open(path, .reading)
    do throws(SystemError) {
      index = try fileSystem.open(indexPath, .reading)
    } catch {
      try? fileSystem.close(rows)  // the error above is the one to tell
      throw error
    }
  }

  deinit {
    // Opened for reading: there is nothing that closing could lose.
    try? fileSystem.close(rows)
    try? fileSystem.close(index)
  }

  /// Row `number`, from 0, without its line feed; nil where it is longer than `limit`.
  func row(_ number: Int, limit: Int) throws(SystemError) -> [UInt8]? {
    let offsets = try bytes(of: index, at: OffsetIndex.headerBytes + 8 * number, count: 16).withUnsafeBytes { offsets in
      (
        Int(UInt64(littleEndian: offsets.load(as: UInt64.self))),
        Int(UInt64(littleEndian: offsets.load(fromByteOffset: 8, as: UInt64.self)))
      )
    }
    let count = offsets.1 - offsets.0 - 1
    return count > limit ? nil : try bytes(of: rows, at: offsets.0, count: count)
  }

  private func bytes(of file: FileDescriptor, at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
    try fileSystem.seek(file, to: offset)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: count)
    while bytes.count < count {
      let got = try fileSystem.readChunk(file, &chunk)
      guard got > 0 else { throw SystemError(.ioError, "read back a row that was just written") }
      bytes += chunk[..<min(got, count - bytes.count)]
    }
    return bytes
  }
}
