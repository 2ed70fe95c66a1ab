import Kernels

/// How a pass multiplies with a model's projections: the one door of the layers to their weights, and to what trains of them.
struct ProjectionPass {
  let parameters: PassParameters
  /// Nil in forward.
  let gradients: PassGradients?
  /// Where an adapter trains beside the model.
  let adapter: LoRABlock?
  let rows: Int
  /// Of the micro-batch; an adapter drops of its input.
  let dropout: Dropout.Key?
  let team: ThreadTeam

  init(
    _ input: PassInput, _ parameters: PassParameters, gradients: PassGradients? = nil, adapter: LoRABlock?, on team: ThreadTeam
  ) {
    self.parameters = parameters
    self.gradients = gradients
    self.adapter = adapter
    self.rows = input.rows
    self.dropout = input.dropout
    self.team = team
  }

  /// y (rows, outputs) = x (rows, inputs) W + b
  func forward(_ projection: Projection, _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>) {
    projection.linear.forward(y, x, parameters: parameters.model, rows: rows, on: team)
    if let adapter, let own = parameters.adapter {
      adapter.forward(projection, y, .exact(x), parameters: own, rows: rows, dropout: dropout)
    }
  }

  /// dx (rows, inputs) = dy (rows, outputs) Wᵀ
  func backwardInput(_ projection: Projection, _ dx: UnsafeMutablePointer<Float>, _ dy: UnsafePointer<Float>) {
    projection.linear.backwardInput(dx, dy, parameters: parameters.model, rows: rows, on: team)
    if let adapter, let own = parameters.adapter {
      adapter.backwardInput(projection, dx, .exact(dy), parameters: own, rows: rows, dropout: dropout)
    }
  }

  /// The gradients of weight and bias from dy and x, or those of the adapter.
  func backwardWeight(_ projection: Projection, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>) {
    switch gradients {
    case .model(let gradients):
      projection.linear.backwardWeight(gradients: gradients, parameters: parameters.model, dy, x, rows: rows, on: team)
    case .adapter(let gradients):
      guard let adapter, let own = parameters.adapter else { return }
      adapter.backwardWeight(projection, .exact(dy), .exact(x), parameters: own, gradients: gradients, rows: rows, dropout: dropout)
    case nil: return
    }
  }

  // The same with operands that are rounded to bf16 already; an adapter reads them so too, but drops nothing of them.

  /// - withBias: whether the bias is added; false where the kernel that comes next adds it.
  func forward(_ projection: Projection, _ y: UnsafeMutablePointer<Float>, rounded x: UnsafePointer<UInt16>, withBias: Bool = true) {
    projection.linear.forward(y, rounded: x, parameters: parameters.model, rows: rows, withBias: withBias, on: team)
    if let adapter, let own = parameters.adapter {
      adapter.forward(projection, y, .rounded(x), parameters: own, rows: rows, dropout: dropout)
    }
  }

  func backwardInput(_ projection: Projection, _ dx: UnsafeMutablePointer<Float>, rounded dy: UnsafePointer<UInt16>) {
    projection.linear.backwardInput(dx, rounded: dy, parameters: parameters.model, rows: rows)
    if let adapter, let own = parameters.adapter {
      adapter.backwardInput(projection, dx, .rounded(dy), parameters: own, rows: rows, dropout: dropout)
    }
  }

  /// - exactDy: dy in f32, which the gradient of a bias is summed from; nil where there is no bias, or its gradient was summed by the
  ///   kernel that made dy.
  func backwardWeight(
    _ projection: Projection, rounded dy: UnsafePointer<UInt16>, exactDy: UnsafePointer<Float>?, _ x: UnsafePointer<UInt16>
  ) {
    switch gradients {
    case .model(let gradients):
      projection.linear.backwardWeight(
        gradients: gradients, parameters: parameters.model, rounded: dy, exactDy: exactDy, x, rows: rows, on: team)
    case .adapter(let gradients):
      guard let adapter, let own = parameters.adapter else { return }
      adapter.backwardWeight(
        projection, .rounded(dy), .rounded(x), parameters: own, gradients: gradients, rows: rows, dropout: dropout)
    case nil: return
    }
  }

  func parameter(_ offset: Int) -> UnsafePointer<Float> { parameters.model + offset }

  /// Where the gradient of a parameter outside of projections is added; nil where it is frozen.
  func gradient(_ offset: Int) -> UnsafeMutablePointer<Float>? {
    guard case .model(let gradients) = gradients else { return nil }
    return gradients + offset
  }
}
