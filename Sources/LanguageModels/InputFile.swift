import Glibc
import SystemPackage

/// Small files read whole.
enum InputFile {
  /// Whether the path leads to anything.
  static func exists(_ path: FilePath) -> Bool { access(path.string, F_OK) == 0 }

  static func read(_ path: FilePath) throws(ModelError) -> [UInt8] {
    let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failed(path, "It cannot be opened") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failed(path, "It cannot be read") }
      if count == 0 { return bytes }
      bytes.append(contentsOf: buffer[0..<count])
    }
  }

  private static func failed(_ path: FilePath, _ what: String) -> ModelError {
    ModelError(.file, path: path.string, "\(what): \(String(cString: strerror(errno))).")
  }
}
