import Domain

/// What tells whether two texts are duplicates.
enum TextFingerprint: Equatable {
  case hash(UInt64)
  /// Where near duplicates are looked for.
  case signature(MinHash)

  /// Takes a row's text in, segment by segment.
  struct Builder {
    private let policy: DuplicatePolicy
    private var hash = TextHash()
    private var runs = MinHash.Builder()
    private var words: [UInt8] = []

    init(_ policy: DuplicatePolicy) { self.policy = policy }

    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
      switch policy {
      case .keep: break
      case .exact: hash.add(text)
      case .normalized:
        words.removeAll(keepingCapacity: true)
        NormalizedText.appendWords(of: text, to: &words)
        words.withUnsafeBufferPointer { hash.add($0) }
      case .near:
        words.removeAll(keepingCapacity: true)
        NormalizedText.appendWords(of: text, to: &words)
        words.withUnsafeBufferPointer { words in
          for word in words.split(separator: 0x20) {
            var hash = TextHash()
            hash.add(UnsafeBufferPointer(rebasing: word))
            runs.add(hash.value)
          }
        }
      }
    }

    mutating func finish() -> TextFingerprint? {
      switch policy {
      case .keep: nil
      case .exact, .normalized: .hash(hash.value)
      case .near: .signature(runs.finish())
      }
    }
  }
}
