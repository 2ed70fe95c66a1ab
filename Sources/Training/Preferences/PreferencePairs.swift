import Domain
import LanguageModels

/// A prompt with an answer, as tokens.
struct AnswerSequence: Sendable, Equatable {
  var tokens: [Int32] = []
  /// Whether the token belongs to the answer. As long as `tokens`.
  var isAnswer: [Bool] = []

  /// Tokens of the answer that something stands before.
  var answerCount: Int { isAnswer.dropFirst().count(where: \.self) }
}

/// An answer that was chosen and one that was rejected, to the same prompt.
struct PreferencePair: Sendable, Equatable {
  /// The pair's place in its split.
  var number: Int
  var chosen: AnswerSequence
  var rejected: AnswerSequence
}

/// The pairs of a tokenized split, two sequences each, the chosen one first. Cut as TRL cuts; pairs of which nothing of an answer is left
/// are passed over.
struct PreferencePairs: Sendable {
  struct Limits: Sendable, Equatable {
    /// Tokens of prompt and answer together.
    var whole: Int
    var prompt: Int?
    var completion: Int?
    var side = TruncationSide.keepStart

    init(_ training: TrainingSection) {
      whole = training.maximumLength
      prompt = training.preference.maximumPromptLength
      completion = training.preference.maximumCompletionLength
      side = training.preference.truncation ?? .keepStart
    }

    init(whole: Int, prompt: Int? = nil, completion: Int? = nil, side: TruncationSide = .keepStart) {
      self.whole = whole
      self.prompt = prompt
      self.completion = completion
      self.side = side
    }

    /// The prompt loses its beginning, the answer its end; what is too long still loses the end that `side` does not keep.
    func cut(_ sequence: AnswerSequence) -> AnswerSequence {
      let promptCount = sequence.isAnswer.firstIndex(of: true) ?? sequence.tokens.count
      let dropped = prompt.map { max(0, promptCount - $0) } ?? 0
      let end = completion.map { min(sequence.tokens.count, promptCount + $0) } ?? sequence.tokens.count
      var range = dropped..<end
      if range.count > whole {
        range = side == .keepStart ? range.lowerBound..<range.lowerBound + whole : range.upperBound - whole..<range.upperBound
      }
      return AnswerSequence(tokens: Array(sequence.tokens[range]), isAnswer: Array(sequence.isAnswer[range]))
    }
  }

  private let split: TokenizedSplit
  private let limits: Limits
  private let seed: UInt64
  private let shuffles: Bool
  private let usable: [Int32]
  /// Longest sequence as the model sees it, at least 1.
  let length: Int
  /// Pairs that were cut, and those left out.
  let truncated: Int
  let dropped: Int

  init(_ split: TokenizedSplit, limits: Limits, seed: UInt64, shuffles: Bool) {
    self.split = split
    self.limits = limits
    self.seed = seed
    self.shuffles = shuffles
    var usable: [Int32] = []
    var (truncated, dropped, longest) = (0, 0, 1)
    for number in 0..<split.sequenceCount / 2 {
      let whole = (Self.sequence(split, 2 * number), Self.sequence(split, 2 * number + 1))
      let kept = (limits.cut(whole.0), limits.cut(whole.1))
      if kept != whole { truncated += 1 }
      guard kept.0.answerCount > 0, kept.1.answerCount > 0 else {
        dropped += 1
        continue
      }
      usable.append(Int32(number))
      longest = max(longest, kept.0.tokens.count - 1, kept.1.tokens.count - 1)
    }
    self.usable = usable
    self.truncated = truncated
    self.dropped = dropped
    length = longest
  }

  var count: Int { max(1, usable.count) }
  var isEmpty: Bool { usable.isEmpty }
  /// Pairs of the split, usable or not: numbers are below it.
  var total: Int { split.sequenceCount / 2 }

  /// The `index`-th pair of an epoch; there must be one.
  func pair(_ index: Int, epoch: Int) -> PreferencePair {
    let place = shuffles ? ShuffledOrder(count: usable.count, seed: seed, epoch: epoch)[index] : index
    let number = Int(usable[place])
    return PreferencePair(
      number: number, chosen: limits.cut(Self.sequence(split, 2 * number)), rejected: limits.cut(Self.sequence(split, 2 * number + 1)))
  }

  private static func sequence(_ split: TokenizedSplit, _ index: Int) -> AnswerSequence {
    let range = split.sequence(index)
    return AnswerSequence(tokens: range.map { split[$0] }, isAnswer: range.map(split.isTrained))
  }

  /// Chosen and rejected in turn, padded on the right.
  ///
  /// - withPrompts: every token of the chosen text is a target, for a likelihood beside the comparison.
  static func microBatch(_ pairs: [PreferencePair], withPrompts: Bool) -> MicroBatch {
    func sample(_ sequence: AnswerSequence, _ all: Bool) -> Sample {
      Sample(
        tokens: Array(sequence.tokens.dropLast()),
        targets: sequence.tokens.indices.dropFirst().map { all || sequence.isAnswer[$0] ? sequence.tokens[$0] : MicroBatch.ignored })
    }
    return WholeSequences.microBatch(pairs.flatMap { [sample($0.chosen, withPrompts), sample($0.rejected, false)] })
  }
}
