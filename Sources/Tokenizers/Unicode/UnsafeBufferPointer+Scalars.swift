extension UnsafeBufferPointer<UInt8> {
  /// The scalar that begins at `offset` of well-formed UTF-8, or nil at the end.
  func scalar(at offset: Int) -> (scalar: Unicode.Scalar, length: Int)? {
    guard offset < count, let base = baseAddress else { return nil }
    if base[offset] < 0x80 { return (Unicode.Scalar(base[offset]), 1) }
    let (value, length) = ScanText.decode(base + offset)
    return Unicode.Scalar(value).map { ($0, length) }
  }

  /// The scalar that ends right before `offset`, or nil at the start.
  func scalar(endingAt offset: Int) -> (scalar: Unicode.Scalar, length: Int)? {
    var start = offset - 1
    while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
    return start < 0 ? nil : scalar(at: start)
  }
}
