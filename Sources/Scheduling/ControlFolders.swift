import Domain
import Logging
import Platform
import SystemPackage

/// The `control/` folders of open jobs and sweeps: a file named CANCEL, PAUSE or RESUME there is a user's wish.
///
/// An event wakes the scheduler up; what stands in the folders is found by looking. Without inotify (its limits used up)
/// wishes are found when something else wakes the scheduler.
struct ControlFolders {
  private let files: any FileSystem
  private let inotify: Inotify?
  private var watches: [FilePath: Int32] = [:]
  var wake: @Sendable () -> Void = {}

  init(files: any FileSystem, log: Logger) {
    self.files = files
    do throws(SystemError) {
      inotify = try Inotify()
    } catch {
      log.warning("control folders are not watched", metadata: ["error": "\(error)"])
      inotify = nil
    }
  }

  mutating func watch(_ folder: FilePath) {
    // found by looking, then
    guard watches[folder] == nil, let inotify, let watch = try? inotify.watch(folder) else { return }
    watches[folder] = watch
  }

  mutating func unwatch(_ folder: FilePath) {
    guard let watch = watches.removeValue(forKey: folder) else { return }
    inotify?.unwatch(watch)
  }

  func listen() async {
    guard let inotify else { return }
    for await _ in inotify.batches { wake() }
  }

  func stop() { inotify?.stop() }

  /// The wishes that stand in a folder. Each is cleared once the catalogue keeps it.
  func words(in folder: FilePath) throws -> [ControlWord] {
    guard files.isFolder(folder) else { return [] }
    return try files.names(in: folder).compactMap { ControlWord(rawValue: $0.string) }
  }

  func clear(_ word: ControlWord, in folder: FilePath) throws {
    let path = word.file(in: folder)
    if files.exists(path) { try files.removeTree(path) }
  }
}
