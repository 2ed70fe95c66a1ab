import DatasetFormats
import Domain
import SystemPackage

/// An answer as rewards see it.
struct RewardInput {
  var prompt: String
  var completion: String
  var row: DatasetRow
}

/// What answers are rewarded for. One file each.
protocol Reward {
  /// A number for each answer; nil where the reward has nothing to say of it.
  ///
  /// - Throws: what keeps it from judging at all.
  func scores(_ answers: [RewardInput]) throws -> [Double?]
}

/// The rewards of a run, weighed. One that fails is counted and told, and leaves its answers without its part: it never ends the run.
final class RewardJury {
  struct Column: Equatable {
    var label: String
    var values: [Double?]
    /// Answers that the reward failed at.
    var failures = 0
  }

  struct Verdict: Equatable {
    var columns: [Column]
    /// The weighted sum; nil where no reward had anything to say.
    var rewards: [Double?]
    /// What failed, in sentences for the log.
    var complaints: [String]
  }

  private let members: [(settings: RewardSettings, reward: any Reward)]
  private var told: [String: Int] = [:]

  /// - Parameters:
  ///   - answer: the right answer of a row, where the dataset has one.
  ///   - folder: where a reward's program runs.
  /// - Throws: `Problem` for a pattern that is no regular expression.
  init(_ settings: [RewardSettings], answer: ((DatasetRow) -> String?)?, folder: FilePath?) throws {
    members = try settings.map { ($0, try $0.make(answer: answer, folder: folder)) }
  }

  func judge(_ answers: [SampledAnswer]) -> Verdict {
    judge(answers.map { RewardInput(prompt: $0.promptText, completion: $0.text, row: $0.prompt.row) })
  }

  func judge(_ inputs: [RewardInput]) -> Verdict {
    var verdict = Verdict(columns: [], rewards: Array(repeating: nil, count: inputs.count), complaints: [])
    for (settings, reward) in members {
      var column = Column(label: settings.label, values: Array(repeating: nil, count: inputs.count))
      do {
        let values = try reward.scores(inputs)
        guard values.count == inputs.count else { throw RewardFailure("it gave \(values.count) numbers for \(inputs.count) answers") }
        column.values = values.map { $0?.isFinite == true ? $0 : nil }
        column.failures = values.count { $0?.isFinite == false }
        if column.failures > 0, let said = complaint(settings.label, "\(column.failures) of its numbers are none") {
          verdict.complaints.append(said)
        }
      } catch {
        column.failures = inputs.count
        if let said = complaint(settings.label, (error as? RewardFailure)?.what ?? "\(error)") { verdict.complaints.append(said) }
      }
      for (index, value) in column.values.enumerated() {
        if let value { verdict.rewards[index] = (verdict.rewards[index] ?? 0) + settings.weight * value }
      }
      verdict.columns.append(column)
    }
    return verdict
  }

  /// The first few failures are told, then each hundredth.
  private func complaint(_ label: String, _ what: String) -> String? {
    told[label, default: 0] += 1
    let times = told[label] ?? 1
    guard times <= 3 || times % 100 == 0 else { return nil }
    return "The reward '\(label)' failed (\(times == 1 ? "once" : "\(times) times") so far): \(what). Its answers go without it."
  }

  /// The share of right answers, where a reward says that.
  func accuracy(_ measures: Measures) -> Double? {
    members.first { $0.settings.kind == .accuracy }.flatMap { measures["rewards/\($0.settings.label)/mean"] }
  }
}

/// Why a reward could not judge, as the end of a sentence.
struct RewardFailure: Error, Equatable {
  var what: String
  init(_ what: String) { self.what = what }
}

extension RewardSettings {
  func make(answer: ((DatasetRow) -> String?)?, folder: FilePath?) throws -> any Reward {
    func right() throws -> RightAnswer { try RightAnswer(self, answer) }
    switch kind {
    case .accuracy: return AccuracyReward(right: try right())
    case .format: return PatternReward(try expression(pattern ?? PatternReward.thought), isWhole: true)
    case .formatDeepSeek: return PatternReward(try expression(PatternReward.deepSeek), isWhole: true)
    case .reasoningSteps: return ReasoningStepsReward(markers: markers ?? ReasoningStepsReward.markers)
    case .length: return LengthReward(right: try right())
    case .cosine:
      return CosineReward(
        right: try right(), wrong: (minimumWrong ?? 0, maximumWrong ?? -0.5), correct: (minimumCorrect ?? 0.5, maximumCorrect ?? 1),
        fullLength: maximumLength ?? 1_000)
    case .repetitionPenalty: return RepetitionReward(grams: grams ?? 3, penalty: penalty ?? -1)
    case .regularExpression: return PatternReward(try expression(pattern ?? ""), isWhole: matchesWhole ?? false)
    case .command: return CommandReward(command: command ?? [], timeout: timeout ?? 60, folder: folder ?? ".")
    }
  }

  /// The dot matches line feeds too, as in small-doge.
  func expression(_ pattern: String) throws -> Regex<AnyRegexOutput> {
    do {
      return try Regex(pattern).dotMatchesNewlines()
    } catch {
      throw Problem(
        "reward.pattern", "the reward '\(label)' has a pattern that is no regular expression: \(pattern)",
        at: .init(field: "training.rewards"), mend: "Mend the pattern and drop the job again.", cause: "\(error)")
    }
  }
}
