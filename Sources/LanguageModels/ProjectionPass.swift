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
    if let adapter, let own = parameters.adapter { adapter.forward(projection, y, x, parameters: own, rows: rows, dropout: dropout) }
  }

  /// dx (rows, inputs) = dy (rows, outputs) Wᵀ
  func backwardInput(_ projection: Projection, _ dx: UnsafeMutablePointer<Float>, _ dy: UnsafePointer<Float>) {
    projection.linear.backwardInput(dx, dy, parameters: parameters.model, rows: rows, on: team)
    if let adapter, let own = parameters.adapter {
      adapter.backwardInput(projection, dx, dy, parameters: own, rows: rows, dropout: dropout)
    }
  }

  /// The gradients of weight and bias from dy and x, or those of the adapter.
  func backwardWeight(_ projection: Projection, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>) {
    switch gradients {
    case .model(let gradients):
      projection.linear.backwardWeight(gradients: gradients, parameters: parameters.model, dy, x, rows: rows, on: team)
    case .adapter(let gradients):
      guard let adapter, let own = parameters.adapter else { return }
      adapter.backwardWeight(projection, dy, x, parameters: own, gradients: gradients, rows: rows, dropout: dropout)
    case nil: return
    }
  }

  // The same with operands that are rounded to bf16 already, where no adapter wants them as they were.

  func forward(_ projection: Projection, _ y: UnsafeMutablePointer<Float>, rounded x: UnsafePointer<UInt16>) {
    projection.linear.forward(y, rounded: x, parameters: parameters.model, rows: rows, on: team)
  }

  func backwardInput(_ projection: Projection, _ dx: UnsafeMutablePointer<Float>, rounded dy: UnsafePointer<UInt16>) {
    projection.linear.backwardInput(dx, rounded: dy, parameters: parameters.model, rows: rows)
  }

  func backwardWeight(
    _ projection: Projection, rounded dy: UnsafePointer<UInt16>, exactDy: UnsafePointer<Float>?, _ x: UnsafePointer<UInt16>
  ) {
    guard case .model(let gradients) = gradients else { return }
    projection.linear.backwardWeight(
      gradients: gradients, parameters: parameters.model, rounded: dy, exactDy: exactDy, x, rows: rows, on: team)
  }

  func parameter(_ offset: Int) -> UnsafePointer<Float> { parameters.model + offset }

  /// Where the gradient of a parameter outside of projections is added; nil where it is frozen.
  func gradient(_ offset: Int) -> UnsafeMutablePointer<Float>? {
    guard case .model(let gradients) = gradients else { return nil }
    return gradients + offset
  }
}
