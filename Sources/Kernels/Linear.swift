import CKernels

/// y = x W + b: the one door of a model to matrix products with weights.
///
/// Precision has its seam here: where the weights come with `BFloat16Products`, operands are rounded to bf16 and the weight is one
/// packed once a step; inputs and results stay f32, and an architecture does not change for it.
package struct Linear: Sendable {
  /// How the weight lies in the file, and so in memory.
  package enum WeightLayout: Sendable {
    /// (outputs, inputs): torch.nn.Linear.
    case outputsByInputs
    /// (inputs, outputs): GPT-2's Conv1D.
    case inputsByOutputs
  }

  package let inputs: Int
  package let outputs: Int
  package let layout: WeightLayout
  /// Offset of the weight in the parameter arena and in the gradient arena, in floats.
  package let weight: Int
  /// Offset of the bias (outputs), where there is one.
  package let bias: Int?

  package init(inputs: Int, outputs: Int, layout: WeightLayout, weight: Int, bias: Int? = nil) {
    self.inputs = inputs
    self.outputs = outputs
    self.layout = layout
    self.weight = weight
    self.bias = bias
  }

  /// y (rows, outputs) = x (rows, inputs) W + b
  package func forward(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, parameters: Weights, rows: Int, on team: ThreadTeam
  ) {
    if let products = parameters.products {
      products.multiply(y, x, self, parameters + weight, isForward: true, rows: rows)
    } else {
      MatrixProduct.multiply(
        layout == .outputsByInputs ? .nt : .nn, y, x, parameters + weight, m: rows, n: outputs, k: inputs, on: team)
    }
    if let bias { Bias.add(y, parameters + bias, rows: rows, width: outputs, on: team) }
  }

  /// dx (rows, inputs) = dy (rows, outputs) Wᵀ
  package func backwardInput(
    _ dx: UnsafeMutablePointer<Float>, _ dy: UnsafePointer<Float>, parameters: Weights, rows: Int, on team: ThreadTeam
  ) {
    if let products = parameters.products { return products.multiply(dx, dy, self, parameters + weight, isForward: false, rows: rows) }
    MatrixProduct.multiply(
      layout == .outputsByInputs ? .nn : .nt, dx, dy, parameters + weight, m: rows, n: inputs, k: outputs, on: team)
  }

  /// dW += dyᵀ x (in the weight's layout), db += the column sums of dy.
  package func backwardWeight(
    gradients: UnsafeMutablePointer<Float>, parameters: Weights, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, rows: Int,
    on team: ThreadTeam
  ) {
    if let products = parameters.products {
      products.accumulate(dWeight: gradients + weight, dy, x, self, rows: rows)
      if let bias { Bias.backward(gradients + bias, dy, rows: rows, width: outputs, on: team) }
      return
    }
    switch layout {
    case .outputsByInputs:
      MatrixProduct.multiply(.tn, gradients + weight, dy, x, m: outputs, n: inputs, k: rows, accumulate: true, on: team)
    case .inputsByOutputs:
      MatrixProduct.multiply(.tn, gradients + weight, x, dy, m: inputs, n: outputs, k: rows, accumulate: true, on: team)
    }
    if let bias { Bias.backward(gradients + bias, dy, rows: rows, width: outputs, on: team) }
  }
}
