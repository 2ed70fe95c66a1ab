/// The products of a layer whose operands the kernels before it have rounded to bf16 already. The weights come with `BFloat16Products`.
extension Linear {
  /// y (rows, outputs) = x (rows, inputs) W + b
  package func forward(
    _ y: UnsafeMutablePointer<Float>, rounded x: UnsafePointer<UInt16>, parameters: Weights, rows: Int, on team: ThreadTeam
  ) {
    products(parameters).multiply(y, x, self, parameters + weight, isForward: true, rows: rows, strideX: inputs)
    if let bias { Bias.add(y, parameters + bias, rows: rows, width: outputs, on: team) }
  }

  /// dx (rows, inputs) = dy (rows, outputs) Wᵀ
  package func backwardInput(_ dx: UnsafeMutablePointer<Float>, rounded dy: UnsafePointer<UInt16>, parameters: Weights, rows: Int) {
    products(parameters).multiply(dx, dy, self, parameters + weight, isForward: false, rows: rows, strideX: outputs)
  }

  /// dW += dyᵀ x (in the weight's layout).
  /// - exactDy: dy in f32, whose column sums are added to db; needed where the layer has a bias.
  package func backwardWeight(
    gradients: UnsafeMutablePointer<Float>, parameters: Weights, rounded dy: UnsafePointer<UInt16>, exactDy: UnsafePointer<Float>?,
    _ x: UnsafePointer<UInt16>, rows: Int, on team: ThreadTeam
  ) {
    products(parameters).accumulate(dWeight: gradients + weight, dy, x, self, rows: rows)
    guard let bias else { return }
    guard let exactDy else { preconditionFailure("the gradient of a bias is summed from unrounded numbers") }
    Bias.backward(gradients + bias, exactDy, rows: rows, width: outputs, on: team)
  }

  private func products(_ parameters: Weights) -> BFloat16Products {
    guard let products = parameters.products else { preconditionFailure("rounded operands are for products in bf16") }
    return products
  }
}
