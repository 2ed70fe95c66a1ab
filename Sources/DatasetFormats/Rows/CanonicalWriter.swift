import Domain
import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Writes the canonical rows of one split: `.jsonl`, its offset index and its hash, in one pass and in large blocks.
///
/// A row is appended piece by piece and then ended or dropped, so that a row that turns out bad leaves no trace.
package final class CanonicalWriter {
  package static let blockSize = 1 << 20
  /// Room behind a full block, so that a row which crosses its end need not be moved at once; words may be stored
  /// `ByteWindow.slack` bytes past what is used.
  private static let margin = 1 << 17

  package let split: String
  package let path: FilePath
  package private(set) var rows = 0
  /// Bytes of whole rows.
  package var byteCount: Int { written + rowStart }

  var base: UnsafeMutablePointer<UInt8>
  var used = 0
  private(set) var capacity = blockSize + margin
  private var rowStart = 0
  private var written = 0
  private var other: UnsafeMutablePointer<UInt8>?
  private let fileSystem: any FileSystem
  private let file: FileDescriptor
  private let index: OffsetIndexWriter
  private let lane = HashLane()
  private var isOpen = true

  package init(split: String, layout: DatasetVersionLayout, fileSystem: any FileSystem) throws(SystemError) {
    self.split = split
    self.fileSystem = fileSystem
    path = layout.rows(split: split)
    file = try fileSystem.open(path, .writing)
    index = try OffsetIndexWriter(layout.index(split: split), fileSystem)
    base = GrowingMemory.allocate(capacity)
  }

  deinit {
    lane.settle()
    if isOpen {
      try? fileSystem.close(file)  // on the way out of an error, which is the one to tell
      index.abandon()
    }
    GrowingMemory.free(base)
    GrowingMemory.free(other)
  }

  /// Makes sure that `count` bytes, and a word more, may be stored at `base + used`. `base` and `used` change.
  @inline(__always) func reserve(_ count: Int) throws(SystemError) {
    if used + count + ByteWindow.slack > capacity { try makeRoom(count) }
  }

  @inline(__always) func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) throws(SystemError) {
    try reserve(count)
    memcpy(base + used, bytes, count)
    used += count
  }

  @inline(__always) func append(_ text: StaticString) throws(SystemError) {
    try append(text.utf8Start, text.utf8CodeUnitCount)
  }

  /// The row is whole: its line feed is written here.
  @inline(__always) func endRow() throws(SystemError) {
    try reserve(1)
    base[used] = 0x0A
    used += 1
    rowStart = used
    rows += 1
    try index.add(end: written + used)
    if used >= Self.blockSize { try flush() }
  }

  @inline(__always) func dropRow() { used = rowStart }

  @inline(never) private func makeRoom(_ count: Int) throws(SystemError) {
    try flush()
    let needed = used + count + ByteWindow.slack
    guard needed > capacity else { return }
    lane.settle()
    let grown = max(needed, min(capacity * 2, capacity + 8 * Self.blockSize))
    GrowingMemory.free(other)
    other = nil
    base = GrowingMemory.grow(base, to: grown)
    capacity = grown
  }

  /// Takes over rows of another canonical file: a line feed ends a row, and stands nowhere else in it.
  package func copyRows(from source: some ByteSource) throws {
    let window = ByteWindow(source, rowLimit: .max)
    repeat {
      while let feed = memchr(window.base + window.start, 0x0A, window.count) {
        let row = window.base + window.start
        let count = feed.assumingMemoryBound(to: UInt8.self) - row
        try append(row, count)
        try endRow()
        window.start += count + 1
      }
    } while try window.more()
  }

  /// Hands whole rows to the file and the hash, and goes on in the other buffer with the row that is being made.
  private func flush() throws(SystemError) {
    guard rowStart > 0 else { return }
    let block = UnsafeRawBufferPointer(start: base, count: rowStart)
    lane.submit(block)
    try fileSystem.writeAll(file, block)
    lane.turn()
    let next = other ?? GrowingMemory.allocate(capacity)
    memcpy(next, base + rowStart, used - rowStart)
    (other, base) = (base, next)
    written += rowStart
    used -= rowStart
    rowStart = 0
  }

  /// Ends the files. They are durable after the caller's sync of the tree.
  package func finish() throws(SystemError) -> IngestResult.Split {
    used = rowStart
    try flush()
    isOpen = false
    try fileSystem.close(file)
    try index.finish()
    return IngestResult.Split(name: split, rows: rows, bytes: written, sha256: lane.finish())
  }
}
