import DatasetFormats
import Domain
import Platform
import SystemPackage

/// The hash of a drop that is read by somebody else: of a file that of its bytes, of a folder that of the list that `sha256sum` prints for its
/// files, as `DropReading` has it.
package struct DropHash {
  private let fileSystem: any FileSystem

  package init(fileSystem: any FileSystem) { self.fileSystem = fileSystem }

  package func hash(_ path: FilePath) throws -> (sha256: String, bytes: Int) {
    guard try fileSystem.status(path).kind == .folder else { return try hash(ofFile: path) }
    var list = ""
    var total = 0
    for (inside, status) in try fileSystem.walk(path).sorted(by: { ByteOrder.isBefore($0.path.string, $1.path.string) }) {
      guard status.kind == .file, !SkippedFiles.isJunk(inside.string) else { continue }
      let (sha256, bytes) = try hash(ofFile: path.pushing(inside))
      list += "\(sha256)  \(inside.string)\n"
      total += bytes
    }
    return (SHA256.hash(list.utf8), total)
  }

  private func hash(ofFile path: FilePath) throws -> (sha256: String, bytes: Int) {
    let source = try FileSource(path, name: path.lastComponent?.string ?? "", fileSystem: fileSystem)
    return (try source.finish(), source.size)
  }
}
