#if canImport(Glibc)
  import Glibc
#endif

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

  /// Whether every one of the model's tokens is found by its bytes, as it is not where two have the same.
  let isUnambiguous: Bool

  /// `modelTokens` are byte-level ones by their bytes; `plain` all others, added tokens among them. No id may stand twice, and no text;
  /// who reads a file has made sure of it, or asks `isUnambiguous`.
  init(modelTokens: ModelTokens, plain: [(text: String, id: TokenID)]) {
    let highest = max(modelTokens.ids.max() ?? 0, plain.lazy.map(\.id).max() ?? 0)
    let count = modelTokens.count == 0 && plain.isEmpty ? 0 : Int(highest) + 1
    self.count = count
    plainTexts = Dictionary(plain.map { ($0.id, $0.text) }, uniquingKeysWith: { first, _ in first })
    plainIDs = Dictionary(plain.map { (Array($0.text.utf8), $0.id) }, uniquingKeysWith: { first, _ in first })

    // Bytes in the order of the ids: of each where they come from, a model's token or, counted from -1 down, a plain one.
    var sources = [Int](repeating: .max, count: count)
    var used = [Bool](repeating: false, count: count)
    for (index, id) in modelTokens.ids.enumerated() {
      sources[Int(id)] = index
      used[Int(id)] = true
    }
    for (index, token) in plain.enumerated() {
      sources[Int(token.id)] = -1 - index
      used[Int(token.id)] = true
    }
    self.used = used
    var offsets: [UInt32] = [0]
    offsets.reserveCapacity(count + 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(modelTokens.content.count)
    for source in sources {
      if source < 0 {
        bytes.append(contentsOf: plain[-1 - source].text.utf8)
      } else if source != .max {
        bytes.append(contentsOf: modelTokens.content[modelTokens.place(source)])
      }
      offsets.append(UInt32(bytes.count))
    }
    let starts = FrozenTable<UInt32>(offsets)
    self.starts = starts
    let content = FrozenTable<UInt8>(bytes)
    self.content = content

    var slotCount = 16
    while slotCount < modelTokens.count * 2 { slotCount *= 2 }
    var isUnambiguous = true
    slots = FrozenTable(count: slotCount, repeating: TokenID.max) { slots in
      for id in modelTokens.ids {
        let bytes = Self.bytes(of: id, content, starts)
        var slot = Self.hash(bytes) & (slotCount - 1)
        while slots[slot] != TokenID.max {
          if Self.areEqual(bytes, Self.bytes(of: slots[slot], content, starts)) { isUnambiguous = false }
          slot = (slot + 1) & (slotCount - 1)
        }
        slots[slot] = id
      }
    }
    self.isUnambiguous = isUnambiguous
  }

  private static func bytes(of id: TokenID, _ content: FrozenTable<UInt8>, _ starts: FrozenTable<UInt32>) -> UnsafeBufferPointer<UInt8> {
    let start = Int(starts[Int(id)])
    return UnsafeBufferPointer(start: content.base + start, count: Int(starts[Int(id) + 1]) - start)
  }

  @inline(__always)
  private static func areEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
    guard left.count == right.count, let first = left.baseAddress, let second = right.baseAddress else { return left.count == right.count }
    return memcmp(first, second, left.count) == 0
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
    return Self.bytes(of: id, content, starts)
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
      if Self.areEqual(Self.bytes(of: slots[slot], content, starts), bytes) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }
}
