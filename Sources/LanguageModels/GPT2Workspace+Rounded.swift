import Kernels

/// A layer in training with products in bf16: the same steps as elsewhere, but what goes into a product is rounded by the kernel that makes
/// it, and once for the two products that take a gradient; biases are added and their gradients summed on the way.
extension GPT2Workspace {
  /// What the norm before a layer adds to the branch of the layer before it: the residual stream that skipped that branch.
  func skipped(to index: Int) -> UnsafePointer<Float>? {
    index > 0 ? UnsafePointer(slots.middle.at(index - 1, in: arena)) : nil
  }

  /// One layer, from x to the next x, which wants what skipped its MLP added.
  func forwardRounded(layer index: Int, _ input: PassInput, _ run: ProjectionPass) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, team = plan.team, layer = model.layers[index], p = run.parameters.model
    let exact = arena.floats(slots.normed), normed = rounded(slots.roundedNormed), activated = rounded(slots.roundedActivated)
    let x = slots.x.at(index, in: arena), middle = slots.middle.at(index, in: arena), next = slots.x.at(index + 1, in: arena)
    let inner = slots.inner.at(index, in: arena), attended = slots.attended.rounded(index, in: arena)
    normalise(
      exact, rounded: normed, slots.attentionStatistics.at(index, in: arena), x, adding: skipped(to: index), layer.attentionNorm, p, n)
    run.forward(layer.qkv, slots.qkv.at(index, in: arena), rounded: normed)
    attend(input, index, nil)
    Conversion.floatToBFloat16(attended, slots.attended.at(index, in: arena), count: n * h, on: team)
    run.forward(layer.attentionOutput, middle, rounded: attended)
    dropout(model.residualDropout, input, Site.attentionOutput(index))?.apply(middle, middle, count: n * h, on: team)
    normalise(exact, rounded: normed, slots.mlpStatistics.at(index, in: arena), middle, adding: x, layer.mlpNorm, p, n)
    run.forward(layer.up, inner, rounded: normed, withBias: false)
    GELU.forwardRounded(
      activated, keeping: slots.inner.rounded(index, in: arena), inner, bias: p + bias(layer.up), rows: n, width: d.intermediateSize,
      on: team)
    run.forward(layer.down, next, rounded: activated)
    dropout(model.residualDropout, input, Site.mlpOutput(index))?.apply(next, next, count: n * h, on: team)
  }

  /// The layer's backward pass; `dx` is the gradient of its output and then of its input, `roundedDx` the same in bf16.
  func backwardRounded(layer index: Int, _ input: PassInput, _ run: ProjectionPass) {
    let d = model.dimensions, n = input.rows, team = plan.team, layer = model.layers[index]
    let dnormed = arena.floats(slots.normed), dactivated = arena.floats(slots.activated), dx = arena.floats(slots.dx)
    let dwide = arena.floats(slots.dwide), roundedWide = rounded(slots.roundedWide), activated = rounded(slots.roundedActivated)
    let normed = rounded(slots.roundedNormed), scratch = arena.floats(slots.normScratch)
    for slot in [slots.qkv, slots.attended] { slot.restore(index, in: arena, on: team) }

    let (dmlp, roundedMLP) = roundedBranch(dx, input, Site.mlpOutput(index))
    run.backwardInput(layer.down, dactivated, rounded: roundedMLP)
    GELU.backwardRounded(
      dx: roundedWide, activated, dBias: run.gradient(bias(layer.up)), dy: dactivated, slots.inner.rounded(index, in: arena), rows: n,
      width: d.intermediateSize, scratch: scratch, on: team)
    run.backwardWeight(layer.down, rounded: roundedMLP, exactDy: dmlp, activated)
    run.backwardInput(layer.up, dnormed, rounded: roundedWide)
    normaliseBackward(dnormed, slots.middle.at(index, in: arena), slots.mlpStatistics.at(index, in: arena), layer.mlpNorm, run)
    run.backwardWeight(layer.up, rounded: roundedWide, exactDy: nil, normed)

    let (dattention, roundedAttention) = roundedBranch(dx, input, Site.attentionOutput(index))
    run.backwardWeight(
      layer.attentionOutput, rounded: roundedAttention, exactDy: dattention, slots.attended.rounded(index, in: arena))
    run.backwardInput(layer.attentionOutput, dnormed, rounded: roundedAttention)
    attendBackward(input, index, dattended: dnormed, dqkv: dwide)
    Bias.backwardRounding(
      roundedWide, run.gradient(bias(layer.qkv)), dwide, rows: n, width: layer.qkv.outputs, scratch: scratch, on: team)
    run.backwardInput(layer.qkv, dnormed, rounded: roundedWide)
    normaliseBackward(
      dnormed, slots.x.at(index, in: arena), slots.attentionStatistics.at(index, in: arena), layer.attentionNorm, run)
    run.backwardWeight(layer.qkv, rounded: roundedWide, exactDy: nil, normed)
  }

  /// Every projection of GPT-2 has a bias.
  private func bias(_ projection: Projection) -> Int {
    guard let bias = projection.linear.bias else { preconditionFailure("a projection of GPT-2 has a bias") }
    return bias
  }
}
