import Kernels

/// A linear layer as a model has it: one or several modules of the file that read the same input, multiplied as one matrix.
package struct Projection: Sendable {
  /// A module as the file knows it, and its outputs among those of the product.
  package struct Module: Sendable, Equatable {
    /// Without ".weight".
    package let name: String
    package let outputs: Range<Int>
  }

  package let linear: Linear
  package let modules: [Module]

  package var inputs: Int { linear.inputs }
  package var outputs: Int { linear.outputs }
}

extension ParameterLayout {
  /// Adds torch.nn.Linear modules that read the same input, close behind one another: their weights (outputs, inputs) make one
  /// matrix, their biases one vector.
  mutating func addProjection(
    _ parts: [(name: String, outputs: Int)], inputs: Int, bias: Bool, initialization: Initialization
  ) -> Projection {
    let weight = add(parts.map { ("\($0.name).weight", [$0.outputs, inputs], initialization) })
    let biases = bias ? add(parts.map { ("\($0.name).bias", [$0.outputs], .zeros) }) : nil
    var start = 0
    let modules = parts.map { part in
      defer { start += part.outputs }
      return Projection.Module(name: part.name, outputs: start..<start + part.outputs)
    }
    return Projection(
      linear: Linear(inputs: inputs, outputs: start, layout: .outputsByInputs, weight: weight, bias: biases), modules: modules)
  }
}
