/// The architectures that this program runs, each in a file of its own. To add one: write the file, add its case here.
/// The raw value is the `model_type` of config.json.
package enum Architecture: String, Sendable, CaseIterable {
  case llama
  case mistral
  case qwen2
  case qwen3
  case doge
  case doge2
  case gpt2

  package var decoder: any Decoder.Type {
    switch self {
    case .llama: Llama.self
    case .mistral: Mistral.self
    case .qwen2: Qwen2.self
    case .qwen3: Qwen3.self
    case .doge: Doge.self
    case .doge2: Doge2.self
    case .gpt2: GPT2.self
    }
  }

  /// Refuses what is not among the cases with a reason.
  package init(modelType: String) throws(ModelError) {
    if let known = Architecture(rawValue: modelType) {
      self = known
      return
    }
    let supported = "Supported model types: \(Self.allCases.map(\.rawValue).joined(separator: ", "))."
    if Self.encoders.contains(modelType) {
      throw ModelError(
        .unsupportedArchitecture,
        "model_type is \"\(modelType)\": an encoder reads text but does not write it, so that there is no next token to train.",
        hint: supported)
    }
    if Self.encoderDecoders.contains(modelType) {
      throw ModelError(
        .unsupportedArchitecture,
        "model_type is \"\(modelType)\": an encoder-decoder model is not trained on single sequences.", hint: supported)
    }
    throw ModelError(.unsupportedArchitecture, "model_type is \"\(modelType)\", which is not supported.", hint: supported)
  }

  private static let encoders: Set<String> = [
    "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "modernbert", "mpnet", "nomic_bert",
    "roberta", "roformer", "xlm-roberta", "xlm-roberta-xl",
  ]
  private static let encoderDecoders: Set<String> = [
    "bart", "blenderbot", "encoder-decoder", "led", "m2m_100", "marian", "mbart", "mt5", "pegasus", "t5", "umt5", "whisper",
  ]
}
