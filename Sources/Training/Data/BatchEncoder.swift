import DatasetFormats
import Domain
import Tokenizers

/// Rows to tokens, a batch at a time: for one thread, buffers used again and again.
///
/// What all threads share is looked up once a batch and not once a row: counting references to one object from two threads costs each
/// a trip to the other's cache.
final class BatchEncoder {
  let setting: PipelineSetting
  let rows: DatasetRows
  let encoder: Encoder
  /// Where rows are plain text, without a mask.
  private let column: TextColumn?
  /// The thread's own copy: for each id whether it is taken out of rows; empty where none is. And the ids among which they are.
  private let isSpecial: [Bool]
  private let specialRange: ClosedRange<TokenID>
  @exclusivity(unchecked) private var ids: [TokenID] = []
  @exclusivity(unchecked) var batch = EncodedBatch()
  /// The sequences of the unit that is open. Of plain text there is one, which stands in the batch at once.
  @exclusivity(unchecked) private var open: [EncodedSequence]
  /// Of the unit that is open: tokens and bytes of its own text.
  @exclusivity(unchecked) var text = (tokens: 0, bytes: 0)
  @exclusivity(unchecked) var isMissing = false
  @exclusivity(unchecked) private var alikeness: TextFingerprint.Builder

  init(_ setting: PipelineSetting, rows: DatasetRows) {
    self.setting = setting
    self.rows = rows
    encoder = setting.tokenizer.makeEncoder(isForMuchText: true)
    column = setting.masked ? nil : setting.reader.plainText.map(TextColumn.init)
    open = [EncodedSequence](repeating: EncodedSequence(), count: column == nil ? setting.reader.sequencesOfRow : 0)
    isSpecial = setting.isSpecial.map { $0 }
    let special = isSpecial.indices.filter { setting.isSpecial[$0] }
    specialRange = TokenID(special.first ?? 0)...TokenID(special.last ?? 0)
    alikeness = TextFingerprint.Builder(setting.treatment.duplicates)
  }

  /// Puts a batch's rows in the place of what `output` holds.
  func encode(_ rowBatch: RowBatch, into output: inout EncodedBatch) {
    swap(&batch, &output)
    defer { swap(&batch, &output) }
    batch.restart(rowBatch)
    if let column { return encodePlain(column) }
    let (reader, rows) = (setting.reader, rows)
    for index in rowBatch.rows {
      let row = rows.borrowed(index)
      read(reader.reading(row), index)
      if index == rowBatch.rows.upperBound - 1 || !row.continues { endUnit(at: index) }
    }
  }

  func endUnit(at index: Int) {
    let rowBatch = batch.batch
    let start = batch.sequenceEnds.last ?? 0
    for number in open.indices {
      batch.ids.append(contentsOf: open[number].ids)
      if setting.masked {
        for run in open[number].runs { batch.mask.append(contentsOf: repeatElement(run.isTrained ? 1 : 0, count: run.range.count)) }
      }
      batch.sequenceEnds.append(batch.ids.count)
    }
    if column != nil { batch.sequenceEnds.append(batch.ids.count) }
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
        for id in batch.ids[start...] { fingerprint.add(id) }
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
          (less ?? segment.text).withUnsafeBufferPointer { note($0) }
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
    return removeSpecial(&ids, from: 0)
  }

  /// Takes the special ones out of ids from a place on; returns how many they were.
  func removeSpecial(_ ids: inout [TokenID], from start: Int) -> Int {
    guard !isSpecial.isEmpty else { return 0 }
    let (low, high) = (specialRange.lowerBound, specialRange.upperBound)
    // Nearly never is there one: the least distance from the lowest is found without a branch, many ids at a time.
    let least = ids.withUnsafeBufferPointer { ids in
      guard let base = ids.baseAddress else { return TokenID.max }
      var least = TokenID.max
      for place in start..<ids.count { least = min(least, base[place] &- low) }
      return least
    }
    guard least <= high &- low else { return 0 }
    let before = ids.count
    ids[start...].removeAll { isSpecial[Int($0)] }
    return before - ids.count
  }

  func note(_ bytes: UnsafeBufferPointer<UInt8>) {
    text.bytes += bytes.count
    if setting.wantsTexts { alikeness.add(bytes) }
  }

  /// One text, whose tokens may reach over the edges of its segments: one that has a byte of a trained segment is trained, as in
  /// transformers' assistant masks. False where tokens cannot be told apart.
  private func encodeJoined(_ segments: [Segment], _ number: Int) -> Bool {
    var whole = segments.flatMap(\.text)
    ids.removeAll(keepingCapacity: true)
    whole.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
    whole.withUnsafeBufferPointer { note($0) }
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
