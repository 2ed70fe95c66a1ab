import Domain
import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Writes the canonical rows of one split: `.jsonl`, its offset index and its hash, in one pass and in large blocks.
///
/// A row is appended piece by piece and then ended or dropped, so that a row that turns out bad leaves no trace.
///
/// JSON lines are nearly always canonical as they come. `stayInPlace` therefore lets the rows be where they are as long as each
/// stands in the dropped file just as it would stand here: only the index is written, and the file itself becomes the
/// canonical one. The first row that differs has everything up to it copied, and the rest is written as ever.
package final class CanonicalWriter {
  package static let blockSize = 1 << 20
  /// Room behind a full block, so that a row which crosses its end need not be moved at once; words may be stored
  /// `ByteWindow.slack` bytes past what is used.
  private static let margin = 1 << 17

  package let split: String
  package let path: FilePath
  @exclusivity(unchecked) package private(set) var rows = 0
  /// More than these are not written: EFBIG.
  private let byteLimit: Int
  /// Bytes of whole rows.
  package var byteCount: Int { written + rowStart }

  @exclusivity(unchecked) var base: UnsafeMutablePointer<UInt8>
  @exclusivity(unchecked) var used = 0
  /// 0 until the first byte is written: whatever stores something reserves room first, and so comes by `begin`.
  @exclusivity(unchecked) private(set) var capacity = 0
  @exclusivity(unchecked) private var rowStart = 0
  @exclusivity(unchecked) private var written = 0
  private var other: UnsafeMutablePointer<UInt8>?
  private let fileSystem: any FileSystem
  private var file: BlockFile?
  @exclusivity(unchecked) private var source: FilePath?
  private let index: OffsetIndexWriter
  private let lane = HashLane()
  private var isOpen = true

  package init(
    split: String, layout: DatasetVersionLayout, fileSystem: any FileSystem, byteLimit: Int = .max
  ) throws(SystemError) {
    self.split = split
    self.byteLimit = byteLimit
    self.fileSystem = fileSystem
    path = layout.rows(split: split)
    index = try OffsetIndexWriter(layout.index(split: split), fileSystem)
    base = try GrowingMemory.allocate(ByteWindow.slack)
  }

  deinit {
    lane.settle()
    file?.wait()
    if isOpen {
      file?.abandon()
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
    if file == nil { try begin() } else { try flush() }
    let needed = used + count + ByteWindow.slack
    guard needed > capacity else { return }
    lane.settle()
    file?.wait()
    let grown = max(needed, min(capacity * 2, capacity + 8 * Self.blockSize))
    GrowingMemory.free(other)
    other = nil
    base = try GrowingMemory.grow(base, to: grown)
    capacity = grown
  }

  /// The first byte is to be written: the file is made, and what stood in place up to here is copied.
  private func begin() throws(SystemError) {
    let output = try BlockFile(path, fileSystem)
    file = output
    let pages = try GrowingMemory.allocatePages(Self.blockSize + Self.margin)
    GrowingMemory.free(base)
    base = pages
    capacity = Self.blockSize + Self.margin
    guard let source = source.take(), written > 0 else { return }
    let input = try fileSystem.open(source, .reading)
    try fileSystem.closing(input) { () throws(SystemError) in
      let buffers = BufferPair(byteCount: Self.blockSize)
      defer {
        lane.settle()
        output.wait()
      }
      let pages = BlockFile.roundedDown(written)
      var copied = 0
      while copied < pages {
        lane.turn()
        try output.turn()
        let block = UnsafeMutableRawBufferPointer(rebasing: buffers.next()[..<min(pages - copied, Self.blockSize)])
        try read(input, into: block)
        lane.submit(UnsafeRawBufferPointer(block))
        output.submit(UnsafeRawBufferPointer(block))
        copied += block.count
      }
      // What fills no page goes in front of the rows to come.
      try read(input, into: UnsafeMutableRawBufferPointer(start: base, count: written - pages))
      (used, rowStart) = (written - pages, written - pages)
      written = pages
    }
  }

  private func read(_ input: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) {
    var filled = 0
    while filled < buffer.count {
      let count = try fileSystem.read(input, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      guard count > 0 else { throw SystemError(.ioError, "read again") }
      filled += count
    }
  }

  // MARK: rows that stay where they are

  /// Lets rows be in the file that they are read from, which is to become the canonical one. To be called before any row.
  package func stayInPlace(of source: FilePath) {
    precondition(file == nil && rows == 0, "rows were written already")
    self.source = source
  }

  package var isInPlace: Bool { source != nil }

  /// A row of the source that stands at `byteCount`, its line feed counted in.
  @inline(__always) func passRow(_ count: Int) throws(SystemError) {
    written += count
    rows += 1
    try index.add(end: written)
  }

  /// Ends the index where the source, of `sourceBytes`, is the canonical file to its last byte; nil where it is not.
  package func finishInPlace(sourceBytes: Int, sha256: String) throws(SystemError) -> IngestResult.Split? {
    guard isInPlace, written == sourceBytes, rows > 0 else { return nil }
    isOpen = false
    try index.finish()
    return IngestResult.Split(name: split, rows: rows, bytes: written, sha256: sha256, isOriginal: true)
  }

  /// Takes over rows of another canonical file: a line feed ends a row, and stands nowhere else in it.
  package func copyRows(from source: some ByteSource) throws {
    let window = try ByteWindow(source, rowLimit: .max)
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

  /// Hands whole pages of whole rows to the file and the hash, and goes on in the other buffer with what is left.
  private func flush() throws(SystemError) {
    let pages = BlockFile.roundedDown(rowStart)
    guard pages > 0, let file else { return }
    guard written + pages <= byteLimit else { throw SystemError(.fileTooLarge, "write", path) }
    let block = UnsafeRawBufferPointer(start: base, count: pages)
    lane.submit(block)
    file.submit(block)
    lane.turn()
    try file.turn()
    let next = if let other { other } else { try GrowingMemory.allocatePages(capacity) }
    memcpy(next, base + pages, used - pages)
    (other, base) = (base, next)
    written += pages
    used -= pages
    rowStart -= pages
  }

  /// Ends the files. They are durable after the caller's sync of the tree.
  package func finish() throws(SystemError) -> IngestResult.Split {
    if file == nil { try begin() }
    used = rowStart
    try flush()
    guard byteCount <= byteLimit else { throw SystemError(.fileTooLarge, "write", path) }
    let rest = UnsafeRawBufferPointer(start: base, count: rowStart)
    lane.submit(rest)
    file?.submit(rest)
    isOpen = false
    defer { lane.settle() }
    do throws(SystemError) {
      try file?.finish()
    } catch {
      index.abandon()
      throw error
    }
    try index.finish()
    return IngestResult.Split(name: split, rows: rows, bytes: byteCount, sha256: lane.finish())
  }
}
