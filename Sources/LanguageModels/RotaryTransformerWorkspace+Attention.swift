import Kernels

/// Attention of a layer, forward beside backward.
extension RotaryTransformerWorkspace {
  /// Queries and keys normalised and turned; in place in qkv, or apart where backward wants what was there before.
  func turn(
    _ qkv: UnsafeMutablePointer<Float>, _ layer: RotaryTransformer.Layer, _ table: RotaryTable, _ input: PassInput, _ run: ProjectionPass
  ) -> UnsafeMutablePointer<Float> {
    let d = model.dimensions, stride = layer.qkv.outputs
    var turned = qkv
    if let norms = layer.headNorms {
      turned = arena.floats(slots.turned)
      for (weight, start, heads) in [(norms.query, 0, d.headCount), (norms.key, d.headCount * d.headSize, d.keyValueHeadCount)] {
        HeadNorm.forward(
          turned + start, qkv + start, weight: run.parameter(weight), epsilon: Float(model.normEpsilon), rows: input.rows,
          rowStride: stride, heads: heads, headSize: d.headSize, on: plan.team)
      }
    }
    table.forward(
      turned, rowStride: stride, heads: d.headCount + d.keyValueHeadCount, positions: input.positions, rows: input.rows, on: plan.team)
    return turned
  }

  func attend(
    _ input: PassInput, _ index: Int, _ turned: UnsafeMutablePointer<Float>, _ qkv: UnsafeMutablePointer<Float>, _ cache: KeyValueCache?,
    _ run: ProjectionPass
  ) {
    let (q, k, v) = heads(turned, qkv, input.length), attended = rows(slots.attended.at(index, in: arena), input.length)
    let geometry = geometry(input, past: cache?.length ?? 0), lse = slots.lse.at(index, in: arena)
    let dropout = dropout(model.attentionDropout, input, Site.attention(index)), scratch = arena.floats(slots.attentionScratch)
    cache?.append(k, v, layer: index, length: input.length)
    let keys = cache?.keys(index) ?? k, values = cache?.values(index) ?? v
    if let mask, let parameters = model.layers[index].mask {
      DynamicMaskAttention.forward(
        attended, lse: lse, q, keys, values, mask.fill(index, parameters, values: v, input, run, cache: cache), geometry,
        first: firstKeys(input, index), dropout: dropout, products: plan.products, scratch: scratch, on: plan.team)
      attendPadding(input, attended, v)
    } else {
      CausalAttention.forward(
        attended, lse: lse, q, keys, values, geometry, first: firstKeys(input, index), dropout: dropout, products: plan.products,
        scratch: scratch, on: plan.team)
    }
  }

  /// Padding's own results count for nothing, except where a router mixes scores across tokens: there they are what transformers makes
  /// of them, whose mask leaves padding nothing to see and so the mean of all values. Training on such a batch does without.
  private func attendPadding(_ input: PassInput, _ attended: CausalAttention.Heads, _ v: CausalAttention.Heads) {
    guard let padding = input.leftPadding, model.blocks.experts?.mixture.split == .hf, !plan.isTraining else { return }
    let d = model.dimensions, size = d.headSize, group = d.headCount / d.keyValueHeadCount
    for b in 0..<input.batch where padding[b] > 0 {
      for head in 0..<d.headCount {
        for i in head * size..<(head + 1) * size {
          let value = head / group * size + i % size
          var sum = 0.0
          for t in 0..<input.length { sum += Double(v.base[b * v.batchStride + t * v.rowStride + value]) }
          for t in 0..<padding[b] {
            attended.base[b * attended.batchStride + t * attended.rowStride + i] = Float(sum / Double(input.length))
          }
        }
      }
    }
  }

  /// dqkv assigned, from the gradient of the attended values.
  func attendBackward(
    _ input: PassInput, _ index: Int, _ table: RotaryTable, dattended: UnsafeMutablePointer<Float>, dqkv: UnsafeMutablePointer<Float>,
    _ run: ProjectionPass
  ) {
    let d = model.dimensions, layer = model.layers[index], qkv = slots.qkv.at(index, in: arena)
    // Where heads are not normalised, qkv holds them as forward turned them.
    let turned = layer.headNorms == nil ? qkv : turn(qkv, layer, table, input, run)
    let (q, k, v) = heads(turned, qkv, input.length), (dq, dk, dv) = heads(dqkv, dqkv, input.length)
    let dout = rows(dattended, input.length), out = rows(slots.attended.at(index, in: arena), input.length)
    let lse = slots.lse.at(index, in: arena), geometry = geometry(input, past: 0), scratch = arena.floats(slots.attentionScratch)
    let dropout = dropout(model.attentionDropout, input, Site.attention(index))
    if let mask, let parameters = layer.mask {
      DynamicMaskAttention.backward(
        dq: dq, dk: dk, dv: dv, dm: mask.maskGradient, dout: dout, out: out, lse: lse, q, k, v, mask.mask(index, input), geometry,
        first: firstKeys(input, index), dropout: dropout, products: plan.products, scratch: scratch, on: plan.team)
      mask.backward(index, parameters, values: v, dv: dv, input, run)
    } else {
      CausalAttention.backward(
        dq: dq, dk: dk, dv: dv, dout: dout, out: out, lse: lse, q, k, v, geometry, first: firstKeys(input, index), dropout: dropout,
        products: plan.products, scratch: scratch, on: plan.team)
    }
    table.backward(
      dqkv, rowStride: layer.qkv.outputs, heads: d.headCount + d.keyValueHeadCount, positions: input.positions, rows: input.rows,
      on: plan.team)
    guard let norms = layer.headNorms else { return }
    for (weight, start, heads) in [(norms.query, 0, d.headCount), (norms.key, d.headCount * d.headSize, d.keyValueHeadCount)] {
      HeadNorm.backward(
        dyThenDx: dqkv + start, dWeight: run.gradient(weight), qkv + start, weight: run.parameter(weight),
        epsilon: Float(model.normEpsilon), rows: input.rows, rowStride: layer.qkv.outputs, heads: heads, headSize: d.headSize,
        scratch: arena.floats(slots.normScratch), on: plan.team)
    }
  }

  // Windows that slide.

  /// The first key of each position where the window slides; the layers share it, and backward finds it as forward left it.
  func slideWindow(_ input: PassInput, past: Int) {
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
}
