import CKernels
import Glibc

/// The linear head and softmax cross-entropy in one: logits = x Wᵀ, loss = Σ −ln softmax(logits)[target].
///
/// Rows are taken in chunks, so that the logits of a whole batch are never stored (GPT-2 at 4×512 would hold 412 MB of them), and
/// rows without a target are left out of the products altogether: in fine-tuning, prompts often are the greater part.
package struct HeadLoss {
  /// The label of a position without target, as in torch.nn.CrossEntropyLoss.
  package static let ignoredTarget: Int32 = -100

  /// Logits of a chunk take about this many bytes.
  static let chunkBytes = 96 << 20

  package let vocabulary: Int
  package let width: Int
  /// Most rows of a pass.
  package let capacity: Int
  let chunkRows: Int
  /// Floats from one row of logits to the next.
  private let stride: Int
  private let arena: Arena
  private let slots: Slots

  private struct Slots {
    let logits, x, dx, nll, hits, rows, targets, weights, means, entropies: ArenaSlot
  }

  package init(vocabulary: Int, width: Int, capacity: Int) throws(ArenaError) {
    self.vocabulary = vocabulary
    self.width = width
    self.capacity = capacity
    chunkRows = Self.chunkRows(vocabulary: vocabulary, capacity: capacity)
    stride = Self.stride(vocabulary)
    let (layout, slots) = Self.layout(vocabulary: vocabulary, width: width, capacity: capacity)
    arena = try Arena(layout)
    self.slots = slots
  }

  /// Bytes that a head of this size takes.
  package static func byteCount(vocabulary: Int, width: Int, capacity: Int) -> Int {
    layout(vocabulary: vocabulary, width: width, capacity: capacity).0.byteCount
  }

  private static func chunkRows(vocabulary: Int, capacity: Int) -> Int {
    let fitting = max(64, chunkBytes / (4 * vocabulary) / 64 * 64)
    let chunks = (capacity + fitting - 1) / fitting
    return min(capacity, ((capacity + chunks - 1) / max(chunks, 1) + 15) / 16 * 16)  // chunks of one size: no short last one
  }

  /// A stride of a power of two puts a column of logits, as the weight's gradient reads it, into one set of the cache: 166 instead
  /// of 205 GFLOP/s at a vocabulary of 32,768 on a Zen 5 core.
  private static func stride(_ vocabulary: Int) -> Int { vocabulary % 256 == 0 ? vocabulary + 16 : vocabulary }

  private static func layout(vocabulary: Int, width: Int, capacity: Int) -> (ArenaLayout, Slots) {
    var layout = ArenaLayout()
    let rows = chunkRows(vocabulary: vocabulary, capacity: capacity)
    let slots = Slots(
      logits: layout.floats(rows * stride(vocabulary)), x: layout.floats(rows * width), dx: layout.floats(rows * width),
      nll: layout.floats(capacity), hits: layout.reserve(UInt8.self, capacity), rows: layout.reserve(Int32.self, capacity),
      targets: layout.reserve(Int32.self, capacity), weights: layout.floats(capacity), means: layout.floats(capacity),
      entropies: layout.floats(capacity))
    return (layout, slots)
  }

  /// What `gradient` writes besides the sums.
  package struct Gradients {
    /// (rows, width), assigned; rows without target become 0. May be x itself: a chunk's input is read for the last time before
    /// its gradient is written.
    package let dx: UnsafeMutablePointer<Float>
    /// (vocabulary, width), +=; nil where the head is frozen.
    package let dWeight: UnsafeMutablePointer<Float>?
    /// Every gradient is multiplied with it: 1 / targets of the whole accumulated batch gives that batch's mean.
    package let scale: Float

    package init(dx: UnsafeMutablePointer<Float>, dWeight: UnsafeMutablePointer<Float>?, scale: Float) {
      self.dx = dx
      self.dWeight = dWeight
      self.scale = scale
    }
  }

  /// The loss of x (rows, width) under weight (vocabulary, width), and where `gradients` is given, its gradient.
  ///
  /// - targets: (rows), `ignoredTarget` (or any negative number) where a row has none; others below `vocabulary`.
  /// - weights: (rows) factors of each row's loss, nil for 1. For preference methods, where a token's loss has a weight of its own.
  /// - logProbabilities: (rows), where given: ln p(target), 0 for rows without target.
  /// - look: what else is wanted of each row with a target; only without gradients.
  /// - products: makes the products in bf16, the gradient of the logits too; nil for f32.
  package func run(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, products: BFloat16Products? = nil, targets: UnsafePointer<Int32>,
    weights: UnsafePointer<Float>? = nil, rows: Int, gradients: Gradients? = nil, logProbabilities: UnsafeMutablePointer<Float>? = nil,
    look: HeadLook? = nil, on team: ThreadTeam
  ) -> LossSum {
    precondition(look == nil || gradients == nil, "a look comes before the gradient")
    precondition(rows <= capacity, "\(rows) rows in a head for \(capacity)")
    let places = arena.pointer(slots.rows, as: Int32.self), chosen = arena.pointer(slots.targets, as: Int32.self)
    let chosenWeights = arena.floats(slots.weights)
    var count = 0
    for row in 0..<rows where targets[row] >= 0 {
      places[count] = Int32(row)
      chosen[count] = targets[row]
      if let weights { chosenWeights[count] = weights[row] }
      count += 1
    }
    if let gradients, count < rows {
      team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
        for row in block where targets[row] < 0 { (gradients.dx + row * width).update(repeating: 0, count: width) }
      }
    }
    for start in Swift.stride(from: 0, to: count, by: chunkRows) {
      let range = start..<min(start + chunkRows, count)
      chunk(range, x, weight, products, weights == nil ? nil : UnsafePointer(chosenWeights), gradients, looks: look != nil, team)
    }
    if let look { scatter(count, rows, into: look) }
    return sum(count, weights == nil ? nil : UnsafePointer(chosenWeights), rows, logProbabilities)
  }

  private func chunk(
    _ range: Range<Int>, _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ products: BFloat16Products?,
    _ weights: UnsafePointer<Float>?, _ gradients: Gradients?, looks: Bool, _ team: ThreadTeam
  ) {
    let places = arena.pointer(slots.rows, as: Int32.self) + range.lowerBound
    let targets = UnsafePointer(arena.pointer(slots.targets, as: Int32.self) + range.lowerBound)
    let nll = arena.floats(slots.nll) + range.lowerBound, hits = arena.pointer(slots.hits, as: UInt8.self) + range.lowerBound
    let logits = arena.floats(slots.logits), n = range.count
    let isContiguous = Int(places[n - 1] - places[0]) == n - 1
    let first = Int(places[0])
    let input: UnsafePointer<Float>
    if isContiguous {
      input = x + first * width
    } else {
      let gathered = arena.floats(slots.x)
      Embedding.gather(gathered, table: x, indices: places, rows: n, width: width, on: team)
      input = UnsafePointer(gathered)
    }
    let head = Linear(inputs: width, outputs: vocabulary, layout: .outputsByInputs, weight: 0)
    if let products {
      products.multiply(logits, input, head, weight, isForward: true, rows: n, strideY: stride)
    } else {
      MatrixProduct.multiply(.nt, logits, input, weight, m: n, n: vocabulary, k: width, strideC: stride, on: team)
    }
    guard let gradients else {
      let means = arena.floats(slots.means) + range.lowerBound, entropies = arena.floats(slots.entropies) + range.lowerBound
      team.forEachBlock(of: n, size: ThreadTeam.rowBlock(width: vocabulary)) { block in
        if looks {
          ck_logit_statistics(
            nll + block.lowerBound, hits + block.lowerBound, means + block.lowerBound, entropies + block.lowerBound,
            logits + block.lowerBound * stride, targets + block.lowerBound, block.count, vocabulary, stride)
          return
        }
        ck_cross_entropy(
          nll + block.lowerBound, hits + block.lowerBound, logits + block.lowerBound * stride, targets + block.lowerBound, block.count,
          vocabulary, stride)
      }
      return
    }
    let dx = isContiguous ? gradients.dx + first * width : arena.floats(slots.dx)
    WorkClock.count(.loss) {
      team.forEachBlock(of: n, size: ThreadTeam.rowBlock(width: vocabulary)) { block in
        let at = block.lowerBound, weights = weights.map { $0 + range.lowerBound + at }
        if products != nil {
          ck_cross_entropy_gradient_bf16(
            logits + at * stride, nll + at, hits + at, targets + at, weights, gradients.scale, block.count, vocabulary, stride)
        } else {
          ck_cross_entropy_gradient(
            logits + at * stride, nll + at, hits + at, targets + at, weights, gradients.scale, block.count, vocabulary, stride)
        }
      }
    }
    if let products {
      // The gradient in bf16 lies in the logits' own rows.
      let rounded = UnsafePointer(arena.pointer(slots.logits, as: UInt16.self)), stride = 2 * stride
      if let dWeight = gradients.dWeight {
        let input = products.rounded(input, count: n * width, side: 1)
        products.accumulate(dWeight, rounded, input, m: vocabulary, n: width, rows: n, strideA: stride)
      }
      products.multiply(dx, rounded, head, weight, isForward: false, rows: n, strideX: stride)
    } else {
      if let dWeight = gradients.dWeight {
        MatrixProduct.multiply(.tn, dWeight, logits, input, m: vocabulary, n: width, k: n, strideA: stride, accumulate: true, on: team)
      }
      MatrixProduct.multiply(.nn, dx, logits, weight, m: n, n: width, k: vocabulary, strideA: stride, on: team)
    }
    if !isContiguous {
      team.forEachBlock(of: n, size: ThreadTeam.rowBlock(width: width)) { block in
        for row in block { (gradients.dx + Int(places[row]) * width).update(from: dx + row * width, count: width) }
      }
    }
  }

  private func scatter(_ count: Int, _ rows: Int, into look: HeadLook) {
    let places = arena.pointer(slots.rows, as: Int32.self), hits = arena.pointer(slots.hits, as: UInt8.self)
    look.meanLogits.update(repeating: 0, count: rows)
    look.entropies.update(repeating: 0, count: rows)
    look.hits.update(repeating: 0, count: rows)
    for index in 0..<count {
      let row = Int(places[index])
      look.meanLogits[row] = arena.floats(slots.means)[index]
      look.entropies[row] = arena.floats(slots.entropies)[index]
      look.hits[row] = hits[index]
    }
  }

  /// In the order of rows, in double.
  private func sum(
    _ count: Int, _ weights: UnsafePointer<Float>?, _ rows: Int, _ logProbabilities: UnsafeMutablePointer<Float>?
  ) -> LossSum {
    let places = arena.pointer(slots.rows, as: Int32.self), nll = arena.floats(slots.nll), hits = arena.pointer(slots.hits, as: UInt8.self)
    logProbabilities?.update(repeating: 0, count: rows)
    var sum = LossSum(targets: count)
    for index in 0..<count {
      sum.loss += Double(nll[index]) * Double(weights?[index] ?? 1)
      sum.hits += Int(hits[index])
      logProbabilities?[Int(places[index])] = -nll[index]
    }
    return sum
  }

  /// The plain version in double: −ln softmax(x Wᵀ)[target] of one row.
  package static func plain(x: [Double], weight: [Double], target: Int) -> Double {
    let logits = (0..<weight.count / x.count).map { token in (0..<x.count).reduce(0) { $0 + x[$1] * weight[token * x.count + $1] } }
    let greatest = logits.max() ?? 0
    return log(logits.reduce(0) { $0 + exp($1 - greatest) }) - (logits[target] - greatest)
  }
}
