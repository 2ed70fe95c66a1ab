import StrictJSON

/// Checks one JSON object in place, strictly, as fast as plain Swift can, and notes its top-level columns.
///
/// It accepts exactly what `JSONScanner` accepts (a test holds the two against each other) but says only yes or no: the
/// reason and the place of a fault are asked of `JSONScanner`, for the few rows that have one. It never asks where the
/// buffer ends: the zeros behind a `ByteWindow` end every token.
struct RowScanner {
  /// Unsafe, because the sink that made both keeps it, and counting references took a twentieth of reading a list.
  private unowned(unsafe) let columns: ColumnTable
  private var bytes: UnsafePointer<UInt8>
  /// Everything inside strings, ORed: without a high bit the object is ASCII, and no UTF-8 must be checked.
  private(set) var traits = TextTraits()
  /// White space between tokens held a line break.
  private(set) var spansLines = false

  static let maximumDepth = JSONScanner.defaultMaximumDepth

  /// - Parameter columns: lives longer than this.
  init(_ columns: ColumnTable, _ bytes: UnsafePointer<UInt8>) {
    self.columns = columns
    self.bytes = bytes
  }

  /// The index behind the object whose brace stands at `index`, or nil where it is no JSON. UTF-8 is not checked here.
  @inline(__always) mutating func object(at index: Int) -> Int? {
    traits = TextTraits()
    spansLines = false
    columns.beginRow()
    let end = topObject(index)
    return end < 0 ? nil : end
  }

  // Below, every function takes the index of a token's first byte and returns the one behind its last; -1: no JSON.

  private mutating func topObject(_ start: Int) -> Int {
    var index = skipSpace(start + 1)
    if bytes[index] == UInt8(ascii: "}") { return index + 1 }
    while true {
      guard bytes[index] == UInt8(ascii: "\"") else { return -1 }
      let keyEnd = string(index)
      guard keyEnd > 0 else { return -1 }
      let key = bytes + index + 1
      let length = keyEnd - index - 2
      index = skipSpace(keyEnd)
      guard bytes[index] == UInt8(ascii: ":") else { return -1 }
      index = skipSpace(index + 1)
      columns.note(key, length, first: bytes[index])
      index = value(index, depth: 1)
      guard index > 0 else { return -1 }
      index = skipSpace(index)
      if bytes[index] == UInt8(ascii: ",") {
        index = skipSpace(index + 1)
      } else {
        return bytes[index] == UInt8(ascii: "}") ? index + 1 : -1
      }
    }
  }

