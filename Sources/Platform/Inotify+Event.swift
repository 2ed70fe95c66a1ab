import CLinux
import SystemPackage

extension Inotify {
  package struct Event: Sendable, Equatable {
    package var watch: Int32
    package var mask: UInt32
    /// The name in the watched folder as raw bytes; empty where the event is about the folder itself.
    package var name: [UInt8]

    package init(watch: Int32, mask: UInt32, name: [UInt8]) {
      self.watch = watch
      self.mask = mask
      self.name = name
    }
  }
}

extension Inotify.Event {
  private func has(_ bits: Int) -> Bool { mask & UInt32(bits) != 0 }

  /// The kernel's queue was full: events were lost.
  package var isOverflow: Bool { has(Int(IN_Q_OVERFLOW)) }
  /// The watched folder itself was removed, renamed or unmounted.
  package var isWatchGone: Bool { has(Int(IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)) }
  /// The kernel has taken the watch away; its number stands for nothing any more.
  package var isIgnored: Bool { has(Int(IN_IGNORED)) }
  /// The event is about a folder.
  package var isFolder: Bool { has(Int(IN_ISDIR)) }

  /// A rename ended at this name.
  package var isMovedIn: Bool { has(Int(IN_MOVED_TO)) }
  /// A name appeared: made, or linked.
  package var isCreated: Bool { has(Int(IN_CREATE)) }
  package var isModified: Bool { has(Int(IN_MODIFY)) }
  /// Somebody who had it open for writing has closed it.
  package var isClosedAfterWriting: Bool { has(Int(IN_CLOSE_WRITE)) }
  /// Rights, times or the number of links changed.
  package var isAttributes: Bool { has(Int(IN_ATTRIB)) }
  /// The name is gone: removed, or renamed away.
  package var isGone: Bool { has(Int(IN_DELETE | IN_MOVED_FROM)) }

  /// The name as a path component; nil where the event is about the folder itself.
  package var component: FilePath.Component? { FilePath.Component(bytes: name) }
}
