import Kernels
import StrictJSON

/// What an architecture's file provides: a configuration read from config.json, the layout of its parameters, and a workspace that
/// runs it forward and backward. Everything around it (loss, batches, files, decoding) is common.
package protocol Decoder: Sendable {
  /// As config.json lists it under `architectures`.
  static var className: String { get }

  /// Reads config.json; what is left out has the default of transformers' class.
  init(reading fields: ConfigurationFields) throws(ModelError)

  var dimensions: ModelDimensions { get }
  var specialTokens: SpecialTokens { get }
  var layout: ParameterLayout { get }
  /// Offset of the head's weight (vocabulary, hidden), which is the embedding's where they are tied.
  var headWeight: Int { get }
  /// The fields of config.json that this architecture has, in the spellings of transformers 4 and 5.
  var configurationMembers: [(String, JSONNode)] { get }

  /// The name in our layout of a tensor in a file; nil for buffers that files of this architecture may hold and nobody needs.
  static func canonicalName(_ name: String) -> String?

  /// Throws where the tensors of a file, shapes by name, belong to a variant that has this model type but computes something else.
  static func refuse(_ tensors: [String: [Int]], _ decoder: any Decoder) throws(ModelError)

  /// Whether a sequence's result and gradient are the same whatever other sequences are beside it in a micro-batch.
  var sequencesAreIndependent: Bool { get }

  /// Bytes of the workspace that the plan asks for.
  func workspaceByteCount(_ plan: WorkspacePlan) -> Int
  func makeWorkspace(_ plan: WorkspacePlan) throws(ArenaError) -> any DecoderWorkspace
}

extension Decoder {
  package var sequencesAreIndependent: Bool { true }

  package static func refuse(_ tensors: [String: [Int]], _ decoder: any Decoder) throws(ModelError) {}
}

/// How much a workspace holds.
package struct WorkspacePlan: Sendable {
  /// Most rows (batch × length) of a pass.
  package var rows: Int
  /// Most keys a sequence, those of a cache included.
  package var keys: Int
  /// Whether activations of all layers are kept for a backward pass, or one layer's buffers serve all.
  package var isTraining: Bool
  /// How the activations of a layer come to its backward pass.
  package var keeping: ActivationKeeping
  /// What attention's products are made in; those with weights follow the weights.
  package var products: Precision
  package var team: ThreadTeam
  /// The adapter that trains beside the model.
  package var adapter: LoRALayout?

  package init(
    rows: Int, keys: Int, isTraining: Bool, keeping: ActivationKeeping = .floats, products: Precision = .float32, team: ThreadTeam,
    adapter: LoRALayout? = nil
  ) {
    self.rows = rows
    self.keys = keys
    self.isTraining = isTraining
    self.keeping = keeping
    self.products = products
    self.team = team
    self.adapter = adapter
  }
}

/// The buffers of a pass through the layers, and the pass itself. `rows` below is batch × length.
package protocol DecoderWorkspace: AnyObject {
  /// Runs the layers; returns the normalised hidden states (rows, hidden), valid until the next call. With a cache, keys and values
  /// are appended to it and the queries look at all of them; the caller moves the cache's length on.
  func forward(_ input: PassInput, parameters: PassParameters, cache: KeyValueCache?) -> UnsafeMutablePointer<Float>

  /// What the last `forward` adds to the mean loss beside the head's: the balance of experts. 0 for most architectures.
  var auxiliaryLoss: Double { get }

  /// Where the gradient of the hidden states (rows, hidden) is put before `backward`. Only in a training workspace.
  var hiddenGradient: UnsafeMutablePointer<Float> { get }

  /// The gradient of the last `forward`, which had no cache, added (+=) to `gradients`; the head's share is the caller's.
  func backward(_ input: PassInput, parameters: PassParameters, gradients: PassGradients)
}

extension DecoderWorkspace {
  package var auxiliaryLoss: Double { 0 }
}

/// What a pass computes with.
package struct PassParameters {
  package let model: Weights
  /// The matrices of the adapter that trains beside the model, where the workspace was made for one.
  package var adapter: UnsafePointer<Float>?
}

/// Where a pass adds gradients: to the model's, or, where that is frozen, to the adapter's.
package enum PassGradients {
  case model(UnsafeMutablePointer<Float>)
  case adapter(UnsafeMutablePointer<Float>)
}

/// What goes through the layers; the pointers are the caller's.
package struct PassInput {
  package let batch: Int
  package let length: Int
  /// (batch, length)
  package let tokens: UnsafePointer<Int32>
  /// (batch, length)
  package let positions: UnsafePointer<Int32>
  /// (batch, length): the first key that each position may see; nil where that is 0 throughout. Counts a cache's keys.
  package let firstKeys: UnsafePointer<Int32>?
  /// (batch): positions of padding on the left of each row; nil where there are none.
  package var leftPadding: [Int]?
  /// What this micro-batch's dropout is drawn from; nil leaves dropout out.
  package let dropout: Dropout.Key?
  /// What backward multiplies the gradient of `auxiliaryLoss` with.
  package var auxiliaryScale = 0.0

  package var rows: Int { batch * length }
}
