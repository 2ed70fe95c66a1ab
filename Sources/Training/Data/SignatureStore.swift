/// Signatures by their numbers, 128 bytes each, in pieces that never move: it grows without copying what is there.
struct SignatureStore: ~Copyable {
  private static let perPiece = 8_192
  private var pieces: [UnsafeMutablePointer<UInt16>] = []
  private(set) var count = 0

  deinit { for piece in pieces { piece.deallocate() } }

  mutating func append(_ signature: UnsafePointer<UInt16>) {
    if count % Self.perPiece == 0 { pieces.append(.allocate(capacity: Self.perPiece * MinHash.bins)) }
    let place = pieces[count / Self.perPiece] + count % Self.perPiece * MinHash.bins
    place.initialize(from: signature, count: MinHash.bins)
    count += 1
  }

  /// - Parameter number: from 0.
  subscript(number: Int) -> UnsafePointer<UInt16> {
    UnsafePointer(pieces[number / Self.perPiece] + number % Self.perPiece * MinHash.bins)
  }
}
