import Domain
import Logging
import Platform
import SystemPackage

/// The `control/` folders of open jobs: a file named CANCEL, PAUSE or RESUME there is a user's wish.
///
/// An event wakes the scheduler up; what stands in the folders is found by looking. Without inotify (its limits used up)
/// wishes are found when something else wakes the scheduler.
struct ControlFolders {
  private let layout: RootLayout
  private let files: any FileSystem
  private let inotify: Inotify?
  private var watches: [JobID: Int32] = [:]
  var wake: @Sendable () -> Void = {}

  init(layout: RootLayout, files: any FileSystem, log: Logger) {
    self.layout = layout
    self.files = files
    do throws(SystemError) {
      inotify = try Inotify()
    } catch {
      log.warning("control folders are not watched", metadata: ["error": "\(error)"])
      inotify = nil
    }
  }

  mutating func watch(_ id: JobID) {
    // found by looking, then
    guard watches[id] == nil, let inotify, let watch = try? inotify.watch(layout.workspace.job(id).control) else { return }
    watches[id] = watch
  }

  mutating func unwatch(_ id: JobID) {
    guard let watch = watches.removeValue(forKey: id) else { return }
    inotify?.unwatch(watch)
  }

  func listen() async {
    guard let inotify else { return }
    for await _ in inotify.batches { wake() }
  }

  func stop() { inotify?.stop() }

  /// The wishes that stand in a job's folder. Each is cleared once the catalogue keeps it.
  func words(in id: JobID) throws -> [ControlWord] {
    let folder = layout.workspace.job(id).control
    guard files.isFolder(folder) else { return [] }
    return try files.names(in: folder).compactMap { ControlWord(rawValue: $0.string) }
  }

  func clear(_ word: ControlWord, of id: JobID) throws {
    let path = layout.workspace.job(id).control(word)
    if files.exists(path) { try files.removeTree(path) }
  }
}
