import Domain
import Platform
import SystemPackage

/// A drop that is whole and may be claimed; or, with a `refusal`, one that will never be taken for what it is.
package struct SettledDrop: Sendable, Equatable {
  package var path: FilePath
  /// As the folder says; nil for a loose drop in the inbox itself: the content tells then.
  package var kind: DropKind?
  /// At settling: `Claim` takes nothing that has changed since.
  package var status: FileStatus
  /// Of a folder.
  package var summary: FolderSummary?
  /// When the watcher first saw it.
  package var firstSeen: Timestamp
  /// Why it is refused whatever is in it: a symbolic link, a socket. It can still be claimed, to be moved to `rejected/`.
  package var refusal: Problem?

  package init(
    path: FilePath, kind: DropKind?, status: FileStatus, summary: FolderSummary? = nil, firstSeen: Timestamp, refusal: Problem? = nil
  ) {
    self.path = path
    self.kind = kind
    self.status = status
    self.summary = summary
    self.firstSeen = firstSeen
    self.refusal = refusal
  }

  /// In bytes; of a folder: of all its files.
  package var size: Int { summary?.bytes ?? status.size }
  package var displayName: String { path.displayName }
}

/// A drop that is not taken yet, and why: for `status.json`.
package struct WaitingDrop: Sendable, Equatable {
  package var path: FilePath
  package var kind: DropKind?
  package var since: Timestamp
  package var reason: WaitReason
  /// Nothing has moved for an hour: nobody seems to come back for it.
  package var isStale: Bool

  package init(path: FilePath, kind: DropKind?, since: Timestamp, reason: WaitReason, isStale: Bool) {
    self.path = path
    self.kind = kind
    self.since = since
    self.reason = reason
    self.isStale = isStale
  }

  package var sentence: String { "'\(path.displayName)' \(reason.sentence)\(isStale ? "; \(reason.mend)" : "")" }
}

extension FilePath {
  /// The last component as text that can stand in a log line, a receipt or a terminal: bytes that are not UTF-8, control
  /// characters and those that turn the direction of what follows become U+FFFD. The path itself keeps its bytes.
  package var displayName: String {
    var text = String.UnicodeScalarView()
    for scalar in (lastComponent?.string ?? string).unicodeScalars {
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: text.append("\u{FFFD}")
      default: text.append(scalar)
      }
    }
    return String(text)
  }
}
