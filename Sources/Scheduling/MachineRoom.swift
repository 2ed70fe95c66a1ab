import Domain
import Platform
import SystemPackage

/// What the machine has left for jobs. nil: not known, and never a reason to stop one.
package struct MachineRoom: Sendable, Equatable {
  /// Bytes.
  package var freeDisk: Int?
  package var availableMemory: Int?

  package init(freeDisk: Int?, availableMemory: Int?) {
    self.freeDisk = freeDisk
    self.availableMemory = availableMemory
  }

  /// As it is now.
  init(of folder: FilePath, _ files: any FileSystem) {
    self.init(freeDisk: (try? files.space(at: folder))?.free, availableMemory: Machine.availableMemory)
  }
}

/// What there is too little of, and how much of it there was.
struct RoomShortage: Sendable, Equatable {
  enum Kind: Sendable { case disk, memory }
  var kind: Kind
  var left: Int

  var reason: PendingReason { kind == .disk ? .waitingForRoom : .waitingForMemory }
}

/// A job that was stopped for want of room, and what there must be before it goes on.
struct RoomHold: Sendable, Equatable {
  var kind: RoomShortage.Kind
  var needed: Int
}

/// When a job is stopped for want of room, and when it goes on: plain decisions.
///
/// Twice the least must be free again, and for memory what the job itself took besides: going on is not to bring back what it was
/// stopped for.
struct RoomPolicy: Sendable {
  /// Bytes.
  var leastDisk: Int
  var leastMemory: Int

  init(_ settings: AgentSettings) {
    leastDisk = settings.leastFreeDisk << 20
    leastMemory = settings.leastFreeMemory << 20
  }

  func shortage(in room: MachineRoom) -> RoomShortage? {
    if let free = room.freeDisk, free < leastDisk { return RoomShortage(kind: .disk, left: free) }
    if let available = room.availableMemory, available < leastMemory { return RoomShortage(kind: .memory, left: available) }
    return nil
  }

  /// - Parameter after: what there is once the job's worker has ended.
  func hold(for shortage: RoomShortage, after room: MachineRoom) -> RoomHold {
    switch shortage.kind {
    case .disk: RoomHold(kind: .disk, needed: 2 * leastDisk)
    case .memory:
      RoomHold(kind: .memory, needed: 2 * leastMemory + max(0, (room.availableMemory ?? shortage.left) - shortage.left))
    }
  }

  func ends(_ hold: RoomHold, in room: MachineRoom) -> Bool {
    switch hold.kind {
    case .disk: room.freeDisk.map { $0 >= hold.needed } ?? true
    case .memory: room.availableMemory.map { $0 >= hold.needed } ?? true
    }
  }
}
