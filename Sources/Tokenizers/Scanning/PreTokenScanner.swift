/// Where a pre-token ends: the leftmost-first match of one of the known patterns, written as a scanner over UTF-8.
///
/// Every pattern matches at every position, so that the pre-tokens cover the text without gaps.
protocol PreTokenScanner {
  /// The offset after the pre-token that begins at `start`, which lies before `text.end` at the start of a scalar.
  static func endOfPreToken(from start: Int, in text: ScanText) -> Int

  /// The ends of the pre-tokens from `start` on, each the start of the next: as many as the text has and as surely fit into
  /// `capacity` places; returns how many. Behind them `ends` has room for four more.
  static func findEnds(from start: Int, in text: ScanText, into ends: UnsafeMutablePointer<Int>, capacity: Int) -> Int
}

extension PreTokenScanner {
  @inline(__always)
  static func findEnds(from start: Int, in text: ScanText, into ends: UnsafeMutablePointer<Int>, capacity: Int) -> Int {
    var count = 0
    var start = start
    while count < capacity, start < text.end {
      start = endOfPreToken(from: start, in: text)
      ends[count] = start
      count &+= 1
    }
    return count
  }
}

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

/// No pattern: the whole piece is one pre-token (`ByteLevel(use_regex: false)` alone).
enum WholePieceScanner: PreTokenScanner {
  @inline(__always)
  static func endOfPreToken(from start: Int, in text: ScanText) -> Int { text.end }
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

extension ScanText {
  /// `[\r\n]*`
  @inline(__always)
  func endOfLineBreaks(from start: Int) -> Int {
    var offset = start
    while offset < end, bytes[offset] == 0x0A || bytes[offset] == 0x0D { offset &+= 1 }
    return offset
  }

  /// `\s+(?!\S)|\s+`: the run of white space without its last scalar where something follows it, so that a following word
  /// keeps one space in front; a single one whole.
  @inline(__always)
  func endOfSpaces(from start: Int) -> Int {
    let (runEnd, lastScalar) = spaceRun(from: start)
    return runEnd == end || lastScalar == start ? runEnd : lastScalar
  }

  /// `\s*[\r\n]+|\s+(?!\S)|\s+`: to the run's last line break where it has one, else as `endOfSpaces`.
  @inline(__always)
  func endOfSpacesOrLines(from start: Int) -> Int {
    let (runEnd, lastScalar) = spaceRun(from: start)
    var offset = runEnd
    while offset > start {
      if bytes[offset &- 1] == 0x0A || bytes[offset &- 1] == 0x0D { return offset }
      offset &-= 1
    }
    return runEnd == end || lastScalar == start ? runEnd : lastScalar
  }
}

/// `'s|'t|'re|'ve|'m|'ll|'d` at an apostrophe.
enum Contraction {
  /// The offset after it, or nil. Where case is ignored, U+017F (long s) is an s too: it folds to one.
  @inline(__always)
  static func end(at apostrophe: Int, in text: ScanText, ignoringCase: Bool) -> Int? {
    let left = text.end &- apostrophe
    guard left >= 2 else { return nil }
    let caseBit: UInt8 = ignoringCase ? 0x20 : 0
    switch text.bytes[apostrophe &+ 1] | caseBit {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return apostrophe &+ 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return left >= 3 && text.bytes[apostrophe &+ 2] | caseBit == UInt8(ascii: "e") ? apostrophe &+ 3 : nil
    case UInt8(ascii: "l"):
      return left >= 3 && text.bytes[apostrophe &+ 2] | caseBit == UInt8(ascii: "l") ? apostrophe &+ 3 : nil
    default:
      let isLongS = ignoringCase && left >= 3 && text.bytes[apostrophe &+ 1] == 0xC5 && text.bytes[apostrophe &+ 2] == 0xBF
      return isLongS ? apostrophe &+ 3 : nil
    }
  }
}
