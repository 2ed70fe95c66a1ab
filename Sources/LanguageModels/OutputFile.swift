import Glibc
import SystemPackage

/// A file being written, with plain calls of the system.
final class OutputFile {
  private let path: FilePath
  private let descriptor: Int32

  /// Creates or replaces the file.
  init(creating path: FilePath) throws(ModelError) {
    self.path = path
    descriptor = open(path.string, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failed(path, "It cannot be created") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Writes a whole text and waits until it is on the disk.
  static func write(_ text: String, to path: FilePath) throws(ModelError) {
    let file = try OutputFile(creating: path)
    try file.write(Array(text.utf8))
    try file.synchronize()
  }

  func write(_ bytes: [UInt8]) throws(ModelError) {
    try bytes.withUnsafeBytes { bytes in Result { () throws(ModelError) in try write(bytes) } }.get()
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
    var place = 0
    while place < bytes.count {
      // One call moves at most 2 GiB on Linux, and may move less.
      let written = Glibc.write(descriptor, bytes.baseAddress! + place, min(bytes.count - place, 1 << 30))  // not empty: count > 0
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw Self.failed(path, "Writing stopped with \(bytes.count - place) bytes left") }
      place += written
    }
  }

  /// Returns when the bytes are on the disk.
  func synchronize() throws(ModelError) {
    guard fsync(descriptor) == 0 else { throw Self.failed(path, "It could not be brought to the disk") }
  }

  private static func failed(_ path: FilePath, _ what: String) -> ModelError {
    ModelError(.file, path: path.string, "\(what): \(String(cString: strerror(errno))).")
  }
}
