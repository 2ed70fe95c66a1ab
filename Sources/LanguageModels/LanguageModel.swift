import Kernels

/// A language model: its configuration and its parameters. The centre of this module.
///
/// A training step, as a loop makes it:
/// ```
/// let model = try LanguageModel.load(folder, on: team)             // or LanguageModel(configuration, seed: 42, on: team)
/// let gradients = try ParameterStore(model.trained.layout)         // zeros, in the layout of what trains
/// let first = try ParameterStore(model.trained.layout), second = …  // AdamW's moments
/// let pass = try ModelPass(model, rows: 8 * 512, length: 512, purpose: .training)            // all buffers, once
///
/// let targets = microBatches.reduce(0) { $0 + $1.targetCount }     // of the whole accumulated batch
/// var sum = LossSum()
/// for (index, microBatch) in microBatches.enumerated() {
///   let key = Dropout.Key(seed: seed, step: UInt32(step * microBatches.count + index))
///   sum += try pass.accumulate(microBatch, into: gradients, gradientScale: 1 / Float(targets), dropout: key)
/// }
/// let norm = gradients.norm(on: team)                              // sum.meanLoss, sum.accuracy, norm: what a step logs
/// model.trained.update(                                            // clips, steps and clears the gradients in one pass
///   AdamW(weightDecay: 0.1), gradients: gradients, firstMoment: first, secondMoment: second, step: step + 1,
///   learningRate: rate, gradientScale: GradientNorm.clippingFactor(norm: norm, maximum: 1), on: team)
/// ```
/// Evaluation is `pass.evaluate`, scoring `pass.logits` and `pass.logProbabilities`; generation is a `DecodingSession`.
///
/// Nothing here is Sendable: a model, its stores and passes belong to one thread. State to save for an exact resumption are the
/// parameters, both moments and the step; dropout has none.
package final class LanguageModel {
  package let configuration: ModelConfiguration
  package let parameters: ParameterStore
  /// The threads that all work on this model uses.
  package let team: ThreadTeam

  /// The adapter that trains beside the model, which is frozen then. Passes made before it was set know nothing of it.
  package var adapter: LoRA?

  /// What trains: the adapter's matrices where there is one, else the model's parameters.
  package var trained: ParameterStore { adapter?.parameters ?? parameters }

  /// What the products of passes are made in. bf16 keeps rounded copies of the weights: `BFloat16Products.weightByteCount`.
  package var precision: Precision = .float32 {
    didSet {
      guard precision != oldValue else { return }
      products = precision == .bfloat16 ? BFloat16Products(parameters: layout.parameterCount, on: team) : nil
    }
  }
  private var products: BFloat16Products?
  private var packedVersion = 0

  /// The parameters as a pass reads them; packed copies that an optimiser's step has made stale are made again when next used.
  var weights: Weights {
    if packedVersion != parameters.version {
      packedVersion = parameters.version
      products?.weightsChanged()
    }
    return Weights(parameters.base, products: products)
  }

  package var decoder: any Decoder { configuration.decoder }
  package var dimensions: ModelDimensions { configuration.dimensions }
  package var layout: ParameterLayout { configuration.decoder.layout }

  /// A new model, its parameters drawn as transformers draws them, from numbers of our own: the same seed gives the same model.
  package convenience init(_ configuration: ModelConfiguration, seed: UInt64, on team: ThreadTeam) throws(ModelError) {
    try self.init(uninitialized: configuration, on: team)
    parameters.initialize(seed: seed, on: team)
  }

  /// A model whose parameters are zeros, to be filled.
  package init(uninitialized configuration: ModelConfiguration, on team: ThreadTeam) throws(ModelError) {
    self.configuration = configuration
    self.team = team
    parameters = try ParameterStore(configuration.decoder.layout)
  }
}
