import Kernels

/// The buffers of a RotaryTransformer and its passes, N = rows, h = hidden, H and G = heads of queries and of keys, d = head size, I = intermediate.
package final class RotaryTransformerWorkspace: DecoderWorkspace {
  struct Slots {
    var layout = ArenaLayout()
    /// (layers + 1, N, h): the residual stream before each layer and after the last.
    let x: LayerSlot
    /// (layers, N, h): the residual stream between attention and MLP.
    let middle: LayerSlot
    /// (layers + 1, N): 1/root mean square, of the input norms and the final one.
    let inputScale: LayerSlot
    let postScale: LayerSlot
    /// (layers, N, (H + 2G) d): after rotation, unless heads are normalised.
    let qkv: LayerSlot
    /// (N, (H + 2G) d): where heads are normalised, queries and keys after norm and rotation. Backward makes them again from qkv.
    let turned: ArenaSlot
    /// (layers, N, H d)
    let attended: LayerSlot
    /// (layers, batch, H, length)
    let lse: LayerSlot
    /// (layers, N, 2 I)
    let gateUp: LayerSlot
    /// (N, h): a norm's output; in backward its gradient, and that of the attended values.
    let normed: ArenaSlot
    /// (N, I)
    let inner: ArenaSlot
    /// (N, h): the gradient of the residual stream.
    let dx: ArenaSlot
    /// (N, max(2 I, (H + 2G) d)): the gradient of gateUp or of qkv.
    let dwide: ArenaSlot
    let attentionScratch: ArenaSlot
    let normScratch: ArenaSlot
    /// (N): the first key of each position in layers whose window slides.
    let windowFirsts: ArenaSlot
  }

  static func slots(_ model: RotaryTransformer, _ plan: WorkspacePlan) -> Slots {
    let d = model.dimensions, n = plan.rows, training = plan.isTraining
    let queries = d.headCount * d.headSize, wide = queries + 2 * d.keyValueHeadCount * d.headSize
    var layout = ArenaLayout()
    func layered(_ count: Int, _ layers: Int, isExact: Bool = false, isResidual: Bool = false) -> LayerSlot {
      LayerSlot(&layout, floats: count, layers: layers, plan, isExact: isExact, isResidual: isResidual)
    }
    var slots = Slots(
      x: layered(n * d.hiddenSize, d.layerCount + 1, isResidual: true), middle: layered(n * d.hiddenSize, d.layerCount, isExact: true),
      inputScale: layered(n, d.layerCount + 1, isExact: true), postScale: layered(n, d.layerCount, isExact: true), qkv: layered(n * wide, d.layerCount),
      turned: layout.floats(model.blocks.normalisesHeads ? n * wide : 0),
      attended: layered(n * queries, d.layerCount), lse: layered(n * d.headCount, d.layerCount, isExact: true),
      gateUp: layered(n * 2 * d.intermediateSize, d.layerCount), normed: layout.floats(n * max(d.hiddenSize, queries)),
      inner: layout.floats(n * d.intermediateSize), dx: layout.floats(training ? n * d.hiddenSize : 0),
      dwide: layout.floats(training ? n * max(2 * d.intermediateSize, wide) : 0),
      attentionScratch: layout.floats(CausalAttention.scratchCount(keys: plan.keys, on: plan.team)),
      normScratch: layout.floats(
        training ? max(RMSNorm.scratchCount(width: d.hiddenSize), HeadNorm.scratchCount(headSize: d.headSize)) : 0),
      windowFirsts: layout.reserve(Int32.self, model.blocks.window == nil ? 0 : n))
    slots.layout = layout
    return slots
  }

  private let model: RotaryTransformer
  private let plan: WorkspacePlan
  private let slots: Slots
  private let arena: Arena
  private var rotary: RotaryCache

  init(_ model: RotaryTransformer, _ plan: WorkspacePlan) throws(ArenaError) {
    self.model = model
    self.plan = plan
    slots = Self.slots(model, plan)
    arena = try Arena(slots.layout)
    rotary = RotaryCache(model.rotary, headSize: model.dimensions.headSize, length: min(plan.keys, 4096))
  }

  // Forward.

  package func forward(
    _ input: PassInput, parameters p: Weights, cache: KeyValueCache?
  ) -> UnsafeMutablePointer<Float> {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, epsilon = Float(model.normEpsilon), team = plan.team
    let normed = arena.floats(slots.normed), table = rotary.table(for: input)
    slideWindow(input, past: cache?.length ?? 0)
    Embedding.gather(slots.x.at(0, in: arena), table: p + model.embedding, indices: input.tokens, rows: n, width: h, on: team)
    for index in model.layers.indices {
      forward(layer: index, input, table, p, cache)
      for slot in kept { slot.keep(index, in: arena, on: team) }
    }
    RMSNorm.forward(
      normed, rstd: slots.inputScale.at(d.layerCount, in: arena), slots.x.at(d.layerCount, in: arena), weight: p + model.finalNorm,
      epsilon: epsilon, rows: n, width: h, on: team)
    return normed
  }

  /// One layer, from x to the next x; `isAgain` where backward wants its activations once more.
  private func forward(
    layer index: Int, _ input: PassInput, _ table: RotaryTable, _ p: Weights, _ cache: KeyValueCache?, isAgain: Bool = false
  ) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, epsilon = Float(model.normEpsilon), team = plan.team
    let normed = arena.floats(slots.normed), inner = arena.floats(slots.inner), layer = model.layers[index]
    let x = slots.x.at(index, in: arena), middle = slots.middle.at(index, in: arena), next = slots.x.at(index + 1, in: arena)
    let qkv = slots.qkv.at(index, in: arena), attended = slots.attended.at(index, in: arena)
    let gateUp = slots.gateUp.at(index, in: arena)
    RMSNorm.forward(
      normed, rstd: slots.inputScale.at(index, in: arena), x, weight: p + layer.inputNorm, epsilon: epsilon, rows: n, width: h, on: team)
    layer.qkv.linear.forward(qkv, normed, parameters: p, rows: n, on: team)
    attend(input, index, turn(qkv, layer, table, input, p), qkv, cache)
    layer.output.linear.forward(middle, attended, parameters: p, rows: n, on: team)
    RMSNorm.forward(
      normed, rstd: slots.postScale.at(index, in: arena), middle, adding: x, weight: p + layer.postNorm, epsilon: epsilon, rows: n,
      width: h, on: team)
    layer.gateUp.linear.forward(gateUp, normed, parameters: p, rows: n, on: team)
    if isAgain { return }  // backward makes the rest itself
    SwiGLU.forward(inner, gateUp: gateUp, rows: n, width: d.intermediateSize, on: team)
    layer.down.linear.forward(next, inner, parameters: p, rows: n, on: team)
    Elementwise.add(next, next, middle, count: n * h, on: team)
  }

  /// The buffers that a layer puts away rounded.
  private var kept: [LayerSlot] { [slots.qkv, slots.attended, slots.gateUp] }

  /// Brings a layer's activations back for its backward pass.
  private func restore(_ index: Int, _ input: PassInput, _ table: RotaryTable, _ p: Weights) {
    switch plan.keeping {
    case .floats: break
    case .rounded: for slot in kept { slot.restore(index, in: arena, on: plan.team) }
    case .recomputed: forward(layer: index, input, table, p, nil, isAgain: true)
    }
  }

  /// Queries and keys normalised and turned; in place in qkv, or apart where backward wants what was there before.
  private func turn(
    _ qkv: UnsafeMutablePointer<Float>, _ layer: RotaryTransformer.Layer, _ table: RotaryTable, _ input: PassInput,
    _ p: Weights
  ) -> UnsafeMutablePointer<Float> {
    let d = model.dimensions, stride = layer.qkv.outputs
    var turned = qkv
    if let norms = layer.headNorms {
      turned = arena.floats(slots.turned)
      for (weight, start, heads) in [(norms.query, 0, d.headCount), (norms.key, d.headCount * d.headSize, d.keyValueHeadCount)] {
        HeadNorm.forward(
          turned + start, qkv + start, weight: p + weight, epsilon: Float(model.normEpsilon), rows: input.rows, rowStride: stride,
          heads: heads, headSize: d.headSize, on: plan.team)
      }
    }
    table.forward(
      turned, rowStride: stride, heads: d.headCount + d.keyValueHeadCount, positions: input.positions, rows: input.rows, on: plan.team)
    return turned
  }

  private func attend(
    _ input: PassInput, _ layer: Int, _ turned: UnsafeMutablePointer<Float>, _ qkv: UnsafeMutablePointer<Float>, _ cache: KeyValueCache?
  ) {
    let (q, k, v) = heads(turned, qkv, input.length)
    cache?.append(k, v, layer: layer, length: input.length)
    CausalAttention.forward(
      rows(slots.attended.at(layer, in: arena), input.length), lse: slots.lse.at(layer, in: arena), q, cache?.keys(layer) ?? k,
      cache?.values(layer) ?? v, geometry(input, past: cache?.length ?? 0), first: firstKeys(input, layer),
      dropout: dropout(input, layer), scratch: arena.floats(slots.attentionScratch), on: plan.team)
  }

  /// The first key of each position where the window slides; the layers share it, and backward finds it as forward left it.
  private func slideWindow(_ input: PassInput, past: Int) {
    guard let width = model.blocks.window?.width else { return }
    let firsts = arena.pointer(slots.windowFirsts, as: Int32.self)
    for row in 0..<input.rows {
      firsts[row] = max(input.firstKeys?[row] ?? 0, Int32(past + row % input.length - width + 1))
    }
  }

  private func firstKeys(_ input: PassInput, _ layer: Int) -> UnsafePointer<Int32>? {
    guard let window = model.blocks.window, window.layers[layer] else { return input.firstKeys }
    return UnsafePointer(arena.pointer(slots.windowFirsts, as: Int32.self))
  }

  // Backward: the same steps from the last to the first.

  package var hiddenGradient: UnsafeMutablePointer<Float> { arena.floats(slots.normed) }

  package func backward(_ input: PassInput, parameters p: Weights, gradients g: UnsafeMutablePointer<Float>) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, team = plan.team
    let dnormed = arena.floats(slots.normed), dinner = arena.floats(slots.inner), dx = arena.floats(slots.dx)
    let dwide = arena.floats(slots.dwide), normScratch = arena.floats(slots.normScratch), table = rotary.table(for: input)
    Elementwise.clear(dx, count: n * h, on: team)
    RMSNorm.backward(
      dx: dx, dWeight: g + model.finalNorm, dyThenY: dnormed, slots.x.at(d.layerCount, in: arena),
      rstd: slots.inputScale.at(d.layerCount, in: arena), weight: p + model.finalNorm, rows: n, width: h, scratch: normScratch, on: team)
    for (index, layer) in model.layers.enumerated().reversed() {
      restore(index, input, table, p)
      layer.down.linear.backwardInput(dinner, dx, parameters: p, rows: n, on: team)
      SwiGLU.backward(
        dGateUp: dwide, dhThenH: dinner, gateUp: slots.gateUp.at(index, in: arena), rows: n, width: d.intermediateSize, on: team)
      layer.down.linear.backwardWeight(gradients: g, parameters: p, dx, dinner, rows: n, on: team)
      layer.gateUp.linear.backwardInput(dnormed, dwide, parameters: p, rows: n, on: team)
      RMSNorm.backward(
        dx: dx, dWeight: g + layer.postNorm, dyThenY: dnormed, slots.middle.at(index, in: arena),
        rstd: slots.postScale.at(index, in: arena), weight: p + layer.postNorm, rows: n, width: h, scratch: normScratch, on: team)
      layer.gateUp.linear.backwardWeight(gradients: g, parameters: p, dwide, dnormed, rows: n, on: team)

      layer.output.linear.backwardWeight(gradients: g, parameters: p, dx, slots.attended.at(index, in: arena), rows: n, on: team)
      layer.output.linear.backwardInput(dnormed, dx, parameters: p, rows: n, on: team)
      attendBackward(input, index, table, dattended: dnormed, dqkv: dwide, p, g)
      layer.qkv.linear.backwardInput(dnormed, dwide, parameters: p, rows: n, on: team)
      RMSNorm.backward(
        dx: dx, dWeight: g + layer.inputNorm, dyThenY: dnormed, slots.x.at(index, in: arena),
        rstd: slots.inputScale.at(index, in: arena), weight: p + layer.inputNorm, rows: n, width: h, scratch: normScratch, on: team)
      layer.qkv.linear.backwardWeight(gradients: g, parameters: p, dwide, dnormed, rows: n, on: team)
    }
    Embedding.scatterAdd(
      dTable: g + model.embedding, dx, indices: input.tokens, ignoring: model.specialTokens.padding, rows: n, width: h, on: team)
  }

  private func attendBackward(
    _ input: PassInput, _ index: Int, _ table: RotaryTable, dattended: UnsafeMutablePointer<Float>, dqkv: UnsafeMutablePointer<Float>,
    _ p: Weights, _ g: UnsafeMutablePointer<Float>
  ) {
    let d = model.dimensions, layer = model.layers[index], qkv = slots.qkv.at(index, in: arena)
    // Where heads are not normalised, qkv holds them as forward turned them.
    let turned = layer.headNorms == nil ? qkv : turn(qkv, layer, table, input, p)
    let (q, k, v) = heads(turned, qkv, input.length), (dq, dk, dv) = heads(dqkv, dqkv, input.length)
    CausalAttention.backward(
      dq: dq, dk: dk, dv: dv, dout: rows(dattended, input.length), out: rows(slots.attended.at(index, in: arena), input.length),
      lse: slots.lse.at(index, in: arena), q, k, v, geometry(input, past: 0), first: firstKeys(input, index),
      dropout: dropout(input, index), scratch: arena.floats(slots.attentionScratch), on: plan.team)
    table.backward(
      dqkv, rowStride: layer.qkv.outputs, heads: d.headCount + d.keyValueHeadCount, positions: input.positions, rows: input.rows,
      on: plan.team)
    guard let norms = layer.headNorms else { return }
    for (weight, start, heads) in [(norms.query, 0, d.headCount), (norms.key, d.headCount * d.headSize, d.keyValueHeadCount)] {
      HeadNorm.backward(
        dyThenDx: dqkv + start, dWeight: g + weight, qkv + start, weight: p + weight, epsilon: Float(model.normEpsilon),
        rows: input.rows, rowStride: layer.qkv.outputs, heads: heads, headSize: d.headSize, scratch: arena.floats(slots.normScratch),
        on: plan.team)
    }
  }

  // Where attention finds its operands.

  private func geometry(_ input: PassInput, past: Int) -> CausalAttention.Geometry {
    let d = model.dimensions
    return CausalAttention.Geometry(
      batch: input.batch, queries: input.length, keys: past + input.length, heads: d.headCount, keyValueHeads: d.keyValueHeadCount,
      headSize: d.headSize, scale: 1 / Float(d.headSize).squareRoot())
  }

  /// Queries and keys lie in `turned`, values in `qkv`, with the same strides.
  private func heads(
    _ turned: UnsafeMutablePointer<Float>, _ qkv: UnsafeMutablePointer<Float>, _ length: Int
  ) -> (q: CausalAttention.Heads, k: CausalAttention.Heads, v: CausalAttention.Heads) {
    let d = model.dimensions, queries = d.headCount * d.headSize, keys = d.keyValueHeadCount * d.headSize
    let stride = queries + 2 * keys
    func part(_ base: UnsafeMutablePointer<Float>) -> CausalAttention.Heads {
      CausalAttention.Heads(base, rowStride: stride, batchStride: length * stride)
    }
    return (part(turned), part(turned + queries), part(qkv + queries + keys))
  }

  private func rows(_ attended: UnsafeMutablePointer<Float>, _ length: Int) -> CausalAttention.Heads {
    let width = model.dimensions.headCount * model.dimensions.headSize
    return CausalAttention.Heads(attended, rowStride: width, batchStride: length * width)
  }

  private func dropout(_ input: PassInput, _ layer: Int) -> Dropout? {
    input.dropout.flatMap { Dropout(probability: model.attentionDropout, key: $0, site: UInt32(layer)) }
  }
}
