/// Which tokens there are: id, text and bytes of each.
///
/// A token's text is what `tokenizer.json` writes: the letters of `ByteAlphabet` for a token of the model, the plain text for
/// an added token. Its bytes are what it decodes to.
package struct Vocabulary: Sendable {
  /// One more than the highest id: the rows that an embedding table needs. Ids below it may be unused.
  package let count: Int
  /// The bytes of all tokens, one after another.
  private let content: FrozenTable<UInt8>
  /// Where each token's bytes begin; one element more than `count`.
  private let starts: FrozenTable<UInt32>
  /// Hash table from bytes to the id of a model's token: linear probing, `UInt32.max` is empty.
  private let slots: FrozenTable<TokenID>
  /// The text of tokens that are not written in `ByteAlphabet`: added ones, and what else a model's vocabulary holds.
  private let plainTexts: [TokenID: String]
  private let plainIDs: [[UInt8]: TokenID]
  private let used: [Bool]

  /// `modelTokens` are byte-level ones by their bytes; `plain` all others, added tokens among them. No id and no text may
  /// stand twice; who reads a file has made sure of it.
  init(modelTokens: [(bytes: [UInt8], id: TokenID)], plain: [(text: String, id: TokenID)]) {
    let highest = max(modelTokens.lazy.map(\.id).max() ?? 0, plain.lazy.map(\.id).max() ?? 0)
    let count = modelTokens.isEmpty && plain.isEmpty ? 0 : Int(highest) + 1
    self.count = count
    plainTexts = Dictionary(plain.map { ($0.id, $0.text) }, uniquingKeysWith: { first, _ in first })
    plainIDs = Dictionary(plain.map { (Array($0.text.utf8), $0.id) }, uniquingKeysWith: { first, _ in first })

    var bytesByID = [[UInt8]](repeating: [], count: count)
    var used = [Bool](repeating: false, count: count)
    for token in modelTokens {
      bytesByID[Int(token.id)] = token.bytes
      used[Int(token.id)] = true
    }
    for token in plain {
      bytesByID[Int(token.id)] = Array(token.text.utf8)
      used[Int(token.id)] = true
    }
    self.used = used
    var offsets: [UInt32] = [0]
    offsets.reserveCapacity(count + 1)
    for bytes in bytesByID { offsets.append(offsets[offsets.count - 1] + UInt32(bytes.count)) }
    starts = FrozenTable(offsets)
    let content = FrozenTable<UInt8>(Array(bytesByID.joined()))
    self.content = content

    var slotCount = 16
    while slotCount < modelTokens.count * 2 { slotCount *= 2 }
    slots = FrozenTable(count: slotCount, repeating: TokenID.max) { slots in
      for token in modelTokens {
        var slot = token.bytes.withUnsafeBufferPointer { Self.hash($0) } & (slotCount - 1)
        while slots[slot] != TokenID.max { slot = (slot + 1) & (slotCount - 1) }
        slots[slot] = token.id
      }
    }
  }

  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }  // FNV-1a
    return Int(truncatingIfNeeded: (hash ^ hash >> 29) & 0x7FFF_FFFF)
  }

  /// Whether the id is a token's. `decode` passes over ids that are not.
  package func contains(_ id: TokenID) -> Bool { id < count && used[Int(id)] }

  /// The bytes that a token decodes to; none for an unused id.
  package func bytes(of id: TokenID) -> UnsafeBufferPointer<UInt8> {
    guard id < count else { return UnsafeBufferPointer(start: nil, count: 0) }
    let start = Int(starts[Int(id)])
    return UnsafeBufferPointer(start: content.base + start, count: Int(starts[Int(id) + 1]) - start)
  }

  /// The text of a token as `tokenizer.json` writes it, or nil for an unused id.
  package func text(of id: TokenID) -> String? {
    guard contains(id) else { return nil }
    return plainTexts[id] ?? ByteAlphabet.text(of: bytes(of: id))
  }

  /// The id of the token with that text, as `text(of:)` gives it.
  package func id(of text: String) -> TokenID? {
    if let id = plainIDs[Array(text.utf8)] { return id }
    guard let bytes = ByteAlphabet.bytes(of: text) else { return nil }
    return bytes.withUnsafeBufferPointer { id(ofModelToken: $0) }
  }

  /// The id of the model's token of these bytes, or nil.
  func id(ofModelToken bytes: UnsafeBufferPointer<UInt8>) -> TokenID? {
    var slot = Self.hash(bytes) & (slots.count - 1)
    while slots[slot] != TokenID.max {
      let candidate = self.bytes(of: slots[slot])
      if candidate.count == bytes.count, candidate.elementsEqual(bytes) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }
}
