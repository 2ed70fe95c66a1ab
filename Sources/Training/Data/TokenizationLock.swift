import Domain
import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// One worker at a time makes a tokenization; another that needs the same waits for it, and then finds it made.
struct TokenizationLock: ~Copyable {
  private let path: FilePath
  private let lock: ExclusiveLock
  private let files: any FileSystem

  /// Waits while another worker holds it; a worker that dies gives it back.
  ///
  /// - Parameter isStopped: asked often; where true the wait ends with `CancellationError`.
  init(_ layout: TokenizationLayout, files: any FileSystem, isStopped: () -> Bool) throws {
    let folder = layout.folder.removingLastComponent()
    path = layout.lock
    self.files = files
    try files.makeFolders(folder)
    while true {
      if let lock = try ExclusiveLock(path) {
        self.lock = lock
        return
      }
      if isStopped() { throw CancellationError() }
      usleep(50_000)
    }
  }

  /// The tokenization stands: nobody needs the lock any more. Who waits on the file that goes looks for the tokenization first.
  consuming func removeFile() { try? files.removeFile(path) }  // a leftover of no bytes harms nobody
}
