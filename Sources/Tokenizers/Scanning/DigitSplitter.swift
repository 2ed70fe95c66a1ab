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
