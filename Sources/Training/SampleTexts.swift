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
    return [inputs.work.samplePrompt].filter { !$0.isEmpty }
  }

  private func fenced(_ text: String) -> String { "````text\n\(text)\n````" }
}

/// Text that goes on from a prompt, token by token.
struct TextGeneration {
  let model: LanguageModel
  let tokenizer: Tokenizer

  /// Stops at an end-of-text token. Where the model's positions are used up, it goes on with what it has written last: half
  /// of its positions are kept, so that it is not read again at every token.
  ///
  /// - emit: called with pieces of text as they come, each whole UTF-8.
  @discardableResult
  func complete(_ prompt: [Int32], tokens: Int, sampler: Sampler, emit: (String) -> Void = { _ in }) throws -> String {
    let room = model.dimensions.maximumPositions
    var context = Array(prompt.suffix(max(1, room - 1)))
    guard !context.isEmpty, tokens > 0 else { return "" }
    let session = try DecodingSession(model, batch: 1, capacity: min(room, context.count + tokens))
    var logits = try session.prefill([context])
    var decoder = StreamingDecoder(tokenizer)
    var text = ""
    func say(_ piece: String) {
      if piece.isEmpty { return }
      text += piece
      emit(piece)
    }
    for index in 0..<tokens {
      let token = session.sample(logits, sampler, index: index)[0]
      if ends.contains(token) { break }
      say(decoder.text(of: TokenID(bitPattern: token)))
      context.append(token)
      if index + 1 == tokens { break }
      if context.count < session.capacity {
        logits = try session.step([token])
      } else {
        context = Array(context.suffix(max(1, room / 2)))
        logits = try session.prefill([context])
      }
    }
    say(decoder.finish())
    return text
  }

  /// What ends a text.
  var ends: Set<Int32> {
    Set(model.configuration.specialTokens.end.map(Int32.init) + [tokenizer.endOfTextID.map(Int32.init)].compactMap(\.self))
  }
}
