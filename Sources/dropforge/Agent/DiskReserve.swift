import Domain
import Platform
import Synchronization
import SystemPackage

/// A megabyte of the disk that the agent keeps for itself, so that on a full disk it can still say that the disk is full:
/// given up at the first "no space left", taken again when there is room.
final class DiskReserve: Sendable {
  private static let size = 1 << 20
  /// Taken again only where far more than that is free: the room belongs to the work that waited for it.
  private static let roomToTakeIt = 16 << 20

  private let path: FilePath
  private let files: any FileSystem
  private let isHeld = Mutex(false)

  init(_ path: FilePath, files: any FileSystem) {
    self.path = path
    self.files = files
  }

  /// Takes the reserve, or gives it up, as the disk has room. Its own failures are of no consequence: the next beat tries again.
  func adapt() {
    guard let free = try? files.space(at: path.removingLastComponent()).free else { return }
    if free < Self.size / 4 { return giveUp() }
    isHeld.withLock { isHeld in
      if isHeld || free < Self.roomToTakeIt { return }
      isHeld = (try? files.writeWhole(ContiguousArray(repeating: 0, count: Self.size), to: path)) != nil
    }
  }

  func giveUp() {
    isHeld.withLock { isHeld in
      try? files.removeFile(path)
      isHeld = false
    }
  }

  /// Writes something that people must get to read; on a full disk once more, into the room of the reserve.
  func writing(_ write: () throws -> Void) throws {
    do {
      try write()
    } catch let error as SystemError where error.code == .noSpace {
      giveUp()
      try write()
    }
  }
}
