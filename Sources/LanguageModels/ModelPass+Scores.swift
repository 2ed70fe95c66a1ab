import Kernels

/// What a model says of the tokens of some sequences: what the loss of a preference or of a reward is made of.
package struct TokenScores {
  /// Number of the first sequence within the micro-batch that was given.
  package let first: Int
  package let batch: Int
  package let length: Int
  /// (batch, length): ln p(target), 0 where there is no target.
  package internal(set) var logProbabilities: [Float]
  /// (batch, length): mean logit over the vocabulary, entropy of the distribution in nats; 0 where there is no target.
  package internal(set) var meanLogits: [Float]
  package internal(set) var entropies: [Float]
  /// (batch, length): 1 where the target is the most likely token.
  package internal(set) var hits: [UInt8]
}

extension ModelPass {
  /// The scores of a micro-batch, piece by piece and in order; dropout off.
  package func score(_ microBatch: MicroBatch, _ body: (TokenScores) -> Void) throws(ModelError) {
    let parameters = parameters
    var first = 0
    for piece in try pieces(microBatch) {
      let hidden = workspace.forward(load(piece, dropout: nil), parameters: parameters, cache: nil)
      body(scores(hidden, piece, first: first))
      first += piece.batch
    }
  }

  /// Forward and backward of a loss that depends on tokens' probabilities together: gradients += dL/d(parameters).
  ///
  /// The head is looked at twice, first for the probabilities and then for the gradient: its logits are never kept, and the layers
  /// run once.
  ///
  /// - auxiliaryShare: the share of the whole step that this micro-batch is, for what an architecture adds to the loss.
  /// - weigh: given a piece's scores, −dL/d(ln p) of each position, (batch, length).
  package func accumulate(
    _ microBatch: MicroBatch, into gradients: ParameterStore, auxiliaryShare: Double, dropout: Dropout.Key? = nil,
    weighing weigh: (TokenScores) -> [Float]
  ) throws(ModelError) {
    precondition(purpose == .training, "a pass for scoring keeps nothing to go back through")
    let parameters = parameters
    var first = 0
    for (number, piece) in try pieces(microBatch).enumerated() {
      var input = load(piece, dropout: dropout?.piece(number))
      input.auxiliaryScale = auxiliaryShare * Double(piece.batch) / Double(microBatch.batch)
      let hidden = workspace.forward(input, parameters: parameters, cache: nil)
      let weights = weigh(scores(hidden, piece, first: first))
      precondition(weights.count == piece.rows, "\(weights.count) weights for \(piece.rows) positions")
      copy(weights, to: arena.floats(slots.weights))
      let dHidden = workspace.hiddenGradient
      _ = runHead(
        hidden, piece,
        gradients: HeadLoss.Gradients(dx: dHidden, dWeight: adapter == nil ? gradients.base + model.decoder.headWeight : nil, scale: 1),
        weights: true)
      // d(hidden) = d(hidden / T) / T
      scale(dHidden, piece.rows)
      workspace.backward(input, parameters: parameters, gradients: adapter == nil ? .model(gradients.base) : .adapter(gradients.base))
      first += piece.batch
    }
  }

  /// Looks at the head; the hidden states are divided by the temperature.
  private func scores(_ hidden: UnsafeMutablePointer<Float>, _ piece: MicroBatch, first: Int) -> TokenScores {
    scale(hidden, piece.rows)
    let zeros = [Float](repeating: 0, count: piece.rows)
    var scores = TokenScores(
      first: first, batch: piece.batch, length: piece.length, logProbabilities: zeros, meanLogits: zeros, entropies: zeros,
      hits: [UInt8](repeating: 0, count: piece.rows))
    scores.logProbabilities.withUnsafeMutableBufferPointer { logProbabilities in
      scores.meanLogits.withUnsafeMutableBufferPointer { means in
        scores.entropies.withUnsafeMutableBufferPointer { entropies in
          scores.hits.withUnsafeMutableBufferPointer { hits in
            guard let means = means.baseAddress, let entropies = entropies.baseAddress, let hits = hits.baseAddress else { return }
            _ = runHead(
              hidden, piece, weights: false, logProbabilities: logProbabilities.baseAddress,
              look: HeadLook(meanLogits: means, entropies: entropies, hits: hits))
          }
        }
      }
    }
    return scores
  }

  private func scale(_ hidden: UnsafeMutablePointer<Float>, _ rows: Int) {
    guard logitScale != 1 else { return }
    Elementwise.scale(hidden, hidden, by: logitScale, count: rows * model.dimensions.hiddenSize, on: model.team)
  }
}
