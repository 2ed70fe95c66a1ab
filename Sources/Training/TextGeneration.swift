import LanguageModels
import Tokenizers

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
