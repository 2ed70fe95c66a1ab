/// Copies a text but for the words that are taken out of it, in the order of their places.
struct WordRemoval {
  /// Bytes that are written behind the text's end: pieces are copied 32 bytes at a time.
  static let surplus = 32

  private let text: UnsafeBufferPointer<UInt8>
  private let output: UnsafeMutablePointer<UInt8>
  /// Up to here the text is in the output, or left out.
  private var copied = 0
  private var count = 0
  private(set) var hasRemoved = false

  /// - Parameter output: room for the text and `surplus`.
  @inline(__always)
  init(_ text: UnsafeBufferPointer<UInt8>, output: UnsafeMutablePointer<UInt8>) {
    self.text = text
    self.output = output
  }

  /// Leaves a word out, and the spaces before it: those behind it where it stands first in a line.
  @inline(__always)
  mutating func remove(_ word: Range<Int>) {
    var from = word.lowerBound
    while from > copied, Self.isSpace(text[from &- 1]) { from &-= 1 }
    let isFirstOfLine = from > copied ? text[from &- 1] == 0x0A : count == 0 || output[count &- 1] == 0x0A
    var end = word.upperBound
    if isFirstOfLine {
      while end < text.count, Self.isSpace(text[end]) { end &+= 1 }
    }
    copy(upTo: from)
    copied = end
    hasRemoved = true
  }

  /// Copies what is left; returns how many bytes the output has.
  mutating func finish() -> Int {
    copy(upTo: text.count)
    return count
  }

  @inline(__always)
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  @inline(__always)
  private mutating func copy(upTo end: Int) {
    guard let base = text.baseAddress else { return }
    let length = end &- copied
    let (from, to) = (UnsafeRawPointer(base + copied), UnsafeMutableRawPointer(output + count))
    if length <= 32, copied &+ 32 <= text.count {
      to.storeBytes(of: from.loadUnaligned(as: SIMD32<UInt8>.self), as: SIMD32<UInt8>.self)
    } else {
      to.copyMemory(from: from, byteCount: length)
    }
    count &+= length
  }
}
