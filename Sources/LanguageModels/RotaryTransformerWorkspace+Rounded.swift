import Kernels

/// A layer in training with products in bf16: the same steps and the same bits as elsewhere, but what goes into a product is rounded by the
/// kernel that makes it, and once for the two products that take a gradient. Passes over memory are what a step spends beside products.
extension RotaryTransformerWorkspace {
  /// One layer, from x to the next x, which without gates wants what skipped its MLP added.
  func forwardRounded(layer index: Int, _ input: PassInput, _ table: RotaryTable, _ run: ProjectionPass) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, epsilon = Float(model.normEpsilon), team = plan.team
    let layer = model.layers[index], p = run.parameters.model, normed = rounded(slots.roundedNormed), inner = rounded(slots.roundedInner)
    let x = slots.x.at(index, in: arena), middle = slots.middle.at(index, in: arena), next = slots.x.at(index + 1, in: arena)
    let qkv = slots.qkv.at(index, in: arena), gateUp = slots.gateUp.at(index, in: arena),
      attended = slots.attended.rounded(index, in: arena)
    RMSNorm.forward(
      arena.floats(slots.normed), rounded: normed, rstd: slots.inputScale.at(index, in: arena), x, adding: skipped(to: index),
      weight: p + layer.inputNorm, epsilon: epsilon, rows: n, width: h, on: team)
    run.forward(layer.qkv, qkv, rounded: normed)
    attend(input, index, turn(qkv, layer, table, input, run), qkv, nil, run)
    Conversion.floatToBFloat16(attended, slots.attended.at(index, in: arena), count: n * layer.output.inputs, on: team)
    run.forward(layer.output, middle, rounded: attended)
    dropout(model.blocks.branchDropout, input, Site.attentionOutput(index, of: d))?.apply(middle, middle, count: n * h, on: team)
    if let gates = layer.gates { ResidualGate.forward(middle, x, gate: p + gates.attention, rows: n, width: h, on: team) }
    RMSNorm.forward(
      arena.floats(slots.normed), rounded: normed, rstd: slots.postScale.at(index, in: arena), middle, adding: layer.gates == nil ? x : nil,
      weight: p + layer.postNorm, epsilon: epsilon, rows: n, width: h, on: team)
    run.forward(layer.gateUp, gateUp, rounded: normed)
    SwiGLU.forwardRounded(
      inner, keeping: slots.gateUp.rounded(index, in: arena), gateUp: gateUp, rows: n, width: d.intermediateSize, on: team)
    run.forward(layer.down, next, rounded: inner)
    dropout(model.blocks.branchDropout, input, Site.mlpOutput(index, of: d))?.apply(next, next, count: n * h, on: team)
    if let gates = layer.gates { ResidualGate.forward(next, middle, gate: p + gates.mlp, rows: n, width: h, on: team) }
  }

  /// The layer's backward pass; `dx` is the gradient of its output and then of its input, `roundedDx` the same in bf16.
  func backwardRounded(layer index: Int, _ input: PassInput, _ table: RotaryTable, _ run: ProjectionPass) {
    let d = model.dimensions, n = input.rows, team = plan.team, layer = model.layers[index]
    let dnormed = arena.floats(slots.normed), dinner = arena.floats(slots.inner), dx = arena.floats(slots.dx)
    let dwide = arena.floats(slots.dwide), roundedWide = rounded(slots.roundedWide), inner = rounded(slots.roundedInner)
    let normed = rounded(slots.roundedNormed)
    for slot in [slots.qkv, slots.attended] { slot.restore(index, in: arena, on: team) }

    let middle = slots.middle.at(index, in: arena)
    let (dmlp, roundedMLP) = roundedBranch(dx, input, Site.mlpOutput(index, of: d))
    run.backwardInput(layer.down, dinner, rounded: roundedMLP)
    SwiGLU.backwardRounded(
      dGateUp: roundedWide, inner, dh: dinner, gateUp: slots.gateUp.rounded(index, in: arena), rows: n, width: d.intermediateSize, on: team)
    run.backwardWeight(layer.down, rounded: roundedMLP, exactDy: dmlp, inner)
    run.backwardInput(layer.gateUp, dnormed, rounded: roundedWide)
    gateBackward(dx, middle, layer.gates?.mlp, run)
    normaliseBackward(dnormed, middle, slots.postScale.at(index, in: arena), layer.postNorm, run)
    run.backwardWeight(layer.gateUp, rounded: roundedWide, exactDy: nil, normed)

    let x = slots.x.at(index, in: arena)
    let (dattention, roundedAttention) = roundedBranch(dx, input, Site.attentionOutput(index, of: d))
    run.backwardWeight(layer.output, rounded: roundedAttention, exactDy: dattention, slots.attended.rounded(index, in: arena))
    run.backwardInput(layer.output, dnormed, rounded: roundedAttention)
    attendBackward(input, index, table, dattended: dnormed, dqkv: dwide, run)
    gateBackward(dx, x, layer.gates?.attention, run)
    Conversion.floatToBFloat16(roundedWide, dwide, count: n * layer.qkv.outputs, on: team)
    run.backwardInput(layer.qkv, dnormed, rounded: roundedWide)
    normaliseBackward(dnormed, x, slots.inputScale.at(index, in: arena), layer.inputNorm, run)
    run.backwardWeight(layer.qkv, rounded: roundedWide, exactDy: dwide, normed)
  }
}
