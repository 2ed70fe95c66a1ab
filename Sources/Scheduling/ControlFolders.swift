import Domain
import Logging
import Platform
import SystemPackage

/// The `control/` folders of open jobs and sweeps: a file named CANCEL, PAUSE or RESUME there is a user's wish.
///
/// An event wakes the scheduler up; what stands in the folders is found by looking. Where no event tells of them (inotify's limits
/// are used up, another machine writes into a shared folder), the scheduler looks every so often: `hasEvents`.
struct ControlFolders {
  private let files: any FileSystem
  private let log: Logger
  private let openInotify: @Sendable () throws(SystemError) -> Inotify
  /// Another machine may write there: its kernel tells ours nothing.
  private let isRemote: Bool
  private var inotify: Inotify?
  /// Hands the kernel's events to `wake`; owned here, ended with `inotify`.
  private var pump: Task<Void, Never>?
  private var watches: [FilePath: Int32] = [:]
  /// The kernel refused to tell of these.
  private var unwatched: Set<FilePath> = []
  private var wasToldOf = false
  private var wake: @Sendable () -> Void = {}

  init(
    files: any FileSystem, workspace: FilePath, log: Logger,
    openInotify: @escaping @Sendable () throws(SystemError) -> Inotify
  ) {
    self.files = files
    self.log = log
    self.openInotify = openInotify
    isRemote = FileSystemType.isRemote(workspace)
  }

  /// Whether the kernel tells of everything that happens in the folders.
  var hasEvents: Bool { !isRemote && inotify != nil && unwatched.isEmpty }

  /// Events begin; `wake` is called for each batch.
  mutating func start(_ wake: @escaping @Sendable () -> Void) {
    self.wake = wake
    renew()
  }

  /// Asks the kernel again for what it refused.
  mutating func renew() {
    do throws(SystemError) {
      if inotify == nil {
        let opened = try openInotify()
        inotify = opened
        pump = Task { [wake] in for await _ in opened.batches { wake() } }
      }
      for folder in unwatched { try ask(for: folder) }
      if wasToldOf { log.notice("control folders are watched again") }
      wasToldOf = false
    } catch {
      if !wasToldOf {
        log.warning(
          "control folders are looked through every few seconds: the kernel tells nothing of them", metadata: ["error": "\(error)"])
      }
      wasToldOf = true
    }
  }

  private mutating func ask(for folder: FilePath) throws(SystemError) {
    do throws(SystemError) {
      watches[folder] = try inotify?.watch(folder)
      unwatched.remove(folder)
    } catch {
      // The folder of a job that was deleted by hand. Whoever announces it again makes it anew.
      if error.code == .noSuchFileOrDirectory || error.code == .notDirectory { unwatched.remove(folder) } else { throw error }
    }
  }

  mutating func watch(_ folder: FilePath) {
    guard watches[folder] == nil, unwatched.insert(folder).inserted, inotify != nil else { return }
    renew()
  }

  mutating func unwatch(_ folder: FilePath) {
    unwatched.remove(folder)
    if let watch = watches.removeValue(forKey: folder) { inotify?.unwatch(watch) }
  }

  func stop() {
    inotify?.stop()
    pump?.cancel()
  }

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
