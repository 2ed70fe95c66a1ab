import Domain
import Platform
import SystemPackage

/// A dropped file, read from its start to its end, and hashed on the way.
package final class FileSource: ByteSource {
  package let size: Int
  /// Bytes read so far, for progress.
  package private(set) var position = 0
  private let fileSystem: any FileSystem
  private let file: FileDescriptor
  private let lane = HashLane()
  private let onRead: (Int) -> Void
  private var isAtEnd = false

  /// - Parameter onRead: told the number of bytes after each read.
  /// - Throws: `Problem` where the file may not be read, else `SystemError`.
  package init(_ path: FilePath, name: String, fileSystem: any FileSystem, onRead: @escaping (Int) -> Void = { _ in }) throws {
    self.fileSystem = fileSystem
    self.onRead = onRead
    do throws(SystemError) {
      file = try fileSystem.open(path, .reading)
    } catch {
      throw Problem(opening: name, error)
    }
    do throws(SystemError) {
      size = try fileSystem.status(of: file).size
    } catch {
      try? fileSystem.close(file)  // the error above is the one to tell
      throw error
    }
  }

  deinit {
    lane.settle()
    try? fileSystem.close(file)  // opened for reading: there is nothing that closing could lose
  }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count, !isAtEnd {
      let count = try fileSystem.read(file, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count == 0 { isAtEnd = true }
      filled += count
    }
    if filled > 0 { lane.submit(UnsafeRawBufferPointer(rebasing: buffer[..<filled])) }
    position += filled
    onRead(filled)
    return filled
  }

  package func turn() { lane.turn() }
  package func settle() { lane.settle() }

  /// Reads what is left, and returns the SHA-256 of the whole file.
  package func finish() throws -> String {
    if !isAtEnd {
      let buffers = BufferPair(byteCount: 1 << 20)
      try withExtendedLifetime(buffers) {
        defer { lane.settle() }
        repeat { lane.turn() } while try read(into: buffers.next()) > 0
      }
    }
    return lane.finish()
  }
}

extension Problem {
  /// A dropped file that cannot be opened.
  package init(opening name: String, _ error: SystemError) {
    switch error.code {
    case .permissionDenied, .notPermitted:
      self.init(
        "drop.unreadable", "the agent has no right to read it", at: .init(file: name), why: "its permissions close it to the agent's user",
        mend: "Open it for reading (chmod a+r '\(name)') and drop it again.", cause: error.description)
    case .noSuchFileOrDirectory:
      self.init(
        "drop.gone", "it was there and is gone", at: .init(file: name), why: "something removed or renamed it while it was read",
        mend: "Drop it again and leave it alone until the receipt is there.", cause: error.description)
    default:
      self.init(
        "drop.unreadable", "it cannot be read", at: .init(file: name),
        mend: error.mend ?? "Check the file on its disk (cat '\(name)' > /dev/null) and drop a good copy.", cause: error.description)
    }
  }
}
