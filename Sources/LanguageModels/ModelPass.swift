import Kernels

/// The buffers of passes through a model and the passes themselves. Made once for the greatest micro-batch that is to come: a step
/// allocates nothing.
package final class ModelPass {
  package enum Purpose: Sendable {
    /// Forward and backward; the activations of all layers are kept.
    case training
    /// Forward alone; one layer's buffers serve all.
    case scoring
  }

  package let model: LanguageModel
  /// Most rows (batch × length) of a micro-batch.
  package let rows: Int
  /// Longest sequence.
  package let length: Int
  package let purpose: Purpose
  /// Neighbouring sequences that belong together, as the two of a pair: they are never parted into pieces.
  package let group: Int

  /// Rows that go through the layers together. A greater micro-batch goes in pieces of whole sequences, whose gradients add up: memory
  /// stays that of a piece, and a layer's buffers nearer to the processor. From some 1,000 rows on products are as fast as they get, in
  /// wide layers from 500 on (768 wide: 1 % slower with half the rows), but for those whose weights are rounded anew for each piece: 6 %
  /// of GPT-2 small's steps. That is for up to 15 threads; for each 8 a piece has as many rows more, so that there is work for all of
  /// them: attention has a task a sequence and head.
  private static func pieceRows(_ configuration: ModelConfiguration, _ precision: Precision, on team: ThreadTeam) -> Int {
    let keepsWeights = precision == .float32 || BFloat16Products.keepsCopies(parameters: configuration.decoder.layout.parameterCount)
    return (configuration.dimensions.hiddenSize >= 768 && keepsWeights ? 512 : 1_024) * max(team.count / 8, 1)
  }
  private let pieceRows: Int
  /// 1 / temperature: what the logits are multiplied with.
  let logitScale: Float
  let workspace: any DecoderWorkspace
  let adapter: LoRA?
  private let head: HeadLoss
  let arena: Arena
  let slots: Slots

  struct Slots {
    var layout = ArenaLayout()
    let tokens, positions, firstKeys, targets, weights: ArenaSlot
  }

  /// - recomputing: activations are made again in backward instead of being kept.
  /// - group: neighbouring sequences that a micro-batch is not parted between.
  /// - temperature: the logits of scores, and of what is accumulated by them, are divided by it.
  /// - withoutAdapter: the model as it is without the adapter that trains beside it.
  package init(
    _ model: LanguageModel, rows: Int, length: Int, purpose: Purpose, recomputing: Bool = false, group: Int = 1, temperature: Double = 1,
    withoutAdapter: Bool = false
  ) throws(ModelError) {
    self.model = model
    self.group = group
    logitScale = Float(1 / temperature)
    self.rows = rows
    self.length = length
    self.purpose = purpose
    adapter = withoutAdapter ? nil : model.adapter
    let dimensions = model.dimensions
    let plan = Self.plan(
      model.configuration, rows, length, purpose, model.precision, recomputing, adapter?.layout, model.team, group)
    pieceRows = plan.rows
    slots = Self.slots(pieceRows)
    do {
      workspace = try model.decoder.makeWorkspace(plan)
      head = try HeadLoss(vocabulary: dimensions.vocabularySize, width: dimensions.hiddenSize, capacity: pieceRows)
      arena = try Arena(slots.layout)
    } catch {
      throw ModelError(.outOfMemory, error.description)
    }
  }

  /// Bytes that a pass takes, before it is made; rounded copies of weights for products in bf16 not counted.
  package static func byteCount(
    _ configuration: ModelConfiguration, rows: Int, length: Int, purpose: Purpose, precision: Precision = .float32,
    recomputing: Bool = false, adapter: LoRALayout? = nil, group: Int = 1, on team: ThreadTeam
  ) -> Int {
    let d = configuration.dimensions, plan = plan(configuration, rows, length, purpose, precision, recomputing, adapter, team, group)
    return configuration.decoder.workspaceByteCount(plan) + slots(plan.rows).layout.byteCount
      + HeadLoss.byteCount(vocabulary: d.vocabularySize, width: d.hiddenSize, capacity: plan.rows)
  }

  private static func plan(
    _ configuration: ModelConfiguration, _ rows: Int, _ length: Int, _ purpose: Purpose, _ precision: Precision, _ recomputing: Bool,
    _ adapter: LoRALayout?, _ team: ThreadTeam, _ group: Int
  ) -> WorkspacePlan {
    let piece = max(pieceRows(configuration, precision, on: team) / max(length, 1) / group, 1) * group * length
    return WorkspacePlan(
      rows: configuration.decoder.sequencesAreIndependent ? min(rows, piece) : rows, keys: length, isTraining: purpose == .training,
      keeping: recomputing ? .recomputed : precision == .bfloat16 ? .rounded : .floats, products: precision, team: team, adapter: adapter)
  }

  private static func slots(_ rows: Int) -> Slots {
    var layout = ArenaLayout()
    var slots = Slots(
      tokens: layout.reserve(Int32.self, rows), positions: layout.reserve(Int32.self, rows), firstKeys: layout.reserve(Int32.self, rows),
      targets: layout.reserve(Int32.self, rows), weights: layout.floats(rows))
    slots.layout = layout
    return slots
  }

  var parameters: PassParameters {
    PassParameters(model: model.weights, adapter: adapter.map { UnsafePointer($0.parameters.base) })
  }

  /// Forward and backward: gradients += gradientScale · d(Σ loss)/d(parameters), in the layout of what trains.
  ///
  /// - gradientScale: 1 / the targets of the whole accumulated batch makes the sum over its micro-batches that batch's mean, as
  ///   transformers does with num_items_in_batch.
  /// - dropout: nil trains without.
  package func accumulate(
    _ microBatch: MicroBatch, into gradients: ParameterStore, gradientScale: Float, dropout: Dropout.Key? = nil
  ) throws(ModelError) -> LossSum {
    precondition(purpose == .training, "a pass for scoring keeps nothing to go back through")
    let parameters = parameters
    var sum = LossSum()
    for (number, piece) in try pieces(microBatch).enumerated() {
      var input = load(piece, dropout: dropout?.piece(number))
      // Each micro-batch has the share of the whole batch that its targets have.
      input.auxiliaryScale = Double(gradientScale) * Double(piece.targetCount)
      let hidden = workspace.forward(input, parameters: parameters, cache: nil)
      // The gradient of the hidden states takes their place in memory: HeadLoss reads a chunk before it writes it.
      var part = runHead(
        hidden, piece,
        gradients: HeadLoss.Gradients(
          dx: workspace.hiddenGradient, dWeight: adapter == nil ? gradients.base + model.decoder.headWeight : nil, scale: gradientScale))
      workspace.backward(input, parameters: parameters, gradients: adapter == nil ? .model(gradients.base) : .adapter(gradients.base))
      part.auxiliary = workspace.auxiliaryLoss * Double(part.targets)
      sum += part
    }
    return sum
  }

  /// The loss without gradients, dropout off.
  package func evaluate(_ microBatch: MicroBatch) throws(ModelError) -> LossSum {
    let parameters = parameters
    var sum = LossSum()
    for piece in try pieces(microBatch) {
      var part = runHead(workspace.forward(load(piece, dropout: nil), parameters: parameters, cache: nil), piece)
      part.auxiliary = workspace.auxiliaryLoss * Double(part.targets)
      sum += part
    }
    return sum
  }

  /// ln p(target) of each position (batch, length), 0 where there is none; dropout off.
  package func logProbabilities(_ microBatch: MicroBatch) throws(ModelError) -> [Float] {
    let parameters = parameters
    var all: [Float] = []
    for piece in try pieces(microBatch) {
      let hidden = workspace.forward(load(piece, dropout: nil), parameters: parameters, cache: nil)
      all += [Float](unsafeUninitializedCapacity: piece.rows) { buffer, count in
        _ = runHead(hidden, piece, logProbabilities: buffer.baseAddress)
        count = piece.rows
      }
    }
    return all
  }

  /// The logits of each position, (batch · length, vocabulary), in f32; dropout off.
  package func logits(_ microBatch: MicroBatch) throws(ModelError) -> [Float] {
    let parameters = parameters, d = model.dimensions
    var all: [Float] = []
    all.reserveCapacity(microBatch.rows * d.vocabularySize)
    for piece in try pieces(microBatch) {
      let hidden = workspace.forward(load(piece, dropout: nil), parameters: parameters, cache: nil)
      all += [Float](unsafeUninitializedCapacity: piece.rows * d.vocabularySize) { buffer, count in
        MatrixProduct.multiply(
          .nt, buffer.baseAddress!, hidden, parameters.model + model.decoder.headWeight,  // rows > 0 was checked: not empty
          m: piece.rows, n: d.vocabularySize, k: d.hiddenSize, on: model.team)
        count = piece.rows * d.vocabularySize
      }
    }
    return all
  }

  func runHead(
    _ hidden: UnsafePointer<Float>, _ microBatch: MicroBatch, gradients: HeadLoss.Gradients? = nil,
    weights rowWeights: Bool? = nil, logProbabilities: UnsafeMutablePointer<Float>? = nil, look: HeadLook? = nil
  ) -> LossSum {
    let weights = model.weights
    return head.run(
      hidden, weight: weights + model.decoder.headWeight, products: weights.products, targets: arena.pointer(slots.targets, as: Int32.self),
      weights: rowWeights ?? (microBatch.weights != nil) ? UnsafePointer(arena.floats(slots.weights)) : nil, rows: microBatch.rows,
      gradients: gradients, logProbabilities: logProbabilities, look: look, on: model.team)
  }

  /// Checks the micro-batch and cuts it into what goes through the layers together.
  func pieces(_ microBatch: MicroBatch) throws(ModelError) -> [MicroBatch] {
    try microBatch.check(model.dimensions)
    guard microBatch.rows <= rows, microBatch.length <= length else {
      throw ModelError(
        .invalidInput,
        "A micro-batch of \(microBatch.batch)×\(microBatch.length) tokens does not fit a pass made for \(rows) rows of at most \(length).")
    }
    return microBatch.pieces(of: max(1, pieceRows / microBatch.length / group) * group)
  }

  /// Copies a piece to where the pass reads it.
  func load(_ microBatch: MicroBatch, dropout: Dropout.Key?) -> PassInput {
    let tokens = arena.pointer(slots.tokens, as: Int32.self), positions = arena.pointer(slots.positions, as: Int32.self)
    let firstKeys = arena.pointer(slots.firstKeys, as: Int32.self)
    copy(microBatch.tokens, to: tokens)
    copy(microBatch.targets, to: arena.pointer(slots.targets, as: Int32.self))
    if let weights = microBatch.weights { copy(weights, to: arena.floats(slots.weights)) }
    microBatch.place(positions: positions, firstKeys: firstKeys)
    var input = PassInput(
      batch: microBatch.batch, length: microBatch.length, tokens: tokens, positions: positions,
      firstKeys: microBatch.isPlain ? nil : UnsafePointer(firstKeys), dropout: dropout)
    if let padding = microBatch.leftPadding, padding.contains(where: { $0 > 0 }) { input.leftPadding = padding }
    return input
  }

  func copy<Element>(_ array: [Element], to pointer: UnsafeMutablePointer<Element>) {
    array.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      pointer.update(from: base, count: buffer.count)
    }
  }
}
