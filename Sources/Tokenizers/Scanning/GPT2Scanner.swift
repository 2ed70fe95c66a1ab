/// The pattern of GPT-2, which `ByteLevel(use_regex: true)` stands for:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
enum GPT2Scanner: PreTokenScanner {
  @inline(__always)
  static func endOfPreToken(from start: Int, in text: ScanText) -> Int {
    let first = text.bytes[start]
    let run = first == 0x20 ? start &+ 1 : start
    if let end = text.shortWordEnd(from: run) { return end }
    if run >= text.end { return run }
    let (scalarClass, length) = text.scalar(at: run)
    if scalarClass == .other {
      if first == 0x27, let end = Contraction.end(at: start, in: text, ignoringCase: false) { return end }
      return text.otherRunEnd(from: run &+ length)
    }
    if scalarClass == .letter { return text.letterRunEnd(from: run &+ length) }
    if scalarClass == .number { return text.numberRunEnd(from: run &+ length) }
    return text.endOfSpaces(from: start)
  }
}
