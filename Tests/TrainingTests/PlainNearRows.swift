@testable import Training

/// Near duplicates with a signature from lists and a search through lists: what the fast table is held against.
struct PlainNearRows {
  let enough: Int
  private var tables: [[[UInt16]: [Int]]] = .init(repeating: [:], count: 16)
  private(set) var signatures: [[UInt16]] = []

  init(similarity: Double) { enough = Int((similarity * 64).rounded(.up)) }

  mutating func insert(_ signature: [UInt16]) -> Bool {
    for band in 0..<16 {
      for row in tables[band][Array(signature[band * 4..<band * 4 + 4])] ?? []
      where zip(signatures[row], signature).count(where: { $0 == $1 }) >= enough { return false }
    }
    for band in 0..<16 { tables[band][Array(signature[band * 4..<band * 4 + 4]), default: []].append(signatures.count) }
    signatures.append(signature)
    return true
  }

  /// The signature of a text's words.
  static func signature(_ words: [UInt64]) -> [UInt16] {
    var least = [UInt64?](repeating: nil, count: 64)
    let base: UInt64 = 0x9E37_79B9_7F4A_7C15
    let runs = words.count < 5 ? [words] : (0...words.count - 5).map { Array(words[$0..<$0 + 5]) }
    for run in runs {
      let rolled = run.reduce(UInt64(0)) { $0 &* base &+ $1 }
      var hash = (rolled ^ rolled >> 32) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 29
      let (bin, rest) = (Int(hash >> 58), hash & (1 << 58 - 1))
      least[bin] = min(least[bin] ?? .max, rest)
    }
    return (0..<64).map { bin in
      let distance = (0..<64).first { least[(bin + $0) % 64] != nil } ?? 0
      let value = (least[(bin + distance) % 64] ?? 0) &+ UInt64(distance) &* 0xD6E8_FEB8_6659_FD93
      return UInt16(truncatingIfNeeded: (value &* 0xFF51_AFD7_ED55_8CCD) >> 48)
    }
  }
}
