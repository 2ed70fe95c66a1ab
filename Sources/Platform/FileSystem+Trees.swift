import SystemPackage

extension FileSystem {
  package func exists(_ path: FilePath) -> Bool { (try? status(path)) != nil }

  package func isFolder(_ path: FilePath) -> Bool { (try? status(path))?.kind == .folder }

  /// True for a folder and for a symbolic link that leads to one: an inbox folder may be a link to a larger disk.
  private func leadsToFolder(_ path: FilePath) -> Bool {
    guard let file = try? open(path, .folder) else { return false }
    try? close(file)  // it was opened for the answer only
    return true
  }

  /// The whole file. For small files: refuses with EFBIG what exceeds `limit` bytes.
  package func contents(of path: FilePath, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
    let file = try open(path, .reading)
    return try closing(file) { () throws(SystemError) in
      let size = try status(of: file).size
      guard size <= limit else { throw SystemError(.fileTooLarge, "read", path) }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(size)
      var chunk = [UInt8](repeating: 0, count: max(4_096, min(size + 1, 1 << 20)))
      while true {
        let count = try readChunk(file, &chunk)
        if count == 0 { return bytes }
        bytes.append(contentsOf: chunk[..<count])
        guard bytes.count <= limit else { throw SystemError(.fileTooLarge, "read", path) }
      }
    }
  }

  package func readChunk(_ file: FileDescriptor, _ chunk: inout [UInt8]) throws(SystemError) -> Int {
    let result = chunk.withUnsafeMutableBytes { buffer in
      Result { () throws(SystemError) in try read(file, into: buffer) }
    }
    return try result.get()
  }

  /// Makes the folder and those above it; one that stands is no error.
  package func makeFolders(_ path: FilePath) throws(SystemError) {
    do throws(SystemError) {
      try makeFolder(path)
    } catch {
      switch error.code {
      case .fileExists where leadsToFolder(path): return
      case .noSuchFileOrDirectory where path.removingLastComponent() != path && !path.removingLastComponent().isEmpty:
        try makeFolders(path.removingLastComponent())
        try makeFolder(path)
      default: throw error
      }
    }
  }

  /// Removes a file or a folder with everything in it; what is not there is no error. Symbolic links are removed, not followed.
  package func removeTree(_ path: FilePath) throws(SystemError) {
    guard let status = try statusIfPresent(path) else { return }
    guard status.kind == .folder else { return try removeFile(path) }
    for name in try names(in: path) { try removeTree(path.appending(name)) }
    try removeFolder(path)
  }

  package func statusIfPresent(_ path: FilePath) throws(SystemError) -> FileStatus? {
    do throws(SystemError) {
      return try status(path)
    } catch {
      if error.code == .noSuchFileOrDirectory { return nil }
      throw error
    }
  }

  /// Every regular file under a folder, relative to it, in a fixed order, with its status. Symbolic links and special
  /// files are listed too: the caller decides about them.
  package func walk(_ folder: FilePath) throws(SystemError) -> [(path: FilePath, status: FileStatus)] {
    var found: [(FilePath, FileStatus)] = []
    func visit(_ relative: FilePath) throws(SystemError) {
      for name in try names(in: folder.pushing(relative)) {
        let path = relative.appending(name)
        let status = try status(folder.pushing(path))
        if status.kind == .folder {
          try visit(path)
        } else {
          found.append((path, status))
        }
      }
    }
    try visit("")
    return found
  }

  /// Moves within a file system: rename, then both folders are made durable.
  package func move(_ path: FilePath, to target: FilePath, replacing: Bool = false) throws(SystemError) {
    if replacing { try rename(path, to: target) } else { try renameWithoutReplacing(path, to: target) }
    try syncFolder(target.removingLastComponent())
    if path.removingLastComponent() != target.removingLastComponent() { try syncFolder(path.removingLastComponent()) }
  }

  /// The same files once more, as hard links under new folders: stored originals are never written to, so sharing is safe.
  package func linkTree(_ path: FilePath, to target: FilePath) throws(SystemError) {
    guard try status(path).kind == .folder else { return try link(path, to: target) }
    try makeFolder(target)
    for name in try names(in: path) { try linkTree(path.appending(name), to: target.appending(name)) }
  }

  /// Copies a file or a folder with everything in it, durably. Errors: EXDEV for a symbolic link or a
  /// special file, which a copy would not be the same as.
  package func copyTree(_ path: FilePath, to target: FilePath) throws(SystemError) {
    switch try status(path).kind {
    case .folder:
      try makeFolder(target)
      for name in try names(in: path) { try copyTree(path.appending(name), to: target.appending(name)) }
      try syncFolder(target)
    case .file: try copyFile(path, to: target)
    case .symlink, .other: throw SystemError(.improperLink, "copy", path, to: target)
    }
  }

  private func copyFile(_ path: FilePath, to target: FilePath) throws(SystemError) {
    let input = try open(path, .reading)
    try closing(input) { () throws(SystemError) in
      let output = try open(target, .writing)
      try closing(output) { () throws(SystemError) in
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
          let count = try readChunk(input, &chunk)
          if count == 0 { break }
          let result = chunk.withUnsafeBytes { bytes in
            Result { () throws(SystemError) in try writeAll(output, UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
          }
          try result.get()
        }
        try sync(output)
      }
    }
  }
}
