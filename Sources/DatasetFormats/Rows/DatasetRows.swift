import Domain
import Platform
import SystemPackage

/// The canonical rows of one split, for reading: any row at once, by its number, from a file that may be larger than
/// memory. Made for many readers at a time.
package final class DatasetRows: Sendable {
  package let split: String
  package let count: Int
  private let rows: MappedFile
  private let index: MappedFile

  /// - Throws: `Problem` where the files do not fit together; `SystemError` where they cannot be read.
  package init(_ layout: DatasetVersionLayout, split: String) throws {
    self.split = split
    rows = try MappedFile(layout.rows(split: split))
    index = try MappedFile(layout.index(split: split))
    let rowBytes = rows.withBytes(\.count)
    guard let count = index.withBytes({ Self.checkedCount($0, rowBytes: rowBytes) }) else {
      throw Problem(
        "rows.index", "the offset index does not fit the rows", at: .init(file: layout.index(split: split).string),
        mend: "The dataset's folder was changed or damaged: drop the dataset again.")
    }
    self.count = count
  }

  /// The number of rows, where the index is whole and its offsets ascend to the end of the rows.
  private static func checkedCount(_ index: UnsafeRawBufferPointer, rowBytes: Int) -> Int? {
    guard index.count >= OffsetIndex.headerBytes, index.prefix(8).elementsEqual(OffsetIndex.magic) else { return nil }
    let stated = UInt64(littleEndian: index.load(fromByteOffset: 8, as: UInt64.self))
    guard let count = Int(exactly: stated), count < index.count, index.count == OffsetIndex.size(rows: count) else { return nil }
    var before = 0
    for row in 0...count {
      let offset = offset(row, index)
      guard row == 0 ? offset == 0 : offset > before else { return nil }
      before = offset
    }
    return before == rowBytes ? count : nil
  }

  private static func offset(_ row: Int, _ index: UnsafeRawBufferPointer) -> Int {
    Int(truncatingIfNeeded: UInt64(littleEndian: index.load(fromByteOffset: OffsetIndex.headerBytes + 8 * row, as: UInt64.self)))
  }

  /// Size of all rows.
  package var byteCount: Int { rows.bytes.count }

  /// Row `row`, from 0.
  package subscript(row: Int) -> DatasetRow {
    precondition(row >= 0 && row < count, "row \(row) of \(count)")
    let start = Self.offset(row, index.bytes)
    let end = Self.offset(row + 1, index.bytes) - 1  // without the line feed
    let bytes = UnsafeRawBufferPointer(rebasing: rows.bytes[start..<end])
    return DatasetRow(bytes.bindMemory(to: UInt8.self), owner: rows)
  }

  /// The same without keeping its memory alive: for loops over many rows that hold on to the rows themselves. Counting references to
  /// one object from several threads makes them wait for each other.
  package func borrowed(_ row: Int) -> DatasetRow {
    precondition(row >= 0 && row < count, "row \(row) of \(count)")
    let start = Self.offset(row, index.bytes)
    let bytes = UnsafeRawBufferPointer(rebasing: rows.bytes[start..<Self.offset(row + 1, index.bytes) - 1])
    return DatasetRow(bytes.bindMemory(to: UInt8.self))
  }

  /// Bytes of rows, their line feeds included: the index knows.
  package func byteCount(of range: Range<Int>) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "rows \(range) of \(count)")
    return Self.offset(range.upperBound, index.bytes) - Self.offset(range.lowerBound, index.bytes)
  }

  /// Gives the memory of rows back that are done with.
  package func release(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    rows.release(Self.offset(range.lowerBound, index.bytes)..<Self.offset(range.upperBound, index.bytes))
  }

  /// All rows, or those of a range, in their order.
  package func forEach(in range: Range<Int>? = nil, _ body: (DatasetRow) throws -> Void) rethrows {
    try withExtendedLifetime(self) {
      for row in range ?? 0..<count { try body(self[row]) }
    }
  }
}
