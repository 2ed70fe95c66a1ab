/// The products of a layer whose operands the kernels before it have rounded to bf16 already. The weights come with `BFloat16Products`.
extension Linear {
  /// y (rows, outputs) = x (rows, inputs) W + b, or x W where the kernel that comes next adds the bias.
  package func forward(
    _ y: UnsafeMutablePointer<Float>, rounded x: UnsafePointer<UInt16>, parameters: Weights, rows: Int, withBias: Bool = true,
    on team: ThreadTeam
  ) {
    products(parameters).multiply(y, x, self, parameters + weight, isForward: true, rows: rows, strideX: inputs)
    if let bias, withBias { Bias.add(y, parameters + bias, rows: rows, width: outputs, on: team) }
  }

  /// dx (rows, inputs) = dy (rows, outputs) Wᵀ
  package func backwardInput(_ dx: UnsafeMutablePointer<Float>, rounded dy: UnsafePointer<UInt16>, parameters: Weights, rows: Int) {
    products(parameters).multiply(dx, dy, self, parameters + weight, isForward: false, rows: rows, strideX: outputs)
  }

  /// dW += dyᵀ x (in the weight's layout).
  /// - exactDy: dy in f32, whose column sums are added to db; nil where the kernel that made dy has done so.
  package func backwardWeight(
    gradients: UnsafeMutablePointer<Float>, parameters: Weights, rounded dy: UnsafePointer<UInt16>, exactDy: UnsafePointer<Float>?,
    _ x: UnsafePointer<UInt16>, rows: Int, on team: ThreadTeam
  ) {
    products(parameters).accumulate(dWeight: gradients + weight, dy, x, self, rows: rows)
    guard let bias, let exactDy else { return }
    Bias.backward(gradients + bias, exactDy, rows: rows, width: outputs, on: team)
  }

  private func products(_ parameters: Weights) -> BFloat16Products {
    guard let products = parameters.products else { preconditionFailure("rounded operands are for products in bf16") }
    return products
  }
}
