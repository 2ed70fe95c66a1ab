import LanguageModels

/// One sequence as the model sees it: each token is to predict the next.
struct Sample: Sendable, Equatable {
  /// Equally long. A target is the token that follows, or `MicroBatch.ignored` where there is no loss on it.
  var tokens: [Int32] = []
  var targets: [Int32] = []
  /// The document of each token, where a sample holds several.
  var segments: [Int32]?

  var targetCount: Int { targets.count { $0 >= 0 } }
}

/// The samples of a split: so many an epoch, each computed from its number alone, so that a run can be taken up at any step.
protocol SampleSource: Sendable {
  /// Samples an epoch, at least 1.
  var count: Int { get }
  /// Longest sample, tokens.
  var length: Int { get }
  /// Whether there is nothing to train on; `count` is 1 then all the same, of a sample without a target.
  var isEmpty: Bool { get }
  func sample(_ index: Int, epoch: Int) -> Sample
}

extension SampleSource {
  var isEmpty: Bool { false }

  /// Consecutive samples of an endless stream of epochs, padded on the right to the longest of them.
  ///
  /// - Parameters:
  ///   - first: number of the first sample since the start of the run.
  ///   - total: samples of the whole run; what lies beyond is left out.
  func microBatch(first: Int, count wanted: Int, total: Int) -> MicroBatch {
    let samples = (first..<min(first + wanted, total)).map { sample($0 % count, epoch: $0 / count) }
    return Self.microBatch(samples)
  }

  static func microBatch(_ samples: [Sample]) -> MicroBatch {
    // A multiple of 8: lengths that vary by a token would make a new product shape each.
    let longest = samples.map(\.tokens.count).max() ?? 1
    let length = samples.allSatisfy { $0.tokens.count == longest } ? longest : (longest + 7) / 8 * 8
    var tokens: [Int32] = []
    var targets: [Int32] = []
    tokens.reserveCapacity(samples.count * length)
    targets.reserveCapacity(samples.count * length)
    var segments: [Int32]? = samples.contains { $0.segments != nil } ? [] : nil
    for sample in samples {
      let padding = length - sample.tokens.count
      tokens += sample.tokens + [Int32](repeating: 0, count: padding)
      targets += sample.targets + [Int32](repeating: MicroBatch.ignored, count: padding)
      if segments != nil {
        let own = sample.segments ?? [Int32](repeating: 0, count: sample.tokens.count)
        segments? += own + [Int32](repeating: (own.last ?? 0) + 1, count: padding)
      }
    }
    return MicroBatch(batch: samples.count, length: length, tokens: tokens, targets: targets, segments: segments)
  }
}

/// All documents joined and cut into blocks of equal length. Each epoch cuts at other places and has another order, so that
/// no two epochs see the same blocks.
struct PackedBlocks: SampleSource {
  private let split: TokenizedSplit
  let length: Int
  let count: Int
  private let seed: UInt64
  private let shuffles: Bool
  /// Too little text for blocks that move.
  private let isShort: Bool

  init(_ split: TokenizedSplit, length: Int, seed: UInt64, shuffles: Bool) {
    self.split = split
    self.length = length
    self.seed = seed
    self.shuffles = shuffles
    let predictions = max(split.tokenCount - 1, 1)
    isShort = predictions < 4 * length
    count = isShort ? (predictions + length - 1) / length : (predictions - length + 1) / length
  }

  func sample(_ index: Int, epoch: Int) -> Sample {
    let block = shuffles ? ShuffledOrder(count: count, seed: seed, epoch: epoch)[index] : index
    let start = block * length + shift(epoch)
    let end = min(start + length, split.tokenCount - 1)
    guard start < end else { return Sample(tokens: [split[0]], targets: [MicroBatch.ignored]) }
    var document = split.sequence(ofToken: start)
    let places = start..<end
    if end < split.end(document) {
      return Sample(tokens: places.map { split[$0] }, targets: places.map { split[$0 + 1] })
    }
    // Documents meet within the block: none sees another, and a document's last token predicts nothing.
    var sample = Sample(tokens: places.map { split[$0] })
    var segments: [Int32] = []
    for token in places {
      while token >= split.end(document) { document += 1 }
      segments.append(Int32(truncatingIfNeeded: document))
      sample.targets.append(token + 1 < split.end(document) ? split[token + 1] : MicroBatch.ignored)
    }
    sample.segments = segments.first == segments.last ? nil : segments
    return sample
  }

  private func shift(_ epoch: Int) -> Int {
    guard shuffles, !isShort else { return 0 }
    var state = seed ^ UInt64(epoch) &* 0xD1B5_4A32_D192_ED03
    return Int(ShuffledOrder.splitMix(&state) % UInt64(length))
  }
}

/// Each sequence by itself, cut at its end where it is too long. Sequences without a target are passed over.
struct WholeSequences: SampleSource {
  private let split: TokenizedSplit
  let length: Int
  private let seed: UInt64
  private let shuffles: Bool
  /// The sequences that have something to train on.
  let fit: SequenceFit
  private var usable: [Int32] { fit.usable }

  init(_ split: TokenizedSplit, maximumLength: Int, seed: UInt64, shuffles: Bool) {
    self.split = split
    self.seed = seed
    self.shuffles = shuffles
    fit = SequenceFit(split, maximumLength: maximumLength)
    length = fit.longest
  }

  var count: Int { max(1, usable.count) }
  var isEmpty: Bool { usable.isEmpty }

  func sample(_ index: Int, epoch: Int) -> Sample {
    guard !usable.isEmpty else { return Sample(tokens: [0], targets: [MicroBatch.ignored]) }
    let place = shuffles ? ShuffledOrder(count: usable.count, seed: seed, epoch: epoch)[index] : index
    let range = split.sequence(Int(usable[place])).prefix(length + 1)
    return Sample(
      tokens: range.dropLast().map { split[$0] }, targets: range.dropFirst().map { split.isTrained($0) ? split[$0] : MicroBatch.ignored })
  }
}
