import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// The real disk.
package struct LinuxFileSystem: FileSystem {
  package init() {}

  package func open(_ path: FilePath, _ mode: OpenMode) throws(SystemError) -> FileDescriptor {
    let (flags, title) = Self.flags(mode)
    let fd = retrying { path.withPlatformString { Glibc.open($0, flags | O_CLOEXEC, 0o644) } }
    guard fd >= 0 else { throw .last("open for \(title)", path) }
    return FileDescriptor(rawValue: fd)
  }

  private static func flags(_ mode: OpenMode) -> (Int32, String) {
    switch mode {
    case .reading: (O_RDONLY, "reading")
    case .writing: (O_WRONLY | O_CREAT | O_TRUNC, "writing")
    case .creating: (O_WRONLY | O_CREAT | O_EXCL, "writing")
    case .appending: (O_WRONLY | O_CREAT | O_APPEND, "writing")
    case .readingAndWriting: (O_RDWR | O_CREAT, "reading and writing")
    case .folder: (O_RDONLY | O_DIRECTORY, "reading")
    }
  }

  package func close(_ file: FileDescriptor) throws(SystemError) {
    // close(2) is not repeated after EINTR: Linux has given the descriptor back by then.
    if Glibc.close(file.rawValue) != 0, errno != EINTR { throw .last("close") }
  }

  package func read(_ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    let count = retrying { Glibc.read(file.rawValue, buffer.baseAddress, buffer.count) }
    guard count >= 0 else { throw .last("read") }
    return count
  }

  package func write(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    let count = retrying { Glibc.write(file.rawValue, bytes.baseAddress, bytes.count) }
    guard count >= 0 else { throw .last("write") }
    return count
  }

  package func seek(_ file: FileDescriptor, to offset: Int) throws(SystemError) {
    guard lseek(file.rawValue, offset, SEEK_SET) >= 0 else { throw .last("seek") }
  }

  package func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError) {
    guard retrying({ ftruncate(file.rawValue, size) }) == 0 else { throw .last("truncate") }
  }

  package func sync(_ file: FileDescriptor) throws(SystemError) {
    guard retrying({ fsync(file.rawValue) }) == 0 else { throw .last("fsync") }
  }

  package func startSync(_ file: FileDescriptor, _ part: Range<Int>) {
    cl_start_writing(file.rawValue, Int64(part.lowerBound), Int64(part.count))
  }

  package func syncFileSystem(of file: FileDescriptor) throws(SystemError) {
    guard retrying({ cl_syncfs(file.rawValue) }) == 0 else { throw .last("syncfs") }
  }

  package func passByCache(_ file: FileDescriptor, _ isOn: Bool) -> Bool { cl_pass_by_cache(file.rawValue, isOn ? 1 : 0) == 0 }

  package func status(_ path: FilePath) throws(SystemError) -> FileStatus {
    var status = stat()
    guard path.withPlatformString({ lstat($0, &status) }) == 0 else { throw .last("stat", path) }
    return FileStatus(status)
  }

  package func status(of file: FileDescriptor) throws(SystemError) -> FileStatus {
    var status = stat()
    guard fstat(file.rawValue, &status) == 0 else { throw .last("stat") }
    return FileStatus(status)
  }

  package func rename(_ path: FilePath, to target: FilePath) throws(SystemError) {
    let result = path.withPlatformString { from in target.withPlatformString { Glibc.rename(from, $0) } }
    guard result == 0 else { throw .last("rename", path, to: target) }
  }

  package func renameWithoutReplacing(_ path: FilePath, to target: FilePath) throws(SystemError) {
    let result = path.withPlatformString { from in target.withPlatformString { cl_rename_no_replace(from, $0) } }
    guard result == 0 else { throw .last("rename", path, to: target) }
  }

  package func link(_ path: FilePath, to target: FilePath) throws(SystemError) {
    let result = path.withPlatformString { from in target.withPlatformString { Glibc.link(from, $0) } }
    guard result == 0 else { throw .last("link", path, to: target) }
  }

  package func removeFile(_ path: FilePath) throws(SystemError) {
    guard path.withPlatformString({ unlink($0) }) == 0 else { throw .last("remove", path) }
  }

  package func makeFolder(_ path: FilePath) throws(SystemError) {
    guard path.withPlatformString({ mkdir($0, 0o755) }) == 0 else { throw .last("make the folder", path) }
  }

  package func removeFolder(_ path: FilePath) throws(SystemError) {
    guard path.withPlatformString({ rmdir($0) }) == 0 else { throw .last("remove the folder", path) }
  }

  package func names(in folder: FilePath) throws(SystemError) -> [FilePath.Component] {
    guard let stream = folder.withPlatformString({ opendir($0) }) else { throw .last("list the folder", folder) }
    defer { closedir(stream) }
    var names: [(bytes: [UInt8], component: FilePath.Component)] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw .last("list the folder", folder) }
        break
      }
      // The name is read as bytes: one that is not UTF-8 must come out as it went in.
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CInterop.PlatformChar.self, capacity: 256) { pointer in
          FilePath.Component(platformString: pointer).map { (Array(UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))), $0) }
        }
      }
      if let name, name.1.kind == .regular { names.append(name) }
    }
    return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.map(\.component)
  }

  package func space(at path: FilePath) throws(SystemError) -> DiskSpace {
    var free: Int64 = 0
    var total: Int64 = 0
    guard path.withPlatformString({ cl_disk_space($0, &free, &total) }) == 0 else { throw .last("ask for the free space at", path) }
    return DiskSpace(free: Int(free), total: Int(total))
  }

  /// Repeats a call that a signal interrupted.
  private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
      let result = call()
      if result != -1 || errno != EINTR { return result }
    }
  }
}

extension FileStatus {
  init(_ status: stat) {
    let kind: Kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .symlink
      default: .other
      }
    self.init(
      kind: kind, device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size), links: Int(status.st_nlink),
      owner: status.st_uid,
      modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
      changed: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec))
  }
}
