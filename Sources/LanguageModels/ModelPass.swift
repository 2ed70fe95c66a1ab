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

  private let workspace: any DecoderWorkspace
  private let adapter: LoRA?
  private let head: HeadLoss
  private let arena: Arena
  private let slots: Slots

  private struct Slots {
    var layout = ArenaLayout()
    let tokens, positions, firstKeys, targets, weights: ArenaSlot
  }

  package init(_ model: LanguageModel, rows: Int, length: Int, purpose: Purpose) throws(ModelError) {
    self.model = model
    self.rows = rows
    self.length = length
    self.purpose = purpose
    adapter = model.adapter
    slots = Self.slots(rows)
    let dimensions = model.dimensions
    do {
      workspace = try model.decoder.makeWorkspace(Self.plan(rows, length, purpose, model.team, model.adapter?.layout))
      head = try HeadLoss(vocabulary: dimensions.vocabularySize, width: dimensions.hiddenSize, capacity: rows)
      arena = try Arena(slots.layout)
    } catch {
      throw ModelError(.outOfMemory, error.description)
    }
  }

  /// Bytes that a pass takes, before it is made.
  package static func byteCount(
    _ configuration: ModelConfiguration, rows: Int, length: Int, purpose: Purpose, adapter: LoRALayout? = nil, on team: ThreadTeam
  ) -> Int {
    let d = configuration.dimensions
    return configuration.decoder.workspaceByteCount(plan(rows, length, purpose, team, adapter)) + slots(rows).layout.byteCount
      + HeadLoss.byteCount(vocabulary: d.vocabularySize, width: d.hiddenSize, capacity: rows)
  }

  private static func plan(
    _ rows: Int, _ length: Int, _ purpose: Purpose, _ team: ThreadTeam, _ adapter: LoRALayout?
  ) -> WorkspacePlan {
    WorkspacePlan(rows: rows, keys: length, isTraining: purpose == .training, team: team, adapter: adapter)
  }

  private static func slots(_ rows: Int) -> Slots {
    var layout = ArenaLayout()
    var slots = Slots(
      tokens: layout.reserve(Int32.self, rows), positions: layout.reserve(Int32.self, rows), firstKeys: layout.reserve(Int32.self, rows),
      targets: layout.reserve(Int32.self, rows), weights: layout.floats(rows))
    slots.layout = layout
    return slots
  }

  private var parameters: PassParameters {
    PassParameters(model: model.parameters.base, adapter: adapter.map { UnsafePointer($0.parameters.base) })
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
    var input = try load(microBatch, dropout: dropout)
    // Each micro-batch has the share of the whole batch that its targets have.
    input.auxiliaryScale = Double(gradientScale) * Double(microBatch.targetCount)
    let hidden = workspace.forward(input, parameters: parameters, cache: nil)
    // The gradient of the hidden states takes their place in memory: HeadLoss reads a chunk before it writes it.
    var sum = runHead(
      hidden, microBatch,
      gradients: HeadLoss.Gradients(
        dx: workspace.hiddenGradient, dWeight: adapter == nil ? gradients.base + model.decoder.headWeight : nil, scale: gradientScale))
    workspace.backward(input, parameters: parameters, gradients: adapter == nil ? .model(gradients.base) : .adapter(gradients.base))
    sum.auxiliary = workspace.auxiliaryLoss * Double(sum.targets)
    return sum
  }

  /// The loss without gradients, dropout off.
  package func evaluate(_ microBatch: MicroBatch) throws(ModelError) -> LossSum {
    let input = try load(microBatch, dropout: nil)
    var sum = runHead(workspace.forward(input, parameters: parameters, cache: nil), microBatch)
    sum.auxiliary = workspace.auxiliaryLoss * Double(sum.targets)
    return sum
  }

  /// ln p(target) of each position (batch, length), 0 where there is none; dropout off.
  package func logProbabilities(_ microBatch: MicroBatch) throws(ModelError) -> [Float] {
    let input = try load(microBatch, dropout: nil)
    let hidden = workspace.forward(input, parameters: parameters, cache: nil)
    return [Float](unsafeUninitializedCapacity: input.rows) { buffer, count in
      _ = runHead(hidden, microBatch, logProbabilities: buffer.baseAddress)
      count = input.rows
    }
  }

  /// The logits of each position, (batch · length, vocabulary); dropout off.
  package func logits(_ microBatch: MicroBatch) throws(ModelError) -> [Float] {
    let input = try load(microBatch, dropout: nil)
    let hidden = workspace.forward(input, parameters: parameters, cache: nil)
    let d = model.dimensions
    return [Float](unsafeUninitializedCapacity: input.rows * d.vocabularySize) { buffer, count in
      MatrixProduct.multiply(
        .nt, buffer.baseAddress!, hidden, model.parameters.base + model.decoder.headWeight,  // rows > 0 was checked: not empty
        m: input.rows, n: d.vocabularySize, k: d.hiddenSize, on: model.team)
      count = input.rows * d.vocabularySize
    }
  }

  private func runHead(
    _ hidden: UnsafePointer<Float>, _ microBatch: MicroBatch, gradients: HeadLoss.Gradients? = nil,
    logProbabilities: UnsafeMutablePointer<Float>? = nil
  ) -> LossSum {
    head.run(
      hidden, weight: model.parameters.base + model.decoder.headWeight, targets: arena.pointer(slots.targets, as: Int32.self),
      weights: microBatch.weights == nil ? nil : UnsafePointer(arena.floats(slots.weights)), rows: microBatch.rows,
      gradients: gradients, logProbabilities: logProbabilities, on: model.team)
  }

  /// Checks the micro-batch and copies it to where the pass reads it.
  private func load(_ microBatch: MicroBatch, dropout: Dropout.Key?) throws(ModelError) -> PassInput {
    try microBatch.check(model.dimensions)
    guard microBatch.rows <= rows, microBatch.length <= length else {
      throw ModelError(
        .invalidInput,
        "A micro-batch of \(microBatch.batch)×\(microBatch.length) tokens does not fit a pass made for \(rows) rows of at most \(length).")
    }
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

  private func copy<Element>(_ array: [Element], to pointer: UnsafeMutablePointer<Element>) {
    array.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      pointer.update(from: base, count: buffer.count)
    }
  }
}
