/// Texts by lot, the same ones every time: words of many scripts, capitals, marks that combine, emoji, apostrophes of both kinds, signs
/// that part words and signs that do not, and bytes that are no UTF-8.
struct RandomTexts {
  private var random: SplitMix

  struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }
  }

  init(seed: UInt64) { random = SplitMix(state: seed) }

  static let words = [
    "the", "The", "THE", "a", "I", "don't", "Don’t", "'tis", "rock'n'roll", "themselves", "yourselves", "cat", "mat", "x1", "42", "über",
    "ÜBER", "Straße", "İstanbul", "ıŞIK", "этого", "ЭТО", "что", "的", "这是一个", "これは", "서울", "नमस्ते", "e\u{301}te\u{301}", "ǅ", "Ⱥ", "K", "ª",
    "𐐀𐐨", "👩‍👩‍👧", "🇩🇪", "\u{200D}", "\u{AD}", "so\u{AD}ft", "is×the", "counterrevolutionaries", "Donaudampfschifffahrtsgesellschaft",
    "a\u{300}\u{301}\u{302}", "½", "Ⅻ", "\u{FEFF}", "\u{FFFD}", "naïve",
  ]
  private static let signs = [
    " ", " ", " ", " ", " ", "  ", "\t", "\n", "\n  ", ", ", ".", "'", "’", "“", "”", "–", "…", "\u{3000}", "、", "«", "»", "¿", "-", "_",
    "/",
    "", "\u{A0}", "\u{2003}", "\u{0}", "€",
  ]
  private static let broken: [[UInt8]] = [
    [0xC3], [0x80], [0xBF, 0xBF], [0xE2, 0x80], [0xE2], [0xF0, 0x9F], [0xF0], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xFF], [0xF8, 0x61, 0x62],
    [0xE2, 0x80, 0x99, 0x80], [0xC2], [0xE3, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0x80], [0xC2, 0x80, 0x80, 0x80],
  ]

  /// - Parameter isBroken: whether some of its bytes are no UTF-8.
  mutating func next(pieces: Int, isBroken: Bool) -> [UInt8] {
    var text: [UInt8] = []
    for _ in 0..<pieces {
      let word = Self.words[Int.random(in: 0..<Self.words.count, using: &random)]
      let sign = Self.signs[Int.random(in: 0..<Self.signs.count, using: &random)]
      text += Array((word + sign).utf8)
      if isBroken, Int.random(in: 0..<6, using: &random) == 0 {
        text += Self.broken[Int.random(in: 0..<Self.broken.count, using: &random)]
      }
    }
    // Cut anywhere, within a character too.
    return isBroken ? Array(text.prefix(Int.random(in: 0...text.count, using: &random))) : text
  }

  /// Words of few letters, so that runs of them come again.
  mutating func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
}
