#if canImport(Glibc)
  import Glibc
#endif

// Formulas of small-doge's rewards.py, each a few lines; what it placed there as a stand-in is made real.

/// 1 for the row's answer, 0 for another; nothing where the row has none.
struct AccuracyReward: Reward {
  let right: RightAnswer

  func scores(_ answers: [RewardInput]) -> [Double?] { answers.map { right.matches($0).map { $0 ? 1 : 0 } } }
}

/// 1 where the pattern is found, or the whole answer has its form.
struct PatternReward: Reward {
  private let pattern: Regex<AnyRegexOutput>
  private let isWhole: Bool

  /// small-doge's form of thought and solution, and DeepSeek-R1's.
  static let thought = #"^<\|begin_of_thought\|>\n.*?\n<\|end_of_thought\|>\n\n<\|begin_of_solution\|>\n.*?\n<\|end_of_solution\|>$"#
  static let deepSeek = #"^<think>.*?</think>\s*<answer>.*?</answer>$"#

  init(_ pattern: Regex<AnyRegexOutput>, isWhole: Bool) {
    self.pattern = pattern
    self.isWhole = isWhole
  }

  func scores(_ answers: [RewardInput]) throws -> [Double?] {
    try answers.map { answer in
      let found = isWhole ? try pattern.wholeMatch(in: answer.completion) != nil : try pattern.firstMatch(in: answer.completion) != nil
      return found ? 1 : 0
    }
  }
}

/// Each marker that occurs brings its share of 1.
struct ReasoningStepsReward: Reward {
  let markers: [String]

  static let markers = [
    "**Analysis:**", "**First:**", "**Second:**", "**Next:**", "**Reflection:**", "**Finally:**", "**Summarizing:**", "**Solution:**",
  ]

  func scores(_ answers: [RewardInput]) -> [Double?] {
    answers.map { answer in Double(markers.count { answer.completion.contains($0) }) / Double(max(markers.count, 1)) }
  }
}

/// Kimi 1.5: the shorter of a batch the better, λ = 0.5 − (length − shortest) / (longest − shortest); a wrong answer gets no more than 0.
struct LengthReward: Reward {
  let right: RightAnswer

  func scores(_ answers: [RewardInput]) -> [Double?] {
    let lengths = answers.map { Double($0.completion.count) }
    guard let shortest = lengths.min(), let longest = lengths.max(), longest > shortest else { return answers.map { _ in 0 } }
    return zip(answers, lengths).map { answer, length in
      guard let isRight = right.matches(answer) else { return nil }
      let value = 0.5 - (length - shortest) / (longest - shortest)
      return isRight ? value : min(0, value)
    }
  }
}

/// Right answers the better the shorter, wrong ones the worse the shorter or the longer, along half a wave: lo + ½ (hi − lo) (1 + cos(π ·
/// length / full length)). What is longer than the full length counts as that.
struct CosineReward: Reward {
  let right: RightAnswer
  let wrong: (minimum: Double, maximum: Double)
  let correct: (minimum: Double, maximum: Double)
  let fullLength: Int

  func scores(_ answers: [RewardInput]) -> [Double?] {
    answers.map { answer in
      guard let isRight = right.matches(answer) else { return nil }
      let progress = min(1, Double(answer.completion.count) / Double(fullLength))
      let (low, high) = isRight ? (correct.minimum, correct.maximum) : (wrong.maximum, wrong.minimum)
      return low + 0.5 * (high - low) * (1 + cos(.pi * progress))
    }
  }
}

/// (1 − different n-grams / all) · penalty, over lower-cased words; 0 for fewer than n words.
struct RepetitionReward: Reward {
  let grams: Int
  let penalty: Double

  func scores(_ answers: [RewardInput]) -> [Double?] {
    answers.map { answer in
      let words = answer.completion.lowercased().split(whereSeparator: \.isWhitespace)
      guard words.count >= grams else { return 0 }
      let all = (0...words.count - grams).map { words[$0..<$0 + grams].joined(separator: " ") }
      return (1 - Double(Set(all).count) / Double(all.count)) * penalty
    }
  }
}
