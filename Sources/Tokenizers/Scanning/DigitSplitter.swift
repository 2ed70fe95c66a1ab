/// Hugging Face's `Digits`: numbers (`char::is_numeric`: categories Nd, Nl, No) apart from the rest of the text.
enum DigitSplitter {
  /// Calls `visit` with pieces that cover the text; each number alone, or runs of numbers together.
  static func split(_ text: UnsafeBufferPointer<UInt8>, individually: Bool, visit: (Range<Int>) -> Void) {
    guard let base = text.baseAddress else { return }
    let classes = ScalarClasses.digits
    let scan = ScanText(base, end: text.count, readableEnd: text.count, classes: classes.table.base)
    var pieceStart = 0
    var offset = 0
    while offset < text.count {
      offset = scan.endOfWordsWithoutDigits(from: offset)
      if offset >= text.count { break }
      let (scalarClass, length) = scan.scalar(at: offset)
      guard scalarClass == .number else {
        offset += length
        continue
      }
      if pieceStart < offset { visit(pieceStart..<offset) }
      let end = individually ? offset + length : scan.numberRunEnd(from: offset)
      visit(offset..<end)
      offset = end
      pieceStart = end
    }
    if pieceStart < text.count { visit(pieceStart..<text.count) }
  }
}

extension ScanText {
  /// Steps over words of eight bytes that are ASCII without digits.
  @inline(__always)
  fileprivate func endOfWordsWithoutDigits(from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    var offset = start
    while offset + 8 <= readableEnd {
      let word = word(at: offset)
      // In each byte's high bit: at least "0", and above "9"; exact where no byte has its own high bit set.
      let digits = (word &+ ones &* (0x80 - 0x30)) & ~(word &+ ones &* (0x80 - 0x3A))
      if (digits | word) & (ones &* 0x80) != 0 { break }
      offset &+= 8
    }
    return offset
  }
}
