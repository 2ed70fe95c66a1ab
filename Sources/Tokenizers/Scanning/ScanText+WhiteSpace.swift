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
