/// Steps over the words of texts as they are compared (`NormalizedText`), without writing down those of ASCII: for one thread.
final class NormalizedWords {
  /// For words that must be written anew.
  @exclusivity(unchecked) private var scratch = GrowingScratch()
  /// For whole texts.
  @exclusivity(unchecked) private var whole = GrowingScratch()

  /// Words of letters and digits of ASCII are found 64 bytes at a time (`WordMasks`); where one has an apostrophe or a character beyond
  /// ASCII in it, it and what follows up to the next sign that parts words is gone through character by character.
  @inline(__always)
  func forEach(in text: UnsafeBufferPointer<UInt8>, _ body: (NormalizedWord) -> Void) {
    guard let base = text.baseAddress else { return }
    let end = text.count
    var start = 0
    while start < end {
      let masks = WordMasks(base, at: start, end: end)
      let special = masks.apostrophes | masks.others
      let runs = masks.letters | special
      var begins = runs & ~(runs &<< 1)
      var ends = ~runs & runs &<< 1
      // A run that goes beyond the block is met again at the beginning of the next.
      var next = start &+ WordMasks.width
      while ends != 0 {
        let (first, last) = (begins.trailingZeroBitCount, ends.trailingZeroBitCount)
        let run = (ends & (0 &- ends)) &- (begins & (0 &- begins))
        if special & run != 0 { break }
        begins &= begins &- 1
        ends &= ends &- 1
        body(
          NormalizedWord(
            bytes: base + (start &+ first), count: last &- first, readable: end &- start &- first, folding: NormalizedWord.caseBits))
      }
      if begins != 0 {
        let first = begins.trailingZeroBitCount
        next = start &+ first
        if ends != 0 || first == 0 || special &>> UInt64(truncatingIfNeeded: first) != 0 {
          next = forEachWritten(in: text, from: next, body)
        }
      }
      start = next
    }
  }

  /// Goes from the beginning of a word to behind the first sign of ASCII that parts words, and returns that place.
  @inline(never)
  private func forEachWritten(in text: UnsafeBufferPointer<UInt8>, from start: Int, _ body: (NormalizedWord) -> Void) -> Int {
    let scratch = self.scratch.room(for: NormalizedText.capacity(for: text.count - start) + 8)
    let capacity = self.scratch.capacity
    var (index, count) = (start, 0)
    while index < text.count {
      let isASCII = text[index] < 0x80
      if let written = NormalizedText.writeCharacter(of: text, at: &index, to: scratch + count) {
        count &+= written
        continue
      }
      if count > 0 { body(NormalizedWord(bytes: scratch, count: count, readable: capacity, folding: 0)) }
      count = 0
      if isASCII { return index }
    }
    if count > 0 { body(NormalizedWord(bytes: scratch, count: count, readable: capacity, folding: 0)) }
    return index
  }

  /// The words of a text, a space behind each. Valid until the next call.
  func written(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    // Words are copied in steps of eight bytes.
    let output = whole.room(for: NormalizedText.capacity(for: text.count) + 8)
    var count = 0
    forEach(in: text) { word in
      for offset in stride(from: 0, to: word.count, by: 8) {
        UnsafeMutableRawPointer(output + count).storeBytes(of: word.load(offset).littleEndian, toByteOffset: offset, as: UInt64.self)
      }
      count &+= word.count
      output[count] = 0x20
      count &+= 1
    }
    return UnsafeBufferPointer(start: output, count: count)
  }
}
