/// The patterns of Llama 3 (also cl100k) and of Qwen 2, which differ in how many digits stand together:
/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
enum Llama3Scanner: PreTokenScanner {
  @inline(__always)
  static func endOfPreToken(from start: Int, in text: ScanText) -> Int {
    CL100KPattern.endOfPreToken(from: start, in: text, digitsTogether: 3)
  }
}

/// As `Llama3Scanner`, with `\p{N}` for `\p{N}{1,3}`.
enum Qwen2Scanner: PreTokenScanner {
  @inline(__always)
  static func endOfPreToken(from start: Int, in text: ScanText) -> Int {
    CL100KPattern.endOfPreToken(from: start, in: text, digitsTogether: 1)
  }
}

private enum CL100KPattern {
  @inline(__always)
  static func endOfPreToken(from start: Int, in text: ScanText, digitsTogether: Int) -> Int {
    let first = text.bytes[start]
    let (scalarClass, length) = text.scalar(at: start)
    let next = start &+ length
    if scalarClass == .letter { return text.letterRunEnd(from: next) }
    if scalarClass == .number { return endOfNumber(from: next, in: text, atMost: digitsTogether &- 1) }
    if scalarClass == .other {
      if first == 0x27, let end = Contraction.end(at: start, in: text, ignoringCase: true) { return end }
      let letters = text.letterRunEnd(from: next)
      return letters > next ? letters : text.endOfLineBreaks(from: text.otherRunEnd(from: next))
    }
    if first != 0x0A, first != 0x0D {
      let letters = text.letterRunEnd(from: next)
      if letters > next { return letters }
      if first == 0x20 {
        let others = text.otherRunEnd(from: next)
        if others > next { return text.endOfLineBreaks(from: others) }
      }
    }
    return text.endOfSpacesOrLines(from: start)
  }

  @inline(__always)
  private static func endOfNumber(from start: Int, in text: ScanText, atMost count: Int) -> Int {
    var offset = start
    for _ in 0..<count where offset < text.end {
      let (scalarClass, length) = text.scalar(at: offset)
      if scalarClass != .number { break }
      offset &+= length
    }
    return offset
  }
}
