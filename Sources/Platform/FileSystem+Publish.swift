import SystemPackage

extension FileSystem {
  /// The one way in which a file of ours appears: written under a temporary name, fsync, rename, fsync of the folder.
  /// A reader sees the old file or the new one, whole, and after a power cut one of the two stands.
  package func publish(_ bytes: some Sequence<UInt8>, to path: FilePath) throws(SystemError) {
    let temporary = path.temporarySibling
    do throws(SystemError) {
      try writeWhole(ContiguousArray(bytes), to: temporary)
      KillPoint.pass(.publishWritten)
      try rename(temporary, to: path)
      KillPoint.pass(.publishRenamed)
    } catch {
      try? removeFile(temporary)  // the error above is the one to tell; a leftover is swept at start
      throw error
    }
    try syncFolder(path.removingLastComponent())
  }

  /// Creates or replaces a file and makes its contents durable; its entry in the folder is the caller's to sync.
  package func writeWhole(_ bytes: ContiguousArray<UInt8>, to path: FilePath) throws(SystemError) {
    let file = try open(path, .writing)
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in
        try writeAll(file, buffer)
        try sync(file)
      }
    }
    try closing(file) { () throws(SystemError) in try result.get() }
  }

  package func writeAll(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = try write(file, UnsafeRawBufferPointer(rebasing: rest))
      rest = rest.dropFirst(written)
    }
  }

  /// Makes renames, creations and removals in a folder durable.
  package func syncFolder(_ folder: FilePath) throws(SystemError) {
    let file = try open(folder.isEmpty ? "." : folder, .folder)
    try closing(file) { () throws(SystemError) in try sync(file) }
  }

  /// Makes a whole tree durable: every file, then every folder from the leaves up.
  package func syncTree(_ path: FilePath) throws(SystemError) {
    switch try status(path).kind {
    case .folder:
      for name in try names(in: path) { try syncTree(path.appending(name)) }
      try syncFolder(path)
    case .file:
      let file = try open(path, .reading)
      try closing(file) { () throws(SystemError) in try sync(file) }
    case .symlink, .other: break
    }
  }

  /// Runs the body and closes the descriptor either way. The body's error comes first.
  package func closing<Result>(_ file: FileDescriptor, _ body: () throws(SystemError) -> Result) throws(SystemError) -> Result {
    let result: Result
    do throws(SystemError) {
      result = try body()
    } catch {
      try? close(file)  // the body's error is the one to tell
      throw error
    }
    try close(file)
    return result
  }
}

extension FilePath {
  /// Where the bytes of a file lie until they are whole: hidden, beside it. `isPublishingLeftover` knows the form.
  var temporarySibling: FilePath {
    let name = lastComponent?.string ?? "file"
    return removingLastComponent().appending(".\(name).publishing")
  }

  package var isPublishingLeftover: Bool {
    guard let name = lastComponent?.string else { return false }
    return name.hasPrefix(".") && name.hasSuffix(".publishing")
  }
}
