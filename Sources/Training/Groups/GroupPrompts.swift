import DatasetFormats
import Domain
import Platform
import SystemPackage
import Tokenizers

/// The prompts of a split. Rows stay where they are, for the rewards read them; a prompt's tokens are made when it comes up.
struct GroupPrompts {
  struct Prompt {
    var tokens: [Int32]
    var row: DatasetRow
  }

  private let rows: DatasetRows?
  private let reader: PromptReader
  private let tokenizer: Tokenizer
  private let limit: Int
  private let seed: UInt64
  private let shuffles: Bool
  /// The rows that have a prompt.
  private let usable: [Int32]
  /// Longest prompt, and tokens of all.
  let length: Int
  let tokens: Int
  let truncated: Int
  let emptyRows: Int

  /// The prompts to train on, and those held out: the dataset's own split, the dataset named for it, or a share by lot.
  static func split(_ data: MethodData) throws -> (train: GroupPrompts, eval: GroupPrompts) {
    let source = data.sources[0].source, train = source.trainSplit
    let version = DatasetVersionLayout(folder: FilePath(data.order.train.folder))
    let rows = try DatasetRows(version, split: train)
    let limit = min(rows.count, data.configuration.data.rowLimit ?? rows.count)
    let own = try reader(source)
    if data.order.evaluation != nil {
      let all = try GroupPrompts(data, rows, own, Array(0..<limit), shuffles: false)
      return (all, all)
    }
    if let given = data.evalSource {
      let other = try DatasetRows(DatasetVersionLayout(folder: FilePath(given.pin.folder)), split: given.trainSplit)
      let reader = try reader(given)
      return (
        try GroupPrompts(data, rows, own, Array(0..<limit), shuffles: true),
        try GroupPrompts(
          data, other, reader, Array(0..<min(other.count, data.configuration.data.rowLimit ?? other.count)), shuffles: false)
      )
    }
    if let named = source.namedEvalSplit {
      let other = try DatasetRows(version, split: named)
      return (
        try GroupPrompts(data, rows, own, Array(0..<limit), shuffles: true),
        try GroupPrompts(data, other, own, Array(0..<other.count), shuffles: false)
      )
    }
    let fingerprints = (0..<limit).map { index in
      var fingerprint = Fingerprint()
      for segment in own.prompt(of: rows[index]) ?? [] { for byte in segment.text { fingerprint.add(UInt32(byte)) } }
      return fingerprint.value
    }
    let held = HeldOut.drawn(fingerprints, share: data.configuration.data.heldOutShare, seed: UInt64(data.configuration.seed))
    return (
      try GroupPrompts(data, rows, own, (0..<limit).filter { !held.contains($0) }, shuffles: true),
      try GroupPrompts(data, rows, own, (0..<limit).filter(held.contains), shuffles: false)
    )
  }

  /// The rows' own reader, which is a reader of prompts: grpo makes no other.
  private static func reader(_ source: DataSource) throws -> PromptReader {
    guard let reader = source.reader as? PromptReader else {
      throw Problem("grpo.reader", "the rows of '\(source.pin.name)' are read for another method", mend: "Report this fault.")
    }
    return reader
  }

  private init(_ data: MethodData, _ rows: DatasetRows, _ reader: PromptReader, _ indices: [Int], shuffles: Bool) throws {
    self.rows = rows
    self.reader = reader
    let tokenizer = data.tokenizer, limit = data.configuration.training.promptLength
    self.tokenizer = tokenizer
    self.limit = limit
    seed = UInt64(data.configuration.seed)
    self.shuffles = shuffles && data.configuration.data.shuffle
    let encoder = tokenizer.makeEncoder()
    var usable: [Int32] = []
    var (longest, tokens, truncated, empty) = (0, 0, 0, 0)
    for (place, index) in indices.enumerated() {
      if place % 256 == 0 {
        if WorkerProcess.stopWasAsked { throw CancellationError() }
        data.report(.phase(.tokenizing, share: Double(place) / Double(max(indices.count, 1))))
      }
      let count = reader.prompt(of: rows[index]).map { Self.encode($0, encoder, tokenizer).count } ?? 0
      guard count > 0 else {
        empty += 1
        continue
      }
      usable.append(Int32(index))
      longest = max(longest, min(count, limit))
      tokens += min(count, limit)
      if count > limit { truncated += 1 }
    }
    self.usable = usable
    self.tokens = tokens
    self.truncated = truncated
    length = longest
    emptyRows = empty
  }

  var count: Int { max(1, usable.count) }
  var isEmpty: Bool { usable.isEmpty }

  /// The `index`-th prompt of an epoch; there must be one. A prompt that is too long loses its beginning.
  func prompt(_ index: Int, epoch: Int) -> Prompt {
    let place = shuffles ? ShuffledOrder(count: usable.count, seed: seed, epoch: epoch)[index] : index
    guard let rows else { preconditionFailure("a split without rows has no prompts") }
    let row = rows[Int(usable[place])]
    let tokens = Self.encode(reader.prompt(of: row) ?? [], tokenizer.makeEncoder(), tokenizer)
    return Prompt(tokens: Array(tokens.suffix(limit)), row: row)
  }

  func answer(of row: DatasetRow) -> String? { reader.answer(of: row) }

  private static func encode(_ segments: [Segment], _ encoder: Encoder, _ tokenizer: Tokenizer) -> [Int32] {
    var ids: [UInt32] = []
    for segment in segments {
      segment.text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
      if segment.endsText, let end = tokenizer.endOfTextID { ids.append(end) }
    }
    return ids.map(Int32.init)
  }
}
