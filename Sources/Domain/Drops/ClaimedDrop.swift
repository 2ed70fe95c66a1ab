import SystemPackage

/// A drop that is ours: it lies in `inbox/.claimed/<id>/` under its own name until its fate is decided.
package struct ClaimedDrop: Sendable, Equatable {
  package var id: DropID
  /// From the folder it was dropped into; nil for a loose drop: the content tells.
  package var kind: DropKind?
  /// Its name as it was dropped, as text for people: bytes that are not UTF-8 are replaced. `path` has the bytes.
  package var name: String
  package var path: FilePath
  package var isFolder: Bool
  /// Bytes; of a folder those of all its files.
  package var size: Int
  package var receivedAt: Timestamp
  /// Why it is refused whatever is in it: a symbolic link, a socket.
  package var refusal: Problem?

  package init(
    id: DropID, kind: DropKind?, name: String, path: FilePath, isFolder: Bool, size: Int, receivedAt: Timestamp, refusal: Problem? = nil
  ) {
    self.id = id
    self.kind = kind
    self.name = name
    self.path = path
    self.isFolder = isFolder
    self.size = size
    self.receivedAt = receivedAt
    self.refusal = refusal
  }

  /// `inbox/.claimed/<id>/`.
  package var folder: FilePath { path.removingLastComponent() }
}
