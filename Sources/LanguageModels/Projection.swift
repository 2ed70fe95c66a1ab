import Kernels

/// A linear layer as a model has it: one or several modules of the file that read the same input, multiplied as one matrix.
package struct Projection: Sendable {
  /// A module as the file knows it, and its outputs among those of the product.
  package struct Module: Sendable, Equatable {
    /// Without ".weight".
    package let name: String
    package let outputs: Range<Int>
  }

  /// Its place among the model's projections.
  package let index: Int
  package let linear: Linear
  package let modules: [Module]

  package var inputs: Int { linear.inputs }
  package var outputs: Int { linear.outputs }
}
