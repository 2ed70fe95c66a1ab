/// A piece of well-formed UTF-8 that a pre-tokenizer walks over, with the tables the walk needs.
///
/// A plain value of pointers, so that it lives in registers; it is valid only while the buffer and the tables are.
struct ScanText {
  let bytes: UnsafePointer<UInt8>
  /// Offset after the piece's last byte: nothing there or behind it belongs to the text that the patterns see.
  let end: Int
  /// Offset after the last byte that may be read. At least `end`; where the piece is a part of a longer buffer, more: words
  /// of eight bytes are loaded across `end` and what lies behind it is masked off.
  let readableEnd: Int
  /// The base of `ScalarClasses.patterns.table`.
  let classes: UnsafePointer<UInt8>

  init(_ bytes: UnsafePointer<UInt8>, end: Int, readableEnd: Int, classes: UnsafePointer<UInt8>) {
    self.bytes = bytes
    self.end = end
    self.readableEnd = readableEnd
    self.classes = classes
  }

  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(bytes + offset).loadUnaligned(as: UInt64.self))
  }

  /// The class of the scalar at `offset`, which must be before `end`, and its length in bytes.
  @inline(__always)
  func scalar(at offset: Int) -> (scalarClass: ScalarClass, length: Int) {
    let first = bytes[offset]
    if first < 0x80 { return (asciiClass(first), 1) }
    return multiByteScalar(at: offset)
  }

  /// As `scalar(at:)`, for a scalar that is not ASCII.
  @inline(__always)
  func multiByteScalar(at offset: Int) -> (scalarClass: ScalarClass, length: Int) {
    let (value, length) = Self.decode(bytes + offset)
    return (ScalarClasses.scalarClass(of: value, classes), length)
  }

  /// The scalar of two to four bytes that starts at `pointer`; the text is well-formed, so its bytes are all there.
  @inline(__always)
  static func decode(_ pointer: UnsafePointer<UInt8>) -> (value: UInt32, length: Int) {
    let first = UInt32(pointer[0])
    let second = UInt32(pointer[1] & 0x3F)
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(pointer[2] & 0x3F)
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(pointer[3] & 0x3F), 4)
  }

  @inline(__always)
  func asciiClass(_ byte: UInt8) -> ScalarClass {
    ScalarClass(bits: classes[Int(byte >> 2)] >> (byte & 3 &* 2) & 3)
  }
}
