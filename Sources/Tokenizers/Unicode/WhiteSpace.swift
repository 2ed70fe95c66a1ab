/// `\s` next to an added token: the Unicode property White_Space.
enum WhiteSpace {
  /// The end of the run of white space that begins at `offset` (`offset` itself where there is none).
  static func end(of text: UnsafeBufferPointer<UInt8>, from offset: Int) -> Int {
    var offset = offset
    while offset < text.count, let (scalar, length) = text.scalar(at: offset), scalar.properties.isWhitespace { offset += length }
    return offset
  }

  /// The start of the run of white space that ends at `offset`.
  static func start(of text: UnsafeBufferPointer<UInt8>, endingAt offset: Int) -> Int {
    var offset = offset
    while let (scalar, length) = text.scalar(endingAt: offset), scalar.properties.isWhitespace { offset -= length }
    return offset
  }
}
