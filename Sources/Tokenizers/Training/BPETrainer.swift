import StrictJSON

/// Trains a byte-level BPE: the same tokens with the same ids, and the same merges in the same order, as Hugging Face's
/// `BpeTrainer` with `ByteLevel.alphabet()` as initial alphabet, whatever the order of the texts.
///
/// ```swift
/// var trainer = try BPETrainer(.init(vocabularySize: 4096))
/// for document in documents { trainer.add(document) }
/// let tokenizer = try trainer.train()
/// ```
///
/// Memory grows with the different pre-tokens, not with the text. A text counts as Hugging Face counts an item of its
/// iterator: pre-tokens do not reach across its ends. Counts are 64 bits wide; Hugging Face's are 32, so that its merges
/// differ for texts in which one pair stands more than 2^31 times.
package struct BPETrainer {
  package struct Settings: Sendable, Equatable {
    /// Tokens in the end, special ones and the 256 bytes included. Fewer where the text does not yield as many.
    package var vocabularySize: Int
    /// A pair that stands less often is not merged.
    package var minimumFrequency: Int
    /// They get the first ids. The first ends a text; `<|pad|>`, where it is among them, pads.
    package var specialTokens: [String]
    package var pattern: PreTokenPattern

    package init(
      vocabularySize: Int, minimumFrequency: Int = 0, specialTokens: [String] = [Tokenizer.endOfText], pattern: PreTokenPattern = .gpt2
    ) {
      self.vocabularySize = vocabularySize
      self.minimumFrequency = minimumFrequency
      self.specialTokens = specialTokens
      self.pattern = pattern
    }
  }

  package let settings: Settings
  var counts = PreTokenCounts()
  /// The part of a text given in chunks that may not be cut into pre-tokens yet.
  private var carried: [UInt8] = []
  private var ends = [Int](repeating: 0, count: endsCapacity + 4)
  private static let endsCapacity = 4096

  package init(_ settings: Settings) throws(TokenizerError) {
    try Tokenizer.check(settings.specialTokens, inVocabulary: true)
    let least = 256 + settings.specialTokens.count
    guard settings.vocabularySize >= least, settings.vocabularySize < MergeTable.idLimit else {
      throw TokenizerError(
        .setting, "A vocabulary of \(settings.vocabularySize) tokens cannot be trained",
        mend: "Ask for \(least) (the 256 bytes and \(settings.specialTokens.count) special tokens) to \(MergeTable.idLimit - 1)")
    }
    self.settings = settings
  }

  /// Different pre-tokens counted so far.
  package var distinctPreTokens: Int { counts.distinct }

  /// Counts a whole text. Ill-formed UTF-8 is mended as in encoding.
  package mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
    guard UTF8Check.firstInvalidByte(in: text) != nil else { return count(text) }
    var mended = String(decoding: text, as: UTF8.self)
    mended.withUTF8 { count($0) }
  }

  package mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { count($0) }
  }

  /// Counts a part of a text; `endText` ends it. The parts may be cut anywhere, within a character too.
  package mutating func addChunk(_ chunk: UnsafeBufferPointer<UInt8>) {
    let searched = carried.count
    carried.append(contentsOf: chunk)
    if settings.pattern == .none { return }  // the text is one pre-token
    let text = carried
    text.withUnsafeBufferPointer { buffer in
      let cut = SafeCut.last(in: buffer, from: searched)
      guard cut > 0 else { return }
      add(UnsafeBufferPointer(rebasing: buffer[..<cut]))
      carried = Array(buffer[cut...])
    }
  }

  package mutating func endText() {
    let text = carried
    carried = []
    text.withUnsafeBufferPointer { add($0) }
  }

  /// Adds what another trainer with the same settings counted, on another thread perhaps.
  package mutating func add(_ other: BPETrainer) {
    precondition(settings == other.settings, "counts of trainers with different settings do not add up")
    counts.add(other.counts)
  }

  private mutating func count(_ text: UnsafeBufferPointer<UInt8>) {
    switch settings.pattern {
    case .none: count(text, WholePieceScanner.self)
    case .gpt2: count(text, GPT2Scanner.self)
    case .llama3: count(text, Llama3Scanner.self)
    case .qwen2: count(text, Qwen2Scanner.self)
    }
  }

  private mutating func count<Scanner: PreTokenScanner>(_ text: UnsafeBufferPointer<UInt8>, _: Scanner.Type) {
    guard let base = text.baseAddress, text.count > 0 else { return }
    let scan = ScanText(base, end: text.count, readableEnd: text.count, classes: ScalarClasses.patterns.table.base)
    var start = 0
    ends.withUnsafeMutableBufferPointer { ends in
      guard let first = ends.baseAddress else { return }
      while start < text.count {
        let found = Scanner.findEnds(from: start, in: scan, into: first, capacity: Self.endsCapacity)
        counts.add(text, from: start, ends: UnsafeBufferPointer(start: first, count: found))
        start = first[found - 1]
      }
    }
  }
}
