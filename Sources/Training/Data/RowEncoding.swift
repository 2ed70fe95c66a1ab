import DatasetFormats
import Tokenizers

/// A sequence as tokens, with and without loss on them.
struct EncodedSequence {
  struct Run: Equatable {
    var range: Range<Int>
    var isTrained: Bool
  }

  var ids: [TokenID] = []
  /// Parts of `ids`, in order and without gaps.
  var runs: [Run] = []

  mutating func append(_ more: some Sequence<TokenID>, isTrained: Bool) {
    let start = ids.count
    ids.append(contentsOf: more)
    guard ids.count > start else { return }
    if let last = runs.last, last.isTrained == isTrained {
      runs[runs.count - 1].range = last.range.lowerBound..<ids.count
    } else {
      runs.append(Run(range: start..<ids.count, isTrained: isTrained))
    }
  }

  mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    runs.removeAll(keepingCapacity: true)
  }

  /// Equal sequences have equal ones; others, but for one case in 2^64, do not.
  var fingerprint: UInt64 {
    var fingerprint = Fingerprint()
    for id in ids { fingerprint.add(id) }
    return fingerprint.value
  }
}

/// A hash of tokens that is the same on every machine (FNV-1a by words, mixed at the end).
struct Fingerprint {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ id: UInt32) {
    state = (state ^ UInt64(id)) &* 0x0000_0100_0000_01B3
    state ^= state >> 29
  }

  var value: UInt64 {
    var state = state
    return ShuffledOrder.splitMix(&state)
  }
}

/// Rows to tokens: one encoder, buffers used again and again. A row makes as many sequences as every other (a pair of answers two);
/// those of a row, or of a document in several rows, are a unit, which is held out or trained on as a whole.
struct RowEncoding {
  private let tokenizer: Tokenizer
  private let encoder: Encoder
  private let reader: any SequenceReader
  private var ids: [TokenID] = []
  /// The sequences of the row that was read last; of an unfinished document the one that goes on.
  private var sequences: [EncodedSequence]
  private(set) var emptyRows = 0
  private(set) var refused: [TokenizationCard.Refused] = []
  /// More reasons than this are counted under the last.
  private static let mostReasons = 20

  init(tokenizer: Tokenizer, reader: any SequenceReader) {
    self.tokenizer = tokenizer
    encoder = tokenizer.makeEncoder()
    self.reader = reader
    sequences = [EncodedSequence](repeating: EncodedSequence(), count: reader.sequencesOfRow)
  }

  /// Gives each unit when it is whole.
  mutating func encode(_ rows: DatasetRows, limit: Int, tick: () throws -> Void, take: ([EncodedSequence]) throws -> Void) throws {
    for index in 0..<limit {
      let row = rows[index]
      read(row, index)
      if !row.continues || index == limit - 1 {
        try take(sequences)
        clear()
      }
      try tick()
    }
  }

  /// Writes rows as they come: a long document is never whole in memory. Returns the fingerprint of every unit.
  @discardableResult
  mutating func stream(_ rows: DatasetRows, limit: Int, into writer: TokenFileWriter, tick: () throws -> Void) throws -> [UInt64] {
    var fingerprints: [UInt64] = []
    var fingerprint = Fingerprint()
    for index in 0..<limit {
      let row = rows[index]
      read(row, index)
      let ends = !row.continues || index == limit - 1
      for (number, sequence) in sequences.enumerated() {
        for run in sequence.runs { try writer.append(Array(sequence.ids[run.range]), isTrained: run.isTrained) }
        for id in sequence.ids { fingerprint.add(id) }
        if number + 1 < sequences.count || ends { try writer.endSequence() }
      }
      clear()
      if ends {
        fingerprints.append(fingerprint.value)
        fingerprint = Fingerprint()
      }
      try tick()
    }
    return fingerprints
  }

  private mutating func clear() { for index in sequences.indices { sequences[index].removeAll() } }

  private mutating func read(_ row: DatasetRow, _ index: Int) {
    switch reader.reading(row) {
    case .nothing: emptyRows += 1
    case .refused(let reason): refuse(reason, index)
    case .sequences(let all):
      for (number, segments) in all.enumerated() where number < sequences.count {
        guard !reader.joinsSegments else {
          if !encodeJoined(segments, number) {
            refuse("the tokenizer changes its text, so that it cannot be told which tokens are the assistant's", index)
            return clear()
          }
          continue
        }
        for segment in segments {
          ids.removeAll(keepingCapacity: true)
          segment.text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
          if segment.endsText, let end = tokenizer.endOfTextID { ids.append(end) }
          sequences[number].append(ids, isTrained: segment.isTrained)
        }
      }
    }
  }

  /// One text, whose tokens may reach over the edges of its segments: one that has a byte of a trained segment is trained, as in
  /// transformers' assistant masks. False where tokens cannot be told apart.
  private mutating func encodeJoined(_ segments: [Segment], _ number: Int) -> Bool {
    var text = segments.flatMap(\.text)
    ids.removeAll(keepingCapacity: true)
    text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
    var parts = segments.map(\.text)
    var ends = tokenizer.ends(of: ids, in: text)
    if ends == nil {
      parts = parts.map { tokenizer.normalized($0) }
      text = parts.flatMap(\.self)
      ends = tokenizer.ends(of: ids, in: text)
    }
    guard let ends else { return false }
    var (start, segment, segmentEnd) = (0, 0, parts.first?.count ?? 0)
    for (id, end) in zip(ids, ends) {
      while segmentEnd <= start, segment + 1 < parts.count {
        segment += 1
        segmentEnd += parts[segment].count
      }
      var (last, lastEnd) = (segment, segmentEnd)
      var isTrained = segments[segment].isTrained
      while lastEnd < end, last + 1 < parts.count {
        last += 1
        lastEnd += parts[last].count
        isTrained = isTrained || segments[last].isTrained
      }
      sequences[number].append(CollectionOfOne(id), isTrained: isTrained)
      start = end
    }
    return true
  }

  private mutating func refuse(_ reason: String, _ index: Int) {
    if let known = refused.firstIndex(where: { $0.reason == reason }) {
      refused[known].rows += 1
    } else if refused.count < Self.mostReasons {
      refused.append(.init(reason: reason, rows: 1, firstRow: index + 1))
    } else {
      refused[refused.count - 1].rows += 1
    }
  }
}
