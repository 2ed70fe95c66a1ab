import Domain
import LanguageModels
import Tokenizers

/// `first-batch.md`: what the model sees in its first step, as text with the trained tokens marked, so that a wrong template, a wrong
/// mask or a cut in the wrong place is seen before hours are spent on it.
struct FirstBatch {
  let job: JobID
  let inputs: RunInputs
  let samples: any SampleSource

  /// nil where a method has no samples that could be shown before they are made.
  init?(job: JobID, inputs: RunInputs) {
    self.job = job
    self.inputs = inputs
    switch inputs.work {
    case let work as SequenceWork: samples = work.trainSamples
    case let work as PreferenceWork:
      samples = PairSamples(pairs: work.train, trainsPrompts: inputs.configuration.training.method == .orpo)
    default: return nil
    }
  }

  /// Samples shown, and tokens of each: a page that is read, not a dump.
  private static let mostSamples = 8
  private static let mostTokens = 1_500

  private static let opening = "⟦"
  private static let closing = "⟧"

  func markdown() -> String {
    let training = inputs.configuration.training
    let size = training.batchSize * (pairs == nil ? 1 : 2), wanted = size * training.accumulationSteps
    let samples = (0..<min(wanted, max(Self.mostSamples, size))).map {
      self.samples.sample($0 % self.samples.count, epoch: 0)
    }
    let batch = samples.prefix(size)
    let tokens = batch.reduce(0) { $0 + $1.tokens.count }
    let targets = batch.reduce(0) { $0 + $1.targetCount }
    let longest = batch.map(\.tokens.count).max() ?? 0
    var text = """
      # First batch of \(job)

      What stands between \(Self.opening) and \(Self.closing) is trained: the model learns to predict these tokens. The rest it only reads.
      Special tokens are written out as text.

      | | |
      |---|---|
      | samples in the batch | \(batch.count)\(training.accumulationSteps > 1 ? ", and \(training.accumulationSteps) such batches make a step" : "") |
      | tokens | \(Figures.grouped(tokens)), the longest sample has \(Figures.grouped(longest)) |
      | trained tokens | \(Figures.grouped(targets)), \(Figures.fixed(100 * Double(targets) / Double(max(tokens, 1)), 1)) % |
      | padding | \(Figures.fixed(100 * (1 - Double(tokens) / Double(max(longest * batch.count, 1))), 1)) % |
      | longest sample allowed | \(Figures.grouped(training.maximumLength)) tokens (`training.max_length`) |
      | cut at that length, in the whole dataset | \(cut) |

      """
    for (index, sample) in samples.prefix(Self.mostSamples).enumerated() { text += section(index + 1, sample) }
    if batch.count > Self.mostSamples { text += "\n\(batch.count - Self.mostSamples) more samples of the batch are not shown.\n" }
    return text
  }

  private var fit: SequenceFit? {
    (self.samples as? WholeSequences)?.fit ?? (self.samples as? PackedSequences)?.fit
  }

  private var pairs: PreferencePairs? { (samples as? PairSamples)?.pairs }

  private var cut: String {
    if let pairs { return "\(Figures.grouped(pairs.truncated)) of \(Figures.grouped(pairs.total)) pairs" }
    guard let fit else { return "none: documents are joined and cut into blocks" }
    let all = fit.usable.count + fit.dropped
    let gone = fit.cutAway > 0 ? "; \(Figures.grouped(fit.cutAway)) lose every trained token by that and are left out" : ""
    return "\(Figures.grouped(fit.truncated)) of \(Figures.grouped(all)) sequences\(gone)"
  }

  private func section(_ number: Int, _ sample: Sample) -> String {
    let documents = sample.segments.map { segments in zip(segments, segments.dropFirst()).count { $0 != $1 } + 1 } ?? 1
    let isCut = fit != nil && documents == 1 && sample.tokens.count == inputs.configuration.training.maximumLength
    let notes = [
      pairs.map { _ in number % 2 == 1 ? "chosen" : "rejected, to the same prompt" },
      "\(Figures.grouped(sample.tokens.count)) tokens", "\(Figures.grouped(sample.targetCount)) trained",
      documents > 1 ? "\(documents) sequences side by side, none sees another" : nil, isCut ? "as long as max_length allows" : nil,
    ].compactMap(\.self)
    return "\n## Sample \(number)\n\n\(notes.joined(separator: ", ")).\n\n\(Fence.around(marked(sample), language: "text"))\n"
  }

  /// The text with its marks. A token is trained where the one before it has it as its target.
  private func marked(_ sample: Sample) -> String {
    var text = ""
    var run: [UInt32] = []
    var isTrained = false
    func flush() {
      guard !run.isEmpty else { return }
      let piece = inputs.tokenizer.decode(run)
      text += isTrained ? Self.opening + piece + Self.closing : piece
      run = []
    }
    func add(_ token: Int32, trained: Bool) {
      if trained != isTrained { flush() }
      isTrained = trained
      run.append(UInt32(bitPattern: token))
    }
    let shown = min(sample.tokens.count, Self.mostTokens)
    for index in 0..<shown {
      let startsDocument = index == 0 || (sample.segments.map { $0[index] != $0[index - 1] } ?? false)
      if startsDocument, index > 0 {
        // The last token of a document is nobody's input: it stands only as the target of the one before it.
        if sample.targets[index - 1] >= 0 { add(sample.targets[index - 1], trained: true) }
        flush()
        text += "\n──────── the next sequence ────────\n"
        isTrained = false
      }
      add(sample.tokens[index], trained: !startsDocument && sample.targets[index - 1] >= 0)
    }
    if shown == sample.tokens.count, let last = sample.targets.last, last >= 0 { add(last, trained: true) }
    flush()
    if shown < sample.tokens.count { text += "\n… and \(Figures.grouped(sample.tokens.count - shown)) more tokens" }
    return text
  }
}

/// A fenced block of Markdown whose fence is longer than any within it.
enum Fence {
  static func around(_ text: String, language: String = "text") -> String {
    var longest = 2, run = 0
    // An untrained model writes bytes that no editor shows.
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      shown.append(scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar)
      run = scalar == "`" ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    return "\(fence)\(language)\n\(String(shown))\(shown.last == "\n" ? "" : "\n")\(fence)"
  }
}
