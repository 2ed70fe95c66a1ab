/// JSON texts by lot, always the same for the same seed: to hold two readers against each other.
struct GeneratedJSON {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64, Steele, Lea and Flood 2014.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  /// A valid text with white space and escapes of every kind.
  mutating func text(depth: Int = 4) -> [UInt8] {
    var output: [UInt8] = []
    append(value: depth, to: &output)
    return output
  }

  private mutating func append(value depth: Int, to output: inout [UInt8]) {
    space(&output)
    switch below(depth > 0 ? 8 : 5) {
    case 0: output += Array("null".utf8)
    case 1: output += Array((below(2) == 0 ? "true" : "false").utf8)
    case 2: output += Array(Self.numbers[below(Self.numbers.count)].utf8)
    case 3, 4: append(string: &output)
    case 5, 6:
      output.append(UInt8(ascii: "["))
      for index in 0..<below(4) {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        append(value: depth - 1, to: &output)
      }
      space(&output)
      output.append(UInt8(ascii: "]"))
    default:
      output.append(UInt8(ascii: "{"))
      for index in 0..<below(4) {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        space(&output)
        append(string: &output)
        space(&output)
        output.append(UInt8(ascii: ":"))
        append(value: depth - 1, to: &output)
      }
      space(&output)
      output.append(UInt8(ascii: "}"))
    }
    space(&output)
  }

  private mutating func append(string output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for _ in 0..<below(12) { output += Array(Self.pieces[below(Self.pieces.count)].utf8) }
    output.append(UInt8(ascii: "\""))
  }

  private mutating func space(_ output: inout [UInt8]) {
    for _ in 0..<max(0, below(6) - 3) { output.append([0x20, 0x0A, 0x0D, 0x09][below(4)]) }
  }

  /// The text with one to three bytes changed, removed, doubled or put in: mostly no JSON any more.
  mutating func mutated(_ text: [UInt8]) -> [UInt8] {
    var text = text
    for _ in 0...below(3) {
      guard !text.isEmpty else { break }
      let at = below(text.count)
      switch below(5) {
      case 0: text[at] = UInt8(truncatingIfNeeded: next())
      case 1: text.remove(at: at)
      case 2: text.insert(text[at], at: at)
      case 3: text.insert(Self.salt[below(Self.salt.count)], at: at)
      default: text = Array(text[..<at])
      }
    }
    return text
  }

  private static let numbers = ["0", "-0", "7", "-12", "3.25", "1e5", "-2.5E-3", "1E+2", "12345678901234567890", "0.000", "1e400"]
  private static let pieces = [
    "a", "bc", "plain text of some length", "ü", "日本", "😀", #"\n"#, #"\""#, #"\\"#, #"\/"#, #"\u0041"#, #"\u00e9"#, #"\ud83d\ude00"#, " ",
    "{", "]", ":",
    ",", "\u{7F}", "\u{2028}",
  ]
  private static let salt = Array("\"\\{}[]:,.-+eE01 tfnu\n\t/*'".utf8) + [0x00, 0x80, 0xC3, 0xED, 0xFF]
}
