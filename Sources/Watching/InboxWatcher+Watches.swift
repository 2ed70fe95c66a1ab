import Domain
import Logging
import Platform
import SystemPackage

/// Which folders the kernel is asked to tell of, and what is done where it refuses: looking through them goes on all the same.
extension InboxWatcher {
  /// Where the limit is used up, every rescan tries again.
  func startInotify() {
    do throws(SystemError) {
      let opened = try openInotify()
      inotify = opened
      pump = Task { [weak self] in
        for await batch in opened.batches { await self?.handle(batch) }
      }
      if told.remove("inotify") != nil { logger.notice("the kernel tells of the inbox's changes again") }
    } catch {
      let limit =
        error.code == .tooManyOpenFiles
        ? "The limit fs.inotify.max_user_instances is used up (or the limit on open files): sysctl fs.inotify.max_user_instances=1024 raises it."
        : error.mend ?? ""
      tell("inotify", .error, "no events for the inbox, it is looked through \(paceInWords) instead: \(error). \(limit)")
    }
  }

  /// Makes what is missing and watches what stands there now. The kernel gives the same watch for the same folder, so that asking
  /// again is both the check and the mend for one that was deleted, replaced, or mounted over.
  func renewWatches() {
    for folder in layout.inbox.folders {
      do throws(SystemError) {
        if !fileSystem.exists(folder) {
          try fileSystem.makeFolders(folder)
          logger.notice("made the folder '\(folder)'")
        }
        recovered("make \(folder)")
      } catch {
        tell("make \(folder)", .error, "\(error). \(error.mend ?? "It is tried again.")")
      }
    }
    lacksWatches = false
    watch(layout.root, .root)
    for folder in layout.inbox.watched { watch(folder, .watched(folder)) }
    if inotify != nil, !lacksWatches, told.remove("watch") != nil { logger.notice("the kernel tells of all folders of the inbox again") }
  }

  /// Called before a folder inside a dropped tree is listed: what appears in it after the listing is told by an event.
  func watchInside(_ folder: FilePath, drop: FilePath) { watch(folder, .inside(folder, drop: drop)) }

  /// A folder has appeared in a dropped tree: watches it and every folder in it, each before it is listed.
  func watchTree(_ folder: FilePath, drop: FilePath) {
    guard inotify != nil, fileSystem.isFolder(folder) else { return }
    watchInside(folder, drop: drop)
    // What cannot be listed is looked at again when the drop's deadline comes, and told then.
    for name in (try? fileSystem.names(in: folder)) ?? [] { watchTree(folder.appending(name), drop: drop) }
  }

  func unwatch(_ drop: FilePath) {
    for watch in watches.removeAll(insideOf: drop) { inotify?.unwatch(watch) }
  }

  private func watch(_ folder: FilePath, _ role: WatchTable.Folder) {
    guard let inotify else { return }
    do throws(SystemError) {
      if let replaced = watches.set(try inotify.watch(folder), role) {
        inotify.unwatch(replaced)
        logger.notice("another folder stands at '\(folder)': it is watched from now on")
      }
    } catch {
      // A folder inside a drop may be gone again; that of an inbox is told by listing it.
      guard error.code != .noSuchFileOrDirectory, error.code != .notDirectory else { return }
      let limit =
        error.code == .noSpace
        ? "The limit fs.inotify.max_user_watches is used up: sysctl fs.inotify.max_user_watches=1048576 raises it." : error.mend ?? ""
      lacksWatches = true
      lookSooner()
      tell("watch", .error, "no events for some folders, they are looked through \(paceInWords) instead: \(error). \(limit)")
    }
  }

  // MARK: telling

  /// Logs a trouble once, until it has mended itself.
  func tell(_ trouble: String, _ level: Logger.Level, _ message: Logger.Message) {
    if told.insert(trouble).inserted { logger.log(level: level, message) }
  }

  func recovered(_ trouble: String) {
    if !told.isEmpty { told.remove(trouble) }
  }
}
