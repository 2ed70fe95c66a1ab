import Domain
import StrictJSON
import Tokenizers

/// A question to the model: tokens to go on from, and what is known of a good answer.
struct Prompt: Sendable {
  var tokens: [Int32]
  /// As people read it.
  var text: String
  /// What stands there in the held-out part.
  var reference: String?
  /// The tool that a test case asks for.
  var expectedTool: String?
}

/// Prompts for `samples.md` and for the metrics that judge answers.
struct HeldOutPrompts {
  let inputs: RunInputs

  private var tokenizer: Tokenizer { inputs.tokenizer }
  private var section: EvaluationSection { inputs.configuration.evaluation }

  /// What is shown before and after: the config's prompts, else the first of the held-out part.
  func samples() -> [Prompt] {
    if !section.samplePrompts.isEmpty { return section.samplePrompts.map { prompt(asked: $0) }.filter { !$0.tokens.isEmpty } }
    let masked = maskedPrompts(section.sampleCount)
    if !masked.isEmpty { return masked }
    return inputs.work.samplePrompts.filter { !$0.isEmpty }.map { Prompt(tokens: $0, text: decode($0)) }
  }

  /// What is judged: held-out prompts, and the config's test cases.
  func judged() -> [Prompt] {
    let cases = section.cases.map { test in
      var prompt = prompt(asked: test.prompt)
      prompt.expectedTool = test.tool
      return prompt
    }
    return maskedPrompts(section.maximumPrompts) + cases.filter { !$0.tokens.isEmpty }
  }

  /// Ends of answers beside the model's own: the special token that ends those of the held-out part (`<|im_end|>`).
  func ends() -> Set<Int32> {
    var ends: Set<Int32> = []
    forMasked(8) { _, answer in
      if let last = answer.last(where: { !isSpace($0) }), tokenizer.isSpecial(UInt32(bitPattern: last)) { ends.insert(last) }
    }
    return ends
  }

  private func maskedPrompts(_ count: Int) -> [Prompt] {
    var prompts: [Prompt] = []
    forMasked(count) { tokens, answer in
      var answer = answer[...]
      while let last = answer.last, tokenizer.isSpecial(UInt32(bitPattern: last)) || isSpace(last) { answer = answer.dropLast() }
      prompts.append(Prompt(tokens: tokens, text: decode(tokens), reference: decode(Array(answer))))
    }
    return prompts
  }

  /// The first sequences that have a prompt and an answer: tokens before the first answer, and the answer's.
  private func forMasked(_ most: Int, _ body: ([Int32], [Int32]) -> Void) {
    guard let heldOut = inputs.work.heldOut else { return }
    let split = heldOut.tokens
    var found = 0
    for index in stride(from: 0, to: split.sequenceCount, by: heldOut.stride) where found < most {
      let places = split.sequence(index)
      guard let start = places.first(where: split.isTrained), start > places.lowerBound else { continue }
      let end = places[start...].first { !split.isTrained($0) } ?? places.upperBound
      body((places.lowerBound..<start).map { split[$0] }, (start..<end).map { split[$0] })
      found += 1
    }
  }

  /// A text of the user's: where the data are conversations, what a user says.
  private func prompt(asked text: String) -> Prompt {
    var question = text
    if question.hasPrefix("Human: ") { question.removeFirst("Human: ".count) }
    if let chat = inputs.chat, let rendered = try? chat.prompt(of: [["role": "user", "content": question.node]]) {  // else as it stands
      let shown = String(decoding: rendered, as: UTF8.self)
      return Prompt(tokens: tokenizer.encode(shown).map(Int32.init), text: shown)
    }
    return Prompt(tokens: tokenizer.encode(text).map(Int32.init), text: text)
  }

  private func decode(_ tokens: [Int32]) -> String { tokenizer.decode(tokens.map { UInt32(bitPattern: $0) }) }

  private func isSpace(_ token: Int32) -> Bool {
    let bytes = tokenizer.bytes(of: CollectionOfOne(UInt32(bitPattern: token)))
    return !bytes.isEmpty && bytes.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
  }
}
