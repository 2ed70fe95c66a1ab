import Foundation
import Platform
import SystemPackage
import TestSupport

#if canImport(Glibc)
  import Glibc
#endif

/// The ways in which files come into a folder in the world, each as the program does it that it is named after.
enum Writer: String, CaseIterable, Sendable {
  case slow, reopening, duplicatedDescriptor = "dup", rsync, scp, samba, syncthing, browser, vim, unnamed, hardLink = "hard-link", copy
  case oldTimes = "old-times", movedFolder = "moved-folder", madeFolder = "made-folder", symbolicLink = "symbolic-link"

  /// Twenty rows of its own, since the same bytes would be one dataset: one row for each second of the slowest writer.
  var rows: [String] { (1...20).map { "{\"text\":\"\(rawValue) \($0)\"}\n" } }
  var text: String { rows.joined() }

  var isFolder: Bool { self == .movedFolder || self == .madeFolder }
  var isRefused: Bool { self == .symbolicLink }
  var dataset: String { rawValue }
  var name: String { isFolder ? rawValue : "\(rawValue).jsonl" }

  /// Writes the drop on a thread of its own, at its own pace however busy the tests' threads are.
  func writeAtItsPace(into folder: FilePath, outside: FilePath) async throws {
    try await withCheckedThrowingContinuation { (end: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { end.resume(with: Result { try write(into: folder, outside: outside) }) }
    }
  }

  /// Writes the drop into the folder, from its first byte to its last.
  /// - Parameter outside: a folder on the same file system that nobody watches.
  private func write(into folder: FilePath, outside: FilePath) throws {
    let files = LinuxFileSystem()
    let target = folder.appending(name)
    let elsewhere = outside.appending(name)
    switch self {
    case .slow:  // a line a second, one descriptor
      let file = try files.open(target, .writing)
      for row in rows {
        try Self.append(row, file)
        Thread.sleep(forTimeInterval: 1)
      }
      try files.close(file)
    case .reopening:  // closed between the pieces, for longer and longer
      for (row, pause) in zip([0..<5, 5..<10, 10..<15, 15..<20], [0.2, 3, 7, 0]) {
        let file = try files.open(target, .appending)
        try Self.append(rows[row].joined(), file)
        try files.close(file)
        Thread.sleep(forTimeInterval: pause)
      }
    case .duplicatedDescriptor:  // the first descriptor is closed, its twin goes on
      let file = try files.open(target, .writing)
      try Self.append(rows[..<3].joined(), file)
      let twin = try file.duplicate()
      try files.close(file)
      Thread.sleep(forTimeInterval: 10)
      try Self.append(rows[3...].joined(), twin)
      try files.close(twin)
    case .rsync: try byTemporaryName(folder.appending(".\(name).k3Zq9A"), target)
    case .syncthing: try byTemporaryName(folder.appending(".syncthing.\(name).tmp"), target)
    case .samba: try byTemporaryName(folder.appending("\(name).filepart"), target)
    case .browser:  // an empty file keeps the name meanwhile
      try files.writeInPlace([], to: target)
      try byTemporaryName(folder.appending("\(name).crdownload"), target)
    case .scp:  // in place, at the pace of the network
      let file = try files.open(target, .writing)
      for start in stride(from: 0, to: 20, by: 5) {
        try Self.append(rows[start..<start + 5].joined(), file)
        Thread.sleep(forTimeInterval: 0.7)
      }
      try files.close(file)
    case .vim:  // a probe, the old text moved aside, the new one written, the backup removed; saved twice
      for text in [rows[..<7].joined(), text] {
        try files.writeInPlace([], to: folder.appending("4913"))
        try files.removeFile(folder.appending("4913"))
        let backup = folder.appending("\(name)~")
        if files.exists(target) { try files.rename(target, to: backup) }
        try files.writeInPlace(Array(text.utf8), to: target)
        if files.exists(backup) { try files.removeFile(backup) }
        Thread.sleep(forTimeInterval: 2)
      }
    case .unnamed: try SpecialFiles.writeUnnamedThenLink(Array(text.utf8), to: target)
    case .hardLink:
      try files.writeInPlace(Array(text.utf8), to: elsewhere)
      try SpecialFiles.makeHardLink(elsewhere, target)
    case .copy: try files.writeInPlace(Array(text.utf8), to: target)
    case .oldTimes:  // as `cp -p` of a file from 2001, whose time is set before the last piece comes
      let file = try files.open(target, .writing)
      try Self.append(rows[..<10].joined(), file)
      Self.setTimes(target)
      Thread.sleep(forTimeInterval: 2)
      try Self.append(rows[10...].joined(), file)
      try files.close(file)
      Self.setTimes(target)
    case .movedFolder:
      try files.makeFolders(elsewhere)
      try files.writeInPlace(Array(text.utf8), to: elsewhere.appending("rows.jsonl"))
      try files.rename(elsewhere, to: target)
    case .madeFolder:  // mkdir -p, and files that come later
      try files.makeFolders(target.pushing("a/b/c"))
      Thread.sleep(forTimeInterval: 1)
      try files.writeInPlace(Array(rows[..<10].joined().utf8), to: target.pushing("a/1.jsonl"))
      Thread.sleep(forTimeInterval: 3)
      try files.writeInPlace(Array(rows[10...].joined().utf8), to: target.pushing("a/b/c/2.jsonl"))
    case .symbolicLink:
      try files.writeInPlace(Array(text.utf8), to: elsewhere)
      try SpecialFiles.makeSymbolicLink(target, to: elsewhere)
    }
  }

  private func byTemporaryName(_ temporary: FilePath, _ target: FilePath) throws {
    let files = LinuxFileSystem()
    try files.writeInPlace(Array(rows[..<12].joined().utf8), to: temporary)
    Thread.sleep(forTimeInterval: 9)  // longer than the settle time: the name alone holds it back
    let file = try files.open(temporary, .appending)
    try Self.append(rows[12...].joined(), file)
    try files.close(file)
    try files.rename(temporary, to: target)
  }

  private static func append(_ text: String, _ file: FileDescriptor) throws {
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBytes { buffer in try LinuxFileSystem().writeAll(file, buffer) }
  }

  private static func setTimes(_ path: FilePath) {
    let past = timespec(tv_sec: 1_000_000_000, tv_nsec: 0)
    _ = path.withPlatformString { utimensat(AT_FDCWD, $0, [past, past], 0) }
  }
}
