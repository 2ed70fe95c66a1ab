import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// The rows of a canonical file one after another, in memory that does not grow with the file: read and not mapped, since pages of a
/// mapping would count as this process's.
package struct StoredRows {
  private let path: FilePath
  private let fileSystem: any FileSystem

  package init(_ path: FilePath, fileSystem: any FileSystem) {
    self.path = path
    self.fileSystem = fileSystem
  }

  /// - Parameter body: gets each row, valid during the call, and its number from 0.
  package func forEach(_ body: (DatasetRow, Int) throws -> Void) throws {
    let window = try ByteWindow(OpenFile(path, fileSystem), rowLimit: .max)
    var number = 0
    repeat {
      while let feed = memchr(window.base + window.start, 0x0A, window.count) {
        let row = window.base + window.start
        let count = UnsafePointer(feed.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(row)
        try body(DatasetRow(UnsafeBufferPointer(start: row, count: count)), number)
        number += 1
        window.start += count + 1
      }
    } while try window.more()
  }

  private final class OpenFile: ByteSource {
    private let file: FileDescriptor
    private let fileSystem: any FileSystem

    init(_ path: FilePath, _ fileSystem: any FileSystem) throws(SystemError) {
      self.fileSystem = fileSystem
      file = try fileSystem.open(path, .reading)
    }

    deinit { try? fileSystem.close(file) }  // opened for reading: there is nothing that closing could lose

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      var filled = 0
      while filled < buffer.count {
        let count = try fileSystem.read(file, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        if count == 0 { break }
        filled += count
      }
      return filled
    }
  }
}
