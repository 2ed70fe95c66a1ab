/// Cuts what a worker writes to its standard output into lines: at line feeds and at nothing else. JSON leaves U+2028 and its
/// kin within strings as they are, and a reader that takes them for line ends would lose the event.
struct OutputLines {
  /// Bytes. No event is longer; what is, is no event, and must not fill the agent's memory.
  static let longest = 4 << 20

  private var open: [UInt8] = []
  private var isTooLong = false

  /// Takes in what was read; returns the lines that ended with it, without their line feeds.
  mutating func take(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      extend(with: rest[..<end])
      if let line = finish() { lines.append(line) }
      rest = rest[(end + 1)...]
    }
    extend(with: rest)
    return lines
  }

  /// The line that is open at the end; nil where there is none.
  mutating func finish() -> [UInt8]? {
    defer {
      open = []
      isTooLong = false
    }
    return isTooLong || open.isEmpty ? nil : open
  }

  private mutating func extend(with bytes: Slice<UnsafeRawBufferPointer>) {
    if isTooLong { return }
    if open.count + bytes.count > Self.longest {
      isTooLong = true
      open = []
    } else {
      open.append(contentsOf: bytes)
    }
  }
}

/// What a worker wrote to its standard error: the beginning, where the fault is named, and the end.
struct LastWords {
  /// Bytes of either part.
  static let share = 3_000

  private var head: [UInt8] = []
  private var tail: [UInt8] = []
  private var isCut = false

  mutating func take(_ bytes: UnsafeRawBufferPointer) {
    let first = min(Self.share - head.count, bytes.count)
    head.append(contentsOf: bytes[..<first])
    tail.append(contentsOf: bytes[first...].suffix(Self.share + 1))
    if tail.count > Self.share {
      isCut = true
      tail.removeFirst(tail.count - Self.share)
    }
  }

  var text: String { String(decoding: head, as: UTF8.self) + (isCut ? "\n[…]\n" : "") + String(decoding: tail, as: UTF8.self) }
}
