import Domain
import StrictJSON

#if canImport(Glibc)
  import Glibc
#endif

/// Which columns the rows have and what kinds of values stand in them, counted while the rows go by.
///
/// Rows of one file nearly always have the same keys in the same order, so each key is first compared with the one that
/// followed last time; only a surprise costs a search.
package final class ColumnTable {
  /// More than these and the "columns" are really data: a dictionary whose keys are identifiers.
  package static let limit = 4_096

  private struct Column {
    /// The key as it stands between its quotes in the file, escapes and all.
    let key: UnsafeMutablePointer<UInt8>
    let length: Int
    var kinds: UInt8 = 0
    var rows = 0
    var strings = 0
    var lastRow = -1
  }

  @exclusivity(unchecked) private var columns: UnsafeMutablePointer<Column>
  @exclusivity(unchecked) private var count = 0
  private var capacity = 64
  private var index: [UInt64: [Int]] = [:]
  /// Of the row that is being read: column and kind, kept until the whole row is known to be good.
  @exclusivity(unchecked) private var noted: UnsafeMutablePointer<UInt32>
  @exclusivity(unchecked) private var notedCount = 0
  @exclusivity(unchecked) private var notedCapacity = 256
  @exclusivity(unchecked) private var expected = 0
  @exclusivity(unchecked) private var row = 0

  package init() {
    columns = .allocate(capacity: capacity)
    noted = .allocate(capacity: notedCapacity)
  }

  deinit {
    for index in 0..<count { columns[index].key.deallocate() }
    columns.deallocate()
    noted.deallocate()
  }

  package var isOverfull: Bool { count > Self.limit }

  @inline(__always) func beginRow() {
    notedCount = 0
    expected = 0
  }

  /// - Parameter first: the value's first byte, which tells its kind.
  @inline(__always) func note(_ key: UnsafePointer<UInt8>, _ length: Int, first: UInt8) {
    let column: Int
    if expected < count, columns[expected].length == length, memcmp(columns[expected].key, key, length) == 0 {
      column = expected
    } else {
      column = find(key, length)
    }
    expected = column + 1
    if notedCount == notedCapacity { growNoted() }
    noted[notedCount] = UInt32(truncatingIfNeeded: column) << 8 | UInt32(Self.kind(first))
    notedCount += 1
  }

  /// The row that was noted is good. Of a repeated key the last member counts, as in every reader.
  @inline(__always) func commitRow() {
    row += 1
    var at = notedCount
    while at > 0 {
      at -= 1
      let column = columns + Int(noted[at] >> 8)
      guard column.pointee.lastRow != row else { continue }
      column.pointee.lastRow = row
      let kind = UInt8(truncatingIfNeeded: noted[at])
      column.pointee.kinds |= kind
      if kind != Self.null { column.pointee.rows += 1 }
      column.pointee.strings += Int(kind & Self.string)
    }
  }

  /// Rows that all have the same columns of text: CSV.
  func commit(rows: Int, ofTexts keys: [[UInt8]]) {
    row += rows
    for key in keys {
      let column = key.withUnsafeBufferPointer { bytes in
        bytes.baseAddress.map { find($0, bytes.count) } ?? withUnsafePointer(to: UInt8(0)) { find($0, 0) }
      }
      columns[column].rows += rows
      columns[column].strings += rows
      if rows > 0 { columns[column].kinds |= Self.kind(UInt8(ascii: "\"")) }
    }
  }

  /// What occurs in good rows, in the order of first sight. Keys that are the same once unescaped are one column.
  package func result() -> [DatasetColumn] {
    var found: [DatasetColumn] = []
    for column in UnsafeBufferPointer(start: columns, count: count) where column.kinds != 0 {
      let name = Self.name(of: UnsafeBufferPointer(start: column.key, count: column.length))
      let kinds = DatasetColumn.ValueKind.allCases.filter { column.kinds & Self.bit(of: $0) != 0 }
      if let at = found.firstIndex(where: { $0.name == name }) {
        let both = Set(found[at].kinds + kinds)
        found[at].kinds = DatasetColumn.ValueKind.allCases.filter(both.contains)
        found[at].rows += column.rows
        found[at].strings = (found[at].strings ?? 0) + column.strings
      } else {
        found.append(DatasetColumn(name: name, kinds: kinds, rows: column.rows, strings: column.strings))
      }
    }
    for at in found.indices where found[at].strings == 0 || found[at].strings == found[at].rows { found[at].strings = nil }
    return found
  }

  private static func name(of key: UnsafeBufferPointer<UInt8>) -> String {
    let quoted = [UInt8(ascii: "\"")] + Array(key) + [UInt8(ascii: "\"")]
    return (try? JSONParser.parse(quoted))?.string ?? String(decoding: key, as: UTF8.self)
  }

  private static let null = bit(of: .null)
  /// One, so that counting needs no branch.
  private static let string = bit(of: .string)

  private static func bit(of kind: DatasetColumn.ValueKind) -> UInt8 {
    switch kind {
    case .string: 1
    case .number: 2
    case .boolean: 4
    case .list: 8
    case .object: 16
    case .null: 32
    }
  }

  @inline(__always) private static func kind(_ first: UInt8) -> UInt8 {
    switch first {
    case UInt8(ascii: "\""): 1
    case UInt8(ascii: "t"), UInt8(ascii: "f"): 4
    case UInt8(ascii: "["): 8
    case UInt8(ascii: "{"): 16
    case UInt8(ascii: "n"): 32
    default: 2
    }
  }

  @inline(never) private func find(_ key: UnsafePointer<UInt8>, _ length: Int) -> Int {
    // FNV-1a: short keys, and nobody gains by making them collide, since columns are limited.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for at in 0..<length { hash = (hash ^ UInt64(key[at])) &* 0x100_0000_01B3 }
    for candidate in index[hash] ?? [] {
      if columns[candidate].length == length, memcmp(columns[candidate].key, key, length) == 0 { return candidate }
    }
    // One more than the limit is kept, to be told by; the rest of the keys share its place.
    guard count <= Self.limit else { return count - 1 }
    if count == capacity { growColumns() }
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(length, 1))
    memcpy(copy, key, length)
    (columns + count).initialize(to: Column(key: copy, length: length))
    index[hash, default: []].append(count)
    count += 1
    return count - 1
  }

  private func growColumns() {
    let larger = UnsafeMutablePointer<Column>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: columns, count: count)
    columns.deallocate()
    columns = larger
    capacity *= 2
  }

  private func growNoted() {
    let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: notedCapacity * 2)
    larger.moveInitialize(from: noted, count: notedCount)
    noted.deallocate()
    noted = larger
    notedCapacity *= 2
  }
}
