import DatasetFormats
import Domain
import Tokenizers

/// Rows to tokens, a batch at a time: for one thread, buffers used again and again.
final class BatchEncoder {
  private let setting: PipelineSetting
  private let rows: DatasetRows
  private let encoder: Encoder
  private var ids: [TokenID] = []
  private var batch: EncodedBatch
  /// The sequences of the unit that is open.
  private var open: [EncodedSequence]
  /// Of the unit that is open: tokens and bytes of its own text.
  private var text = (tokens: 0, bytes: 0)
  private var isMissing = false
  private var alikeness: TextFingerprint.Builder

  init(_ setting: PipelineSetting, rows: DatasetRows) {
    self.setting = setting
    self.rows = rows
    encoder = setting.tokenizer.makeEncoder()
    batch = EncodedBatch(RowBatch(number: 0, rows: 0..<0, startsOpen: false, endsOpen: false))
    open = [EncodedSequence](repeating: EncodedSequence(), count: setting.reader.sequencesOfRow)
    alikeness = TextFingerprint.Builder(setting.treatment.duplicates)
  }

  func encode(_ rowBatch: RowBatch) -> EncodedBatch {
    batch = EncodedBatch(rowBatch)
    batch.ids.reserveCapacity(RowBatches.usual / 2)
    for index in rowBatch.rows {
      let row = rows[index]
      let (reading, continues) = setting.reader.readingAndContinuation(row)
      read(reading, index)
      if index == rowBatch.rows.upperBound - 1 || !continues { endUnit(at: index) }
    }
    return batch
  }

  private func endUnit(at index: Int) {
    let rowBatch = batch.batch
    for number in open.indices {
      batch.ids.append(contentsOf: open[number].ids)
      if setting.masked {
        for run in open[number].runs { batch.mask.append(contentsOf: repeatElement(run.isTrained ? 1 : 0, count: run.range.count)) }
      }
      batch.sequenceEnds.append(batch.ids.count)
    }
    var unit = EncodedBatch.Unit(sequences: batch.sequenceEnds.count)
    (unit.textTokens, unit.textBytes, unit.isMissing) = (text.tokens, text.bytes, isMissing)
    let goesOn = batch.units.isEmpty && rowBatch.startsOpen
    let own = setting.wantsTexts ? alikeness.finish() : nil
    if goesOn {
      // It is what its first part was.
    } else if index == rowBatch.rows.upperBound - 1, rowBatch.endsOpen {
      (unit.fingerprint, unit.text) = fingerprints(ofDocumentAt: index)
    } else {
      if setting.wantsFingerprints {
        var fingerprint = Fingerprint()
        for sequence in open { for id in sequence.ids { fingerprint.add(id) } }
        unit.fingerprint = fingerprint.value
      }
      unit.text = own
    }
    batch.units.append(unit)
    for number in open.indices { open[number].removeAll() }
    text = (0, 0)
    isMissing = false
  }

  /// Of a document that goes beyond the batch, whose row `index` is the last in it. What it is like must be known at its first part:
  /// all its rows are read for it.
  private func fingerprints(ofDocumentAt index: Int) -> (UInt64, TextFingerprint?) {
    guard setting.wantsFingerprints || setting.wantsTexts else { return (0, nil) }
    var row = index
    while row > 0, rows[row - 1].continues { row -= 1 }
    var hash = TextHash()
    var builder = TextFingerprint.Builder(setting.treatment.duplicates)
    while true {
      if case .sequences(let all) = setting.reader.reading(rows[row]) {
        for segment in all.joined() {
          segment.text.withUnsafeBufferPointer { text in
            hash.add(text)
            builder.add(text)
          }
        }
      }
      guard rows[row].continues, row + 1 < setting.limit else { return (hash.value, builder.finish()) }
      row += 1
    }
  }

  private func read(_ reading: RowReading, _ index: Int) {
    switch reading {
    case .nothing:
      batch.emptyRows += 1
      isMissing = true
    case .refused(let reason): refuse(reason, index)
    case .sequences(let all):
      var (special, stopped) = (0, 0)
      var isStopped = false
      for (number, segments) in all.enumerated() where number < open.count {
        guard !setting.reader.joinsSegments else {
          if encodeJoined(segments, number) { continue }
          return refuse("the tokenizer changes its text, so that it cannot be told which tokens are the assistant's", index)
        }
        for segment in segments {
          let less = segment.text.withUnsafeBufferPointer { setting.stopWords?.filtered($0) }
          if less != nil {
            isStopped = true
            _ = encode(segment.text)
            stopped += ids.count
          }
          special += encode(less ?? segment.text)
          if less != nil { stopped -= ids.count }
          note(less ?? segment.text)
          text.tokens += ids.count
          if segment.endsText, let end = setting.endOfText { ids.append(end) }
          open[number].append(ids, isTrained: segment.isTrained)
        }
      }
      if special > 0 { batch.specialTokens = (batch.specialTokens.rows + 1, batch.specialTokens.tokens + special) }
      if isStopped { batch.stopWords = (batch.stopWords.rows + 1, batch.stopWords.tokens + stopped) }
    }
  }

  private func refuse(_ reason: String, _ index: Int) {
    batch.refused.append((reason, index))
    for number in open.indices { open[number].removeAll() }
    text = (0, 0)
    isMissing = true
  }

  /// Fills `ids` with a text's tokens; returns how many special ones were taken out.
  private func encode(_ text: [UInt8]) -> Int {
    ids.removeAll(keepingCapacity: true)
    text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
    let isSpecial = setting.isSpecial
    guard !isSpecial.isEmpty, ids.contains(where: { isSpecial[Int($0)] }) else { return 0 }
    let before = ids.count
    ids.removeAll { isSpecial[Int($0)] }
    return before - ids.count
  }

  private func note(_ bytes: [UInt8]) {
    text.bytes += bytes.count
    if setting.wantsTexts { bytes.withUnsafeBufferPointer { alikeness.add($0) } }
  }

  /// One text, whose tokens may reach over the edges of its segments: one that has a byte of a trained segment is trained, as in
  /// transformers' assistant masks. False where tokens cannot be told apart.
  private func encodeJoined(_ segments: [Segment], _ number: Int) -> Bool {
    var whole = segments.flatMap(\.text)
    ids.removeAll(keepingCapacity: true)
    whole.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
    note(whole)
    text.tokens += ids.count
    var parts = segments.map(\.text)
    var ends = setting.tokenizer.ends(of: ids, in: whole)
    if ends == nil {
      parts = parts.map { setting.tokenizer.normalized($0) }
      whole = parts.flatMap(\.self)
      ends = setting.tokenizer.ends(of: ids, in: whole)
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
      open[number].append(CollectionOfOne(id), isTrained: isTrained)
      start = end
    }
    return true
  }
}
