/// Signatures of the rows that stayed, and where to look for ones that are like a new one: in 16 tables by four values each. Two
/// texts with four fifths of their runs in common meet in one of them with a chance of 99.98 %.
///
/// 128 bytes a row for its signature and 6 to 12 for each of the tables: 224 to 320 bytes a row that stays.
struct NearTable {
  private static let bands = 16
  private static let bandWidth = MinHash.bins / bands
  /// Rows that are looked at in one table; more with the same four values are passed over, so that time has a bound.
  private static let mostTried = 64

  private let enough: Int
  private var signatures: [UInt16] = []
  private var count = 0
  /// `bands` tables, each of `capacity` slots with the number of a row, from 1.
  private var slots: [UInt32] = []
  private var capacity = 0

  /// - Parameter similarity: from which on two texts are duplicates.
  init(similarity: Double) { enough = Int((similarity * Double(MinHash.bins)).rounded(.up)) }

  /// Whether nothing like it has come before; it is remembered then.
  mutating func insert(_ signature: MinHash) -> Bool {
    if count * 3 >= capacity * 2 { grow() }
    let isNew = signature.values.withUnsafeBufferPointer { new in
      signatures.withUnsafeBufferPointer { known in
        guard let new = new.baseAddress, let known = known.baseAddress else { return true }
        for band in 0..<Self.bands {
          var slot = place(new, band)
          var tried = 0
          while slots[band * capacity + slot] != 0, tried < Self.mostTried {
            let other = known + (Int(slots[band * capacity + slot]) - 1) * MinHash.bins
            if MinHash.common(new, other) >= enough { return false }
            slot = (slot + 1) & (capacity - 1)
            tried += 1
          }
        }
        return true
      }
    }
    if isNew {
      signatures += signature.values
      count += 1
      enter(count)
    }
    return isNew
  }

  private func place(_ values: UnsafePointer<UInt16>, _ band: Int) -> Int {
    var hash = UInt64(band) &* 0x9E37_79B9_7F4A_7C15
    for index in band * Self.bandWidth..<(band + 1) * Self.bandWidth { hash = (hash ^ UInt64(values[index])) &* 0x0000_0100_0000_01B3 }
    return Int(truncatingIfNeeded: hash >> 20 ^ hash) & (capacity - 1)
  }

  private mutating func enter(_ row: Int) {
    for band in 0..<Self.bands {
      var slot = signatures.withUnsafeBufferPointer { known in
        known.baseAddress.map { place($0 + (row - 1) * MinHash.bins, band) } ?? 0
      }
      while slots[band * capacity + slot] != 0 { slot = (slot + 1) & (capacity - 1) }
      slots[band * capacity + slot] = UInt32(row)
    }
  }

  private mutating func grow() {
    capacity = max(1_024, capacity * 2)
    slots = [UInt32](repeating: 0, count: Self.bands * capacity)
    for row in 0..<count { enter(row + 1) }
  }
}
