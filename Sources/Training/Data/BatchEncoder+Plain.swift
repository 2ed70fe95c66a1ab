import DatasetFormats
import Tokenizers

// Rows of plain text, which nearly all text to be pretrained on is: a row's text goes from its JSON to the batch's tokens without anything
// being made for it on the way.
extension BatchEncoder {
  func encodePlain(_ column: TextColumn) {
    let (rows, stopWords) = (rows, setting.stopWords)
    let last = batch.batch.rows.upperBound - 1
    for index in batch.batch.rows {
      let (text, continues) = column.read(rows.borrowed(index))
      if let text {
        add(text, without: stopWords)
        if !continues, let end = setting.endOfText { batch.ids.append(end) }
      } else {
        batch.emptyRows += 1
        isMissing = true
      }
      if index == last || !continues { endUnit(at: index) }
    }
  }

  @inline(__always)
  private func add(_ text: UnsafeBufferPointer<UInt8>, without stopWords: StopWordFilter?) {
    guard let stopWords, let less = stopWords.filtered(text) else { return add(text) }
    let start = batch.ids.count
    encoder.encode(text, into: &batch.ids)
    _ = removeSpecial(&batch.ids, from: start)
    let all = batch.ids.count - start
    batch.ids.removeLast(all)
    less.withUnsafeBufferPointer { add($0) }
    batch.stopWords = (batch.stopWords.rows + 1, batch.stopWords.tokens + all - (batch.ids.count - start))
  }

  private func add(_ text: UnsafeBufferPointer<UInt8>) {
    let start = batch.ids.count
    encoder.encode(text, into: &batch.ids)
    let special = removeSpecial(&batch.ids, from: start)
    if special > 0 { batch.specialTokens = (batch.specialTokens.rows + 1, batch.specialTokens.tokens + special) }
    note(text)
    self.text.tokens += batch.ids.count - start
  }
}
