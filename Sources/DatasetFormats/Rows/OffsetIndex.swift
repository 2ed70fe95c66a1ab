/// `data/<split>.index`: where each row of `data/<split>.jsonl` begins, so that row i is found without reading the others.
///
/// | bytes | what |
/// |---|---|
/// | 8 | `DFIX0001` |
/// | 8 | n, the number of rows: unsigned, little-endian |
/// | 8 × (n + 1) | offset of each row's first byte, and the size of the `.jsonl`: unsigned, little-endian |
///
/// Row i is the bytes from offset i to offset i + 1, its line feed included.
package enum OffsetIndex {
  package static let magic = Array("DFIX0001".utf8)
  package static let headerBytes = 16

  package static func size(rows: Int) -> Int { headerBytes + 8 * (rows + 1) }
}
