import Domain
import Tokenizers

/// Rows of a batch as tokens, before it is known which of them stay.
struct EncodedBatch {
  /// A row, or a document in several rows; of a document in several batches the part that lies in this one.
  struct Unit: Equatable {
    /// Sequences up to and with its last.
    var sequences: Int
    /// Of the row's own text: tokens without the end of text, and bytes.
    var textTokens = 0
    var textBytes = 0
    /// Of its tokens; of a document in several batches of its text.
    var fingerprint: UInt64 = 0
    /// Of its text, where duplicates are looked for.
    var text: TextFingerprint?
    /// Its row has nothing for the method, or was refused: that is counted already.
    var isMissing = false
  }

  var batch = RowBatch(number: 0, rows: 0..<0, startsOpen: false, endsOpen: false)
  var ids: [TokenID] = []
  /// 1 where there is loss on the token. Empty where there is on all.
  var mask: [UInt8] = []
  /// Tokens up to and with the last of each sequence.
  var sequenceEnds: [Int] = []
  var units: [Unit] = []
  var emptyRows = 0
  var refused: [(reason: String, row: Int)] = []
  /// Rows that the filters changed, and tokens that they took.
  var specialTokens = (rows: 0, tokens: 0)
  var stopWords = (rows: 0, tokens: 0)

  /// Forgets its rows, and keeps their memory for others.
  mutating func restart(_ batch: RowBatch) {
    self.batch = batch
    ids.removeAll(keepingCapacity: true)
    mask.removeAll(keepingCapacity: true)
    sequenceEnds.removeAll(keepingCapacity: true)
    units.removeAll(keepingCapacity: true)
    refused.removeAll()
    emptyRows = 0
    specialTokens = (0, 0)
    stopWords = (0, 0)
  }

  /// Places of a unit's tokens.
  func tokens(ofUnit index: Int) -> Range<Int> {
    let first = index == 0 ? 0 : units[index - 1].sequences
    return (first == 0 ? 0 : sequenceEnds[first - 1])..<sequenceEnds[units[index].sequences - 1]
  }

  /// Numbers of a unit's sequences.
  func sequences(ofUnit index: Int) -> Range<Int> { (index == 0 ? 0 : units[index - 1].sequences)..<units[index].sequences }
}
