import Domain
import LanguageModels
import Tokenizers

/// Has a model answer prompts, several at a time.
struct AnswerWriter {
  let model: LanguageModel
  let tokenizer: Tokenizer
  /// Prompts that are answered together.
  let batch: Int
  /// Tokens that end an answer, beside the model's own.
  let ends: Set<Int32>

  /// The answers, in the order of the prompts; `progress` hears the share that is done.
  ///
  /// - Throws: `CancellationError` where `isStopped` says so between two batches.
  func answers(
    to prompts: [[Int32]], tokens: Int, sampler: Sampler, isStopped: () -> Bool, progress: (Double) -> Void
  ) throws -> [String] {
    var answers = [String](repeating: "", count: prompts.count)
    // Prompts of like length together: the shorter ones of a batch are padded.
    let order = prompts.indices.sorted { (prompts[$0].count, $0) < (prompts[$1].count, $1) }
    for start in stride(from: 0, to: order.count, by: batch) {
      if isStopped() { throw CancellationError() }
      progress(Double(start) / Double(order.count))
      let chosen = order[start..<min(start + batch, order.count)]
      let cut = chosen.map { fitted(prompts[$0], tokens) }
      let longest = cut.map(\.count).max() ?? 1
      let room = roomForAnswer(tokens, prompt: longest)
      let session = try DecodingSession(model, batch: chosen.count, capacity: longest + room)
      let written = try session.generate(cut, newTokens: room, sampler: sampler, stoppingAt: allEnds)
      for (index, ids) in zip(chosen, written) { answers[index] = tokenizer.decode(ids.map { UInt32(bitPattern: $0) }) }
    }
    return answers
  }

  private var allEnds: [Int] {
    Array(Set(model.configuration.specialTokens.end + ends.map(Int.init) + [tokenizer.endOfTextID.map(Int.init)].compactMap(\.self)))
      .sorted()
  }

  /// A prompt too long for the model is cut at its start: its end is what is answered.
  private func fitted(_ prompt: [Int32], _ tokens: Int) -> [Int32] {
    let positions = model.dimensions.maximumPositions
    return Array(prompt.suffix(max(1, positions - min(tokens, positions / 2))))
  }

  private func roomForAnswer(_ tokens: Int, prompt: Int) -> Int { max(1, min(tokens, model.dimensions.maximumPositions - prompt)) }
}
