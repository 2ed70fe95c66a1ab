import SystemPackage

/// A drop that was moved out of the inbox and belongs to the agent now: it lies in
/// `inbox/.claimed/<id>/<folder it was dropped into>/`.
package struct ClaimedDrop: Sendable, Equatable {
  package var id: DropID
  /// From the folder it was dropped into; nil for a loose one.
  package var kind: DropKind?
  /// Its own name, as raw bytes.
  package var name: FilePath.Component
  package var isFolder: Bool
  /// Bytes, of a folder those of all its files.
  package var size: Int
  package var receivedAt: Timestamp

  package init(id: DropID, kind: DropKind?, name: FilePath.Component, isFolder: Bool, size: Int, receivedAt: Timestamp) {
    self.id = id
    self.kind = kind
    self.name = name
    self.isFolder = isFolder
    self.size = size
    self.receivedAt = receivedAt
  }

  package func path(in layout: RootLayout) -> FilePath { layout.inbox.claim(id, kind: kind).appending(name) }
}
