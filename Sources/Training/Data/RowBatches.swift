import DatasetFormats
import Synchronization

/// Consecutive rows that one thread takes at a time.
struct RowBatch: Equatable {
  /// Counted from 0.
  var number: Int
  var rows: Range<Int>
  /// Its first row goes on with a document of the batch before, its last one is gone on with in the next.
  var startsOpen: Bool
  var endsOpen: Bool
}

/// Cuts rows into batches of about half a megabyte, whole documents where they are not very long. The cuts are the same whoever asks.
final class RowBatches: Sendable {
  private let rows: DatasetRows
  private let limit: Int
  private let state = Mutex(State())

  private struct State {
    var number = 0
    var row = 0
    var isOpen = false
  }

  /// Bytes of a batch, and of one whose last document does not end.
  static let usual = 512 << 10
  static let most = 2 << 20

  init(_ rows: DatasetRows, limit: Int) {
    self.rows = rows
    self.limit = limit
  }

  func next() -> RowBatch? {
    state.withLock { state in
      guard state.row < limit else { return nil }
      let first = state.row
      var bytes = 0
      var continues = false
      repeat {
        bytes += rows.byteCount(of: state.row..<state.row + 1) - 1  // without the line feed
        state.row += 1
        guard bytes >= Self.usual, state.row < limit else { continue }
        continues = rows.borrowed(state.row - 1).continues
        if !continues { break }
      } while state.row < limit && bytes < Self.most
      let endsOpen = continues && state.row < limit
      defer {
        state.number += 1
        state.isOpen = endsOpen
      }
      return RowBatch(number: state.number, rows: first..<state.row, startsOpen: state.isOpen, endsOpen: endsOpen)
    }
  }
}