  private mutating func value(_ index: Int, depth: Int) -> Int {
    switch bytes[index] {
    case UInt8(ascii: "\""): string(index)
    case UInt8(ascii: "{"): depth < Self.maximumDepth ? object(index, depth: depth) : -1
    case UInt8(ascii: "["): depth < Self.maximumDepth ? array(index, depth: depth) : -1
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): number(index)
    case UInt8(ascii: "t"): literal(index, 0x6575_7274, 4)
    case UInt8(ascii: "n"): literal(index, 0x6C6C_756E, 4)
    case UInt8(ascii: "f"): bytes[index + 4] == UInt8(ascii: "e") ? literal(index, 0x736C_6166, 5) : -1
    default: -1
    }
  }

  private mutating func object(_ start: Int, depth: Int) -> Int {
    var index = skipSpace(start + 1)
    if bytes[index] == UInt8(ascii: "}") { return index + 1 }
    while true {
      guard bytes[index] == UInt8(ascii: "\"") else { return -1 }
      index = string(index)
      guard index > 0 else { return -1 }
      index = skipSpace(index)
      guard bytes[index] == UInt8(ascii: ":") else { return -1 }
      index = value(skipSpace(index + 1), depth: depth + 1)
      guard index > 0 else { return -1 }
      index = skipSpace(index)
      if bytes[index] == UInt8(ascii: ",") {
        index = skipSpace(index + 1)
      } else {
        return bytes[index] == UInt8(ascii: "}") ? index + 1 : -1
      }
    }
  }

  private mutating func array(_ start: Int, depth: Int) -> Int {
    var index = skipSpace(start + 1)
    if bytes[index] == UInt8(ascii: "]") { return index + 1 }
    while true {
      index = value(index, depth: depth + 1)
      guard index > 0 else { return -1 }
      index = skipSpace(index)
      if bytes[index] == UInt8(ascii: ",") {
        index = skipSpace(index + 1)
      } else {
        return bytes[index] == UInt8(ascii: "]") ? index + 1 : -1
      }
    }
  }

  @inline(__always) private mutating func skipSpace(_ start: Int) -> Int {
    var index = start
    while bytes[index] <= 0x20 {
      switch bytes[index] {
      case 0x20, 0x09: break
      case 0x0A, 0x0D: spansLines = true
      default: return index
      }
      index += 1
    }
    return index
  }

  @inline(__always) private mutating func string(_ start: Int) -> Int {
    var index = start + 1
    var seen = traits.anyBytes
    while true {
      let word = ByteScan.load(bytes + index)
      let marks = ByteScan.escaped(word)
      guard marks != 0 else {
        seen |= word
        index += 8
        continue
      }
      let clear = ByteScan.clear(marks)
      seen |= word & ((1 << (clear * 8)) &- 1)
      index += clear
      if bytes[index] == UInt8(ascii: "\"") {
        traits.anyBytes = seen
        return index + 1
      }
      guard bytes[index] == UInt8(ascii: "\\") else { return -1 }
      index = escape(index)
      guard index > 0 else { return -1 }
    }
  }

  private func escape(_ index: Int) -> Int {
    switch bytes[index + 1] {
    case UInt8(ascii: "n"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "t"), UInt8(ascii: "r"),
      UInt8(ascii: "b"),
      UInt8(ascii: "f"):
      return index + 2
    case UInt8(ascii: "u"):
      guard let unit = hexUnit(index + 2), unit & 0xFC00 != 0xDC00 else { return -1 }
      guard unit & 0xFC00 == 0xD800 else { return index + 6 }
      guard bytes[index + 6] == UInt8(ascii: "\\"), bytes[index + 7] == UInt8(ascii: "u"), let low = hexUnit(index + 8),
        low & 0xFC00 == 0xDC00
      else { return -1 }
      return index + 12
    default: return -1
    }
  }

  private func hexUnit(_ start: Int) -> UInt32? {
    var unit: UInt32 = 0
    for index in start..<start + 4 {
      let digit = bytes[index]
      switch digit {
      case 0x30...0x39: unit = unit << 4 | UInt32(digit - 0x30)
      case 0x41...0x46: unit = unit << 4 | UInt32(digit - 0x37)
      case 0x61...0x66: unit = unit << 4 | UInt32(digit - 0x57)
      default: return nil
      }
    }
    return unit
  }

  @inline(__always) private func literal(_ index: Int, _ firstFour: UInt32, _ length: Int) -> Int {
    UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt32.self) == firstFour.littleEndian ? index + length : -1
  }

  /// number = [ minus ] int [ frac ] [ exp ], RFC 8259 section 6.
  private func number(_ start: Int) -> Int {
    var index = start
    if bytes[index] == UInt8(ascii: "-") { index += 1 }
    guard isDigit(bytes[index]) else { return -1 }
    if bytes[index] == UInt8(ascii: "0") {
      index += 1
      if isDigit(bytes[index]) { return -1 }
    } else {
      index = skipDigits(index)
    }
    if bytes[index] == UInt8(ascii: ".") {
      guard isDigit(bytes[index + 1]) else { return -1 }
      index = skipDigits(index + 1)
    }
    if bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
      guard isDigit(bytes[index]) else { return -1 }
      index = skipDigits(index)
    }
    return index
  }

  @inline(__always) private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
  @inline(__always) private func skipDigits(_ start: Int) -> Int {
    var index = start
    while isDigit(bytes[index]) { index += 1 }
    return index
  }
}
