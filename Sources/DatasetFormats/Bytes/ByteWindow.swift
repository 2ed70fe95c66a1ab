import Domain
import Platform
import StrictJSON

#if canImport(Glibc)
  import Glibc
#endif

/// The part of a stream that is being parsed: contiguous, as long as the longest row, with the rest of a row that a block
/// cut in two carried over in front of the next block.
///
/// Behind the last byte stand `slack` zero bytes. A scanner may therefore load whole words without asking where the
/// window ends, and meets a byte there that ends every token of every format.
///
/// `@exclusivity(unchecked)` here and in the classes that rows go through: the checks at run time took an eighth of the time
/// of reading JSON lines, and each of these objects belongs to one thread and is never read and written in one expression.
package final class ByteWindow {
  package static let blockSize = 1 << 20
  package static let slack = 64

  @exclusivity(unchecked) package private(set) var base: UnsafeMutablePointer<UInt8>
  /// The first byte that is not consumed yet; parsers move it on.
  @exclusivity(unchecked) package var start = 0
  @exclusivity(unchecked) package private(set) var end = 0
  /// True where no byte follows `end`.
  @exclusivity(unchecked) package private(set) var isAtEnd = false
  /// Offset in the stream of `base[0]`.
  @exclusivity(unchecked) package private(set) var origin = 0
  /// Set by a parser that asks for `place(of:)` without counting lines itself.
  package var countsLines = false

  private let source: any ByteSource
  private let rowLimit: Int
  private var capacity: Int
  private var other: UnsafeMutablePointer<UInt8>?
  /// Line and character of `base[0]`, from 1.
  private var line = 1
  private var character = 1

  /// - Parameter rowLimit: bytes that may be wanted at once: the longest row.
  package init(_ source: any ByteSource, rowLimit: Int, blockSize: Int = blockSize) throws(SystemError) {
    self.source = source
    self.rowLimit = rowLimit
    capacity = blockSize
    base = try GrowingMemory.allocate(blockSize + Self.slack)
  }

  deinit {
    source.settle()
    GrowingMemory.free(base)
    GrowingMemory.free(other)
  }

  package var count: Int { end - start }

  /// The bytes that are here and not consumed.
  package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base + start, count: end - start) }

  /// Brings in bytes behind those not consumed yet. Afterwards `start` is 0: positions move, and so may `base`.
  ///
  /// - Returns: false where nothing follows.
  /// - Throws: `RowTooLong` where a whole row's limit is here already.
  package func more() throws -> Bool {
    guard !isAtEnd else { return false }
    let pending = end - start
    guard pending <= rowLimit else { throw RowTooLong() }
    passOver()
    try makeRoom(behind: pending)
    origin += start
    start = 0
    end = pending
    let asked = capacity - pending
    let got = try source.read(into: UnsafeMutableRawBufferPointer(start: base + pending, count: asked))
    end += got
    isAtEnd = got < asked
    memset(base + end, 0, Self.slack)
    return got > 0
  }

  /// Moves what is not consumed to the front of a buffer that nobody reads any more, which is `base` then.
  private func makeRoom(behind pending: Int) throws(SystemError) {
    // A row of the limit's length fits with some room behind it: more would be of no use.
    let largest = rowLimit < 1 << 40 ? max(rowLimit, Self.blockSize) + Self.blockSize : .max
    if pending * 2 > capacity, capacity < largest {
      source.settle()
      capacity = min(capacity * 2, largest)
      memmove(base, base + start, pending)
      GrowingMemory.free(other)
      other = nil
      base = try GrowingMemory.grow(base, to: capacity + Self.slack)
    } else if capacity > 8 * Self.blockSize {  // two of that size would cost memory for little
      source.settle()
      memmove(base, base + start, pending)
    } else {
      source.turn()
      let next = if let other { other } else { try GrowingMemory.allocate(capacity + Self.slack) }
      memcpy(next, base + start, pending)
      (base, other) = (next, base)
    }
  }

  /// Steps over a UTF-8 byte order mark at the start of the stream; it is no part of the text, and counts as no character.
  package func skipByteOrderMark() -> Bool {
    guard origin == 0, start == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { return false }
    start = 3
    character = 0
    return true
  }

  private func passOver() {
    guard countsLines else { return }
    (line, character) = position(of: start)
  }

  private func position(of index: Int) -> (line: Int, character: Int) {
    let passed = UnsafeBufferPointer(start: base, count: index)
    let breaks = ByteScan.count(of: 0x0A, in: passed)
    guard breaks > 0 else { return (line, character + ByteScan.countOfScalars(in: passed)) }
    var lineStart = index
    while base[lineStart - 1] != 0x0A { lineStart -= 1 }
    return (line + breaks, 1 + ByteScan.countOfScalars(in: UnsafeBufferPointer(rebasing: passed[lineStart...])))
  }

  /// Where a byte of the window stands in the stream: line and character from 1, byte from 0. Needs `countsLines`.
  package func place(of index: Int, file: String, row: Int? = nil) -> Problem.Place {
    let (line, character) = position(of: index)
    return Problem.Place(file: file, row: row, line: line, character: character, byte: origin + index)
  }
}

/// A row that exceeds the limit for one row. Whoever knows the file and the row makes a `Problem` of it.
package struct RowTooLong: Error {}
