/// Signatures of the rows that stayed, and where to look for ones that are like a new one: in 16 tables by four values each. Two
/// texts with four fifths of their runs in common meet in one of them with a chance of 99.98 %.
///
/// What a row costs is cache misses. A slot holds a row's number, and in the bits that the number leaves a part of the hash of its four
/// values: a signature is fetched only where that part is the same (at 600,000 rows of one other in 4,096). And the 16 slots to begin
/// with are loaded before the first is looked at, so that the processor waits for all of them at once.
///
/// 128 bytes a row for its signature and 6 to 12 for each of the tables: 224 to 320 bytes a row that stays.
struct NearTable: ~Copyable {
  private static let bands = 16
  private static let bandWidth = MinHash.bins / bands
  /// Slots that are looked at in one table; rows behind them are passed over, so that time has a bound.
  private static let mostTried = 64

  private let enough: Int
  private var signatures = SignatureStore()
  /// `bands` tables, each of `1 << bits` slots: a row's number, from 1, in the lowest `bits`. At most two of three are taken.
  private var slots = ZeroedMemory<UInt32>(count: 0)
  private var bits: UInt32 = 0
  private let places = UnsafeMutablePointer<Place>.allocate(capacity: bands)

  /// Where to look in a table.
  private struct Place {
    var slot: Int
    /// What stands in a slot above the row's number, where the four values are the same.
    var tag: UInt32
    /// What stands in the slot.
    var entry: UInt32
  }

  /// - Parameter similarity: from which on two texts are duplicates.
  init(similarity: Double) { enough = Int((similarity * Double(MinHash.bins)).rounded(.up)) }

  deinit { places.deallocate() }

  /// Whether nothing like it has come before; it is remembered then.
  mutating func insert(_ signature: MinHash) -> Bool {
    if bits == 0 || signatures.count * 3 >= 2 << bits { grow() }
    return signature.values.withUnsafeBufferPointer { new in
      guard let new = new.baseAddress, isNew(new) else { return false }
      signatures.append(new)
      for band in 0..<Self.bands { enter(signatures.count, band, places[band]) }
      return true
    }
  }

  /// Leaves in `places` where each table's search ended.
  private func isNew(_ new: UnsafePointer<UInt16>) -> Bool {
    let mask = 1 << Int(bits) - 1
    find(new)
    for band in 0..<Self.bands {
      let table = slots.base + band << Int(bits)
      var place = places[band]
      var tried = 0
      while place.entry != 0, tried < Self.mostTried {
        if place.entry >> bits == place.tag,
          MinHash.common(new, signatures[Int(place.entry & UInt32(truncatingIfNeeded: mask)) - 1]) >= enough
        {
          return false
        }
        place.slot = (place.slot + 1) & mask
        place.entry = table[place.slot]
        tried += 1
      }
      places[band] = place
    }
    return true
  }

  /// Where to begin, in all tables.
  private func find(_ values: UnsafePointer<UInt16>) {
    for band in 0..<Self.bands { places[band] = place(values, band) }
  }

  @inline(__always)
  private func place(_ values: UnsafePointer<UInt16>, _ band: Int) -> Place {
    var hash = UInt64(truncatingIfNeeded: band) &* 0x9E37_79B9_7F4A_7C15
    for index in 0..<Self.bandWidth {
      hash = (hash ^ UInt64(values[band &* Self.bandWidth &+ index])) &* 0x0000_0100_0000_01B3
    }
    let slot = Int(truncatingIfNeeded: hash >> 20 ^ hash) & (1 << Int(bits) - 1)
    return Place(slot: slot, tag: UInt32(truncatingIfNeeded: hash >> 32) >> bits, entry: slots.base[band << Int(bits) &+ slot])
  }

  /// Takes a row into a table, at or behind a place.
  @inline(__always)
  private func enter(_ row: Int, _ band: Int, _ place: Place) {
    let mask = 1 << Int(bits) - 1
    let table = slots.base + band << Int(bits)
    var (slot, entry) = (place.slot, place.entry)
    while entry != 0 {
      slot = (slot + 1) & mask
      entry = table[slot]
    }
    table[slot] = place.tag << bits | UInt32(row)
  }

  private mutating func grow() {
    bits = max(10, bits + 1)
    slots = ZeroedMemory(count: Self.bands << Int(bits), hugePages: true)
    // Table by table: each is a sixteenth of the memory that is gone through at random.
    for band in 0..<Self.bands {
      for row in 0..<signatures.count { enter(row + 1, band, place(signatures[row], band)) }
    }
  }
}
