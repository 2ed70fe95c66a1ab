import Kernels

/// Generation with a cache of keys and values: prompts are read once, then each step costs one token a sequence.
///
/// ```
/// let session = try DecodingSession(model, batch: prompts.count, capacity: longest + 100)
/// var logits = try session.prefill(prompts)                    // (batch, vocabulary)
/// for index in 0..<100 {
///   let next = session.sample(logits, sampler, index: index)   // (batch)
///   logits = try session.step(next)
/// }
/// ```
package final class DecodingSession {
  package let model: LanguageModel
  package let batch: Int
  /// Most tokens a sequence, prompt and continuation together.
  package let capacity: Int
  /// Tokens of each sequence so far, padding not counted.
  package var lengths: [Int] { padding.map { cache.length - $0 } }

  /// The adapter that trains beside the model, as it stood when the session was made.
  private let adapter: LoRA?
  private let cache: KeyValueCache
  private let workspace: any DecoderWorkspace
  /// Tokens of padding on the left of each sequence, where prompts have different lengths.
  private var padding: [Int]
  /// (batch, vocabulary): of the token behind each sequence, as the last tokens left them.
  private var logits: [Float]
  /// (batch, hidden)
  private var lastHidden: [Float]

  /// Tokens a sequence that go through the layers together while prompts are read: bounds the workspace.
  private static let prefillBlock = 256

  package init(_ model: LanguageModel, batch: Int, capacity: Int) throws(ModelError) {
    let d = model.dimensions
    guard batch > 0, capacity > 0 else {
      throw ModelError(.invalidInput, "A session of \(batch) sequences of \(capacity) tokens has nothing to decode.")
    }
    if d.positionsAreLearned, capacity > d.maximumPositions {
      throw ModelError(
        .invalidInput, "A sequence of \(capacity) tokens does not fit: the model has \(d.maximumPositions) positions.",
        hint: "Use a shorter prompt or fewer new tokens.")
    }
    self.model = model
    self.batch = batch
    self.capacity = capacity
    adapter = model.adapter
    padding = [Int](repeating: 0, count: batch)
    logits = [Float](repeating: 0, count: batch * d.vocabularySize)
    lastHidden = [Float](repeating: 0, count: batch * d.hiddenSize)
    do {
      cache = try KeyValueCache(d, batch: batch, capacity: capacity)
      workspace = try model.decoder.makeWorkspace(
        WorkspacePlan(
          rows: batch * min(capacity, Self.prefillBlock), keys: capacity, isTraining: false, team: model.team, adapter: adapter?.layout))
    } catch {
      throw ModelError(.outOfMemory, error.description)
    }
  }

  /// Bytes that a session takes, before it is made.
  package static func byteCount(
    _ configuration: ModelConfiguration, batch: Int, capacity: Int, adapter: LoRALayout? = nil, on team: ThreadTeam
  ) -> Int {
    let d = configuration.dimensions
    return KeyValueCache.byteCount(d, batch: batch, capacity: capacity) + 4 * batch * (d.vocabularySize + d.hiddenSize)
      + configuration.decoder.workspaceByteCount(
        WorkspacePlan(
          rows: batch * min(capacity, prefillBlock), keys: capacity, isTraining: false, team: team, adapter: adapter))
  }

  /// Forgets all sequences and reads the prompts, one a sequence, none empty; returns the logits of the token behind each,
  /// (batch, vocabulary). Shorter prompts are padded on the left, which changes nothing but speed: nobody sees padding, and
  /// positions count from each prompt's first token.
  package func prefill(_ prompts: [[Int32]]) throws(ModelError) -> [Float] {
    try read(prompts)
    return logits
  }

  /// The same without a look at the logits: who holds them while the next are made has them copied.
  func read(_ prompts: [[Int32]]) throws(ModelError) {
    guard prompts.count == batch, let longest = prompts.map(\.count).max(), prompts.allSatisfy({ !$0.isEmpty }) else {
      throw ModelError(.invalidInput, "A session of \(batch) sequences wants \(batch) prompts, none of them empty.")
    }
    cache.length = 0
    padding = prompts.map { longest - $0.count }
    for start in stride(from: 0, to: longest, by: Self.prefillBlock) {
      let end = min(start + Self.prefillBlock, longest)
      var block: [Int32] = []
      for (prompt, padding) in zip(prompts, padding) {
        block += (start..<end).map { $0 < padding ? 0 : prompt[$0 - padding] }
      }
      try feed(block, length: end - start, isLast: end == longest)
    }
  }

  /// Appends one token to each sequence; returns the logits of the next, (batch, vocabulary).
  package func step(_ tokens: [Int32]) throws(ModelError) -> [Float] {
    try append(tokens)
    return logits
  }

  /// The same without a look at the logits.
  func append(_ tokens: [Int32]) throws(ModelError) {
    guard tokens.count == batch else {
      throw ModelError(.invalidInput, "A session of \(batch) sequences wants \(batch) tokens a step, not \(tokens.count).")
    }
    try feed(tokens, length: 1, isLast: true)
  }

  /// A token for each sequence; `index` counts the tokens drawn.
  package func sample(_ logits: [Float], _ sampler: Sampler, index: Int) -> [Int32] {
    let vocabulary = model.dimensions.vocabularySize
    return logits.withUnsafeBufferPointer { logits in
      [Int32](unsafeUninitializedCapacity: batch) { tokens, count in
        model.team.run(tasks: batch) { sequence, _ in
          let row = logits[sequence * vocabulary..<(sequence + 1) * vocabulary]
          tokens[sequence] = sampler.sample(UnsafeBufferPointer(rebasing: row), sequence: sequence, index: index)
        }
        count = batch
      }
    }
  }

  /// The same from the session's own logits.
  func sample(_ sampler: Sampler, index: Int) -> [Int32] { sample(logits, sampler, index: index) }

  private func feed(_ tokens: [Int32], length: Int, isLast: Bool) throws(ModelError) {
    let d = model.dimensions
    guard cache.length + length <= capacity else {
      throw ModelError(.invalidInput, "The sequence is full: \(cache.length) of \(capacity) tokens.", hint: "Ask for fewer new tokens.")
    }
    if let wrong = tokens.first(where: { $0 < 0 || $0 >= Int32(d.vocabularySize) }) {
      throw ModelError(
        .invalidInput, "Token \(wrong) is outside the vocabulary of \(d.vocabularySize).",
        hint: "The tokenizer does not belong to this model.")
    }
    var positions: [Int32] = []
    var firstKeys: [Int32] = []
    for padding in padding {
      for place in cache.length..<cache.length + length {
        positions.append(Int32(max(0, place - padding)))
        firstKeys.append(Int32(min(place, padding)))
      }
    }
    let hasPadding = padding.contains { $0 > 0 }
    tokens.withUnsafeBufferPointer { tokens in
      positions.withUnsafeBufferPointer { positions in
        firstKeys.withUnsafeBufferPointer { firstKeys in
          guard let tokens = tokens.baseAddress, let positions = positions.baseAddress else { return }
          let input = PassInput(
            batch: batch, length: length, tokens: tokens, positions: positions, firstKeys: hasPadding ? firstKeys.baseAddress : nil,
            dropout: nil)
          let parameters = PassParameters(
            model: Weights(model.parameters.base), adapter: adapter.map { UnsafePointer($0.parameters.base) })
          let hidden = workspace.forward(input, parameters: parameters, cache: cache)
          if isLast { project(hidden, length) }
        }
      }
    }
    cache.length += length
  }

  /// The logits of each sequence's last position.
  private func project(_ hidden: UnsafePointer<Float>, _ length: Int) {
    let d = model.dimensions
    lastHidden.withUnsafeMutableBufferPointer { lastHidden in
      logits.withUnsafeMutableBufferPointer { logits in
        guard let lastHidden = lastHidden.baseAddress, let logits = logits.baseAddress else { return }
        for sequence in 0..<batch {
          (lastHidden + sequence * d.hiddenSize).update(
            from: hidden + ((sequence + 1) * length - 1) * d.hiddenSize, count: d.hiddenSize)
        }
        MatrixProduct.multiply(
          .nt, logits, lastHidden, model.parameters.base + model.decoder.headWeight, m: batch, n: d.vocabularySize, k: d.hiddenSize,
          on: model.team)
      }
    }
  }
}
