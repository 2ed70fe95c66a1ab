import Domain

/// A drop that is foreign bytes, on its way to a worker.
struct DropToRead: Sendable {
  let drop: ClaimedDrop
  let kind: DropKind

  /// Bytes up to which a file is read together with others.
  private static let smallFile = 256 << 10

  /// A small file of plain text: to start a process for it would take longer than to read it. Archives, whose parsers are not
  /// ours, always have a process to themselves.
  var mayBeReadWithOthers: Bool {
    guard kind == .dataset, !drop.isFolder, drop.size <= Self.smallFile, !BadRowsFile.isNameless(drop.name),
      BadRowsFile.dataset(of: drop.name) == nil
    else { return false }
    let name = DroppedFileName(drop.name)
    return name.format != nil && name.compression == nil && name.archive == nil
  }
}
