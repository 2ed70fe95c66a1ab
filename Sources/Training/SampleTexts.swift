import Domain
import LanguageModels
import Tokenizers

/// `samples.md`: what the trained model writes.
struct SampleTexts {
  let inputs: RunInputs
  let model: LanguageModel

  func markdown(job: JobID) throws -> String {
    var text = "# Samples of \(job)\n\nSampled at temperature 0.8 with seed \(inputs.configuration.seed).\n"
    for prompt in prompts() {
      let continuation = try TextGeneration(model: model, tokenizer: inputs.tokenizer).complete(
        prompt, tokens: inputs.configuration.evaluation.sampleTokens,
        sampler: Sampler(temperature: 0.8, topK: nil, topP: 1, seed: UInt64(inputs.configuration.seed)))
      text += "\n## Prompt\n\n\(fenced(inputs.tokenizer.decode(prompt.map(UInt32.init))))\n\n## Continuation\n\n\(fenced(continuation))\n"
    }
    return text
  }

  /// The config's, else the first tokens of the held-out part.
  private func prompts() -> [[Int32]] {
    let given = inputs.configuration.evaluation.samplePrompts
    if !given.isEmpty { return given.map { inputs.tokenizer.encode($0).map(Int32.init) }.filter { !$0.isEmpty } }
    let source: any SampleSource = inputs.eval.tokens > 1 ? inputs.evalSamples : inputs.trainSamples
    let sample = source.sample(0, epoch: 0)
    let untrained = sample.targets.prefix { $0 < 0 }.count + 1
    return [Array(sample.tokens.prefix(untrained > 1 ? untrained : 24))]
  }

  private func fenced(_ text: String) -> String { "````text\n\(text)\n````" }
}

/// Text that goes on from a prompt, token by token.
struct TextGeneration {
  let model: LanguageModel
  let tokenizer: Tokenizer

  /// Stops at an end-of-text token, and where the model has no further positions.
  ///
  /// - emit: called with pieces of text as they come, each whole UTF-8.
  @discardableResult
  func complete(_ prompt: [Int32], tokens: Int, sampler: Sampler, emit: (String) -> Void = { _ in }) throws -> String {
    guard !prompt.isEmpty else { return "" }
    let room = model.dimensions.maximumPositions
    let kept = Array(prompt.suffix(max(1, room - 1)))
    let count = min(tokens, room - kept.count)
    guard count > 0 else { return "" }
    let session = try DecodingSession(model, batch: 1, capacity: kept.count + count)
    let ends = Set(model.configuration.specialTokens.end.map(Int32.init) + [tokenizer.endOfTextID.map(Int32.init)].compactMap(\.self))
    var logits = try session.prefill([kept])
    var decoder = tokenizer.makeStreamDecoder()
    var text = ""
    for index in 0..<count {
      let token = session.sample(logits, sampler, index: index)[0]
      if ends.contains(token) { break }
      let piece = decoder.append(UInt32(token))
      if !piece.isEmpty {
        text += piece
        emit(piece)
      }
      if index + 1 < count { logits = try session.step([token]) }
    }
    let rest = decoder.finish()
    if !rest.isEmpty {
      text += rest
      emit(rest)
    }
    return text
  }
}
