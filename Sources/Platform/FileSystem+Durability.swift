import SystemPackage

extension FileSystem {
  /// Makes bytes durable that somebody else wrote: a file, or every file of a folder and the folders themselves.
  ///
  /// Where an fsync fails, the kernel may have dropped what it could not write and call the pages clean: the next fsync would
  /// succeed and prove nothing (PostgreSQL's "fsyncgate", 2018). So such a file is written anew from what can still be read,
  /// into `spare` on the same file system, and takes the old one's place. What may not be opened is left to its reader to report.
  package func makeDurable(_ path: FilePath, spare: FilePath) throws(SystemError) {
    switch try status(path).kind {
    case .folder:
      guard let names = try unlessForbidden({ () throws(SystemError) in try names(in: path) }) else { return }
      for name in names { try makeDurable(path.appending(name), spare: spare) }
      _ = try unlessForbidden { () throws(SystemError) in try syncFolder(path) }
    case .file:
      guard let file = try unlessForbidden({ () throws(SystemError) in try open(path, .reading) }) else { return }
      do throws(SystemError) {
        try closing(file) { () throws(SystemError) in try sync(file) }
      } catch {
        try rewrite(path, by: spare)
      }
    case .symlink, .other: break
    }
  }

  private func unlessForbidden<Result>(_ body: () throws(SystemError) -> Result) throws(SystemError) -> Result? {
    do throws(SystemError) {
      return try body()
    } catch {
      if error.code == .permissionDenied || error.code == .notPermitted { return nil }
      throw error
    }
  }

  private func rewrite(_ path: FilePath, by spare: FilePath) throws(SystemError) {
    try removeTree(spare)
    do throws(SystemError) {
      try copyTree(path, to: spare)
      try rename(spare, to: path)
    } catch {
      try? removeFile(spare)  // the error above is the one to tell
      throw error
    }
    try syncFolder(path.removingLastComponent())
  }

  /// Makes a folder below `base`, which stands, with every folder between them, and makes all their names durable, whoever
  /// made them: an earlier attempt may have made one and ended before its fsync.
  package func makeFoldersDurably(_ path: FilePath, below base: FilePath) throws(SystemError) {
    var rest = path
    guard rest.removePrefix(base) else { return try makeFolders(path) }
    var folder = base
    for component in rest.components {
      let parent = folder
      folder.append(component)
      try makeFolders(folder)
      try syncFolder(parent)
    }
  }
}
