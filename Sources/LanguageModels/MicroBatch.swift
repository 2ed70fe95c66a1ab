import Kernels

/// Token sequences that go through the model together: `batch` rows of `length` tokens, and what each position is to predict.
package struct MicroBatch: Sendable {
  /// The target of a position that has none.
  package static let ignored = HeadLoss.ignoredTarget

  package let batch: Int
  package let length: Int
  /// (batch, length)
  package let tokens: [Int32]
  /// (batch, length): the token that position t is to predict, which is t + 1's; `ignored` where there is none.
  package let targets: [Int32]
  /// (batch, length): a run of equal numbers is a document; a position sees its own document only, and positions count from 0 in
  /// each. Nil: one document a row.
  package let segments: [Int32]?
  /// (batch): tokens of padding on the left of each row, which nobody sees. Padding on the right needs no mask: it comes after all
  /// that counts, and has no targets.
  package let leftPadding: [Int]?
  /// (batch, length): places of the tokens; nil counts from 0 in each row and each document, as transformers does.
  package let positions: [Int32]?
  /// (batch, length): the weight of each position's loss; nil for 1.
  package let weights: [Float]?

  package init(
    batch: Int, length: Int, tokens: [Int32], targets: [Int32], segments: [Int32]? = nil, leftPadding: [Int]? = nil,
    positions: [Int32]? = nil, weights: [Float]? = nil
  ) {
    self.batch = batch
    self.length = length
    self.tokens = tokens
    self.targets = targets
    self.segments = segments
    self.leftPadding = leftPadding
    self.positions = positions
    self.weights = weights
  }

  /// From labels as transformers has them: aligned with the tokens, moved by one here, so that the first label of a row counts for
  /// nothing. With segments, the first label of each document is left out too.
  package init(
    batch: Int, length: Int, tokens: [Int32], labels: [Int32], segments: [Int32]? = nil, leftPadding: [Int]? = nil,
    positions: [Int32]? = nil
  ) {
    var targets = [Int32](repeating: Self.ignored, count: labels.count)
    for index in labels.indices where index % max(length, 1) + 1 < length && index + 1 < labels.count {
      if let segments, segments.count == labels.count, segments[index] != segments[index + 1] { continue }
      targets[index] = labels[index + 1]
    }
    self.init(
      batch: batch, length: length, tokens: tokens, targets: targets, segments: segments, leftPadding: leftPadding, positions: positions)
  }

  /// Positions with a target: summed over the micro-batches of a step, the number that a mean loss is divided by.
  package var targetCount: Int { targets.count { $0 >= 0 } }

  package var rows: Int { batch * length }

  /// Its sequences in pieces of at most `sequences`, in order.
  func pieces(of sequences: Int) -> [MicroBatch] {
    if batch <= sequences { return [self] }
    return stride(from: 0, to: batch, by: sequences).map { start in
      let range = start..<min(start + sequences, batch), flat = range.lowerBound * length..<range.upperBound * length
      return MicroBatch(
        batch: range.count, length: length, tokens: Array(tokens[flat]), targets: Array(targets[flat]),
        segments: segments.map { Array($0[flat]) }, leftPadding: leftPadding.map { Array($0[range]) },
        positions: positions.map { Array($0[flat]) }, weights: weights.map { Array($0[flat]) })
    }
  }

  /// Refuses what the model cannot take, naming row and position.
  func check(_ dimensions: ModelDimensions) throws(ModelError) {
    guard batch > 0, length > 0 else { throw invalid("A micro-batch of \(batch)×\(length) tokens is empty.") }
    for (name, count) in [
      ("tokens", tokens.count), ("targets", targets.count), ("segments", segments?.count ?? rows),
      ("positions", positions?.count ?? rows), ("weights", weights?.count ?? rows),
    ] where count != rows {
      throw invalid("\(name) has \(count) elements; \(batch) rows of \(length) make \(rows).")
    }
    let vocabulary = Int32(dimensions.vocabularySize)
    if let index = tokens.firstIndex(where: { $0 < 0 || $0 >= vocabulary }) {
      throw invalid(
        "Token \(tokens[index]) at row \(index / length), position \(index % length) is outside the vocabulary of \(vocabulary).",
        hint: "The tokenizer does not belong to this model.")
    }
    if let index = targets.firstIndex(where: { $0 >= vocabulary || ($0 < 0 && $0 != Self.ignored) }) {
      throw invalid(
        "Target \(targets[index]) at row \(index / length), position \(index % length) is neither in the vocabulary of \(vocabulary) "
          + "nor \(Self.ignored).")
    }
    if let leftPadding, leftPadding.count != batch || leftPadding.contains(where: { $0 < 0 || $0 > length }) {
      throw invalid("leftPadding is \(leftPadding); it must hold \(batch) numbers from 0 to \(length).")
    }
    // Rotary positions go on beyond those of training; the bound keeps a wrong number from asking for a table of gigabytes.
    let limit = dimensions.positionsAreLearned ? dimensions.maximumPositions : max(dimensions.maximumPositions, 1 << 20)
    let greatest = positions.map { Int($0.max() ?? 0) } ?? (longestDocument - 1)
    guard greatest < limit, (positions?.min() ?? 0) >= 0 else {
      throw invalid(
        "The sequence reaches position \(greatest); the model has positions 0 to \(limit - 1).", hint: "Use a shorter sequence length.")
    }
  }

  /// Writes the place of each token and the first key that it sees, (batch, length) each.
  func place(positions: UnsafeMutablePointer<Int32>, firstKeys: UnsafeMutablePointer<Int32>) {
    for row in 0..<batch {
      let padding = leftPadding?[row] ?? 0
      var start = 0
      for t in 0..<length {
        let index = row * length + t
        if let segments, t > 0, segments[index] != segments[index - 1] { start = t }
        positions[index] = self.positions?[index] ?? Int32(t - start)
        // A position of padding sees itself: its result counts for nothing, but must be a number.
        firstKeys[index] = Int32(t < padding ? t : max(start, padding))
      }
    }
  }

  /// Whether all positions see their whole row up to themselves.
  var isPlain: Bool { segments == nil && !(leftPadding?.contains { $0 > 0 } ?? false) }

  private var longestDocument: Int {
    guard let segments else { return length }
    var longest = 0, run = 0
    for index in segments.indices {
      run = index % length > 0 && segments[index] == segments[index - 1] ? run + 1 : 1
      longest = max(longest, run)
    }
    return longest
  }

  private func invalid(_ message: String, hint: String = "") -> ModelError { ModelError(.invalidInput, message, hint: hint) }
}
