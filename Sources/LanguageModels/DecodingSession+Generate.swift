extension DecodingSession {
  /// Continues the prompts, one a sequence, none empty, by up to `newTokens` tokens each. A sequence ends before the first of the
  /// `stoppingAt` tokens, which is left out; the others go on.
  ///
  /// - onTokens: called with each step's tokens, nil for sequences that have ended; false stops all.
  /// - returns: the continuations, without the prompts.
  package func generate(
    _ prompts: [[Int32]], newTokens: Int, sampler: Sampler, stoppingAt: [Int], onTokens: ([Int32?]) -> Bool = { _ in true }
  ) throws(ModelError) -> [[Int32]] {
    let longest = prompts.map(\.count).max() ?? 0
    guard longest + newTokens <= capacity else {
      throw ModelError(
        .invalidInput, "A prompt of \(longest) tokens and \(newTokens) new ones do not fit a session of \(capacity).",
        hint: "Ask for fewer new tokens.")
    }
    let ends = Set(stoppingAt.map { Int32(truncatingIfNeeded: $0) })
    var continuations = [[Int32]](repeating: [], count: prompts.count)
    var hasEnded = [Bool](repeating: false, count: prompts.count)
    try read(prompts)
    for index in 0..<newTokens {
      let next = sample(sampler, index: index)
      var shown: [Int32?] = []
      for (sequence, token) in next.enumerated() {
        if ends.contains(token) { hasEnded[sequence] = true }
        if !hasEnded[sequence] { continuations[sequence].append(token) }
        shown.append(hasEnded[sequence] ? nil : token)
      }
      if !onTokens(shown) || hasEnded.allSatisfy(\.self) || index + 1 == newTokens { break }
      try append(next)  // a sequence that has ended goes on unseen: the batch keeps its shape
    }
    return continuations
  }

  /// What a sequence was continued with.
  package struct Completion: Sendable, Equatable {
    /// With the token that ended it, where one did.
    package var tokens: [Int32]
    package var hasEnded: Bool

    package init(tokens: [Int32], hasEnded: Bool) {
      self.tokens = tokens
      self.hasEnded = hasEnded
    }
  }

  /// Continues the prompts, one a sequence, none empty, each until one of `ends`, which it keeps, or for `newTokens` tokens.
  package func complete(_ prompts: [[Int32]], newTokens: Int, sampler: Sampler, ends: Set<Int32>) throws(ModelError) -> [Completion] {
    var completions = [Completion](repeating: Completion(tokens: [], hasEnded: false), count: prompts.count)
    try read(prompts)
    for index in 0..<newTokens {
      let next = sample(sampler, index: index)
      for (sequence, token) in next.enumerated() where !completions[sequence].hasEnded {
        completions[sequence].tokens.append(token)
        completions[sequence].hasEnded = ends.contains(token)
      }
      if index + 1 == newTokens || completions.allSatisfy(\.hasEnded) { break }
      try append(next)  // a sequence that has ended goes on unseen: the batch keeps its shape
    }
    return completions
  }
}
