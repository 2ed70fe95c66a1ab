import Domain

/// What tells whether two texts are duplicates.
enum TextFingerprint: Equatable {
  case hash(UInt64)
  /// Where near duplicates are looked for.
  case signature(MinHash)

  /// Takes rows' texts in, segment by segment: for one thread, memory used again and again.
  struct Builder: ~Copyable {
    private let policy: DuplicatePolicy
    private var hash = TextHash()
    private var runs = MinHash.Builder()
    private let words = NormalizedWords()

    init(_ policy: DuplicatePolicy) { self.policy = policy }

    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
      switch policy {
      case .keep: break
      case .exact: hash.add(text)
      case .normalized: hash.add(words.written(text))
      case .near: words.forEach(in: text) { runs.add(TextHash.value(of: $0)) }
      }
    }

    /// What the text is like that was added; the next one begins.
    mutating func finish() -> TextFingerprint? {
      switch policy {
      case .keep: return nil
      case .exact, .normalized:
        defer { hash = TextHash() }
        return .hash(hash.value)
      case .near: return .signature(runs.finish())
      }
    }
  }
}
