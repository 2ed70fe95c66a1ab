import Kernels
import StrictJSON

/// Rotary positions as a config.json has them, in the old spelling of transformers 4 (`rope_theta`, `rope_scaling`) and the new one
/// of transformers 5 (`rope_parameters`). Read in both, written in both.
package struct RotaryConfiguration: Sendable, Equatable {
  package var base: Double
  package var scaling: RotaryScaling

  package init(base: Double = 10_000, scaling: RotaryScaling = .none) {
    self.base = base
    self.scaling = scaling
  }

  /// `rope_scaling`, where present, takes the place of `rope_parameters`; `rope_theta` inside the object wins over the one outside;
  /// `type` is an old name of `rope_type`: modeling_rope_utils.py of transformers 5.23, convert_rope_params_to_dict.
  init(reading fields: ConfigurationFields, maximumPositions: Int) throws(ModelError) {
    let outer = try fields.double("rope_theta", default: 10_000, in: 1...1e12)
    let scaling = try fields.fields("rope_scaling")
    let parameters = try fields.fields("rope_parameters")
    guard let inner = scaling.flatMap({ $0.object.members.isEmpty ? nil : $0 }) ?? parameters else {
      base = outer
      self.scaling = .none
      return
    }
    base = try inner.double("rope_theta", default: outer, in: 1...1e12)
    let type = try inner.string("rope_type", default: inner.string("type", default: "default"))
    switch type {
    case "default": self.scaling = .none
    case "linear": self.scaling = .linear(factor: try inner.positive("factor"))
    case "dynamic": self.scaling = .dynamic(factor: try inner.positive("factor"), maximum: maximumPositions)
    case "llama3":
      let low = try inner.positive("low_freq_factor"), high = try inner.positive("high_freq_factor")
      guard high > low else { throw inner.invalid("\(inner.prefix)high_freq_factor must be greater than low_freq_factor.") }
      self.scaling = .llama3(
        factor: try inner.positive("factor"), lowFrequency: low, highFrequency: high,
        original: try inner.int("original_max_position_embeddings", default: maximumPositions))
    case "yarn": self.scaling = .yarn(try Self.yarn(inner, maximumPositions))
    default:
      throw inner.invalid(
        "\(inner.prefix)rope_type is \"\(type)\", which is not supported.", hint: "Supported: default, linear, dynamic, llama3, yarn.")
    }
    if try inner.double("partial_rotary_factor", default: 1, in: 0...1) != 1 {
      throw inner.invalid("\(inner.prefix)partial_rotary_factor is not 1, which is not supported.")
    }
  }

  private static func yarn(_ fields: ConfigurationFields, _ maximumPositions: Int) throws(ModelError) -> YarnScaling {
    let original = try fields.int("original_max_position_embeddings", default: maximumPositions)
    let factor = fields.has("factor") ? try fields.positive("factor") : Double(maximumPositions) / Double(original)
    var amplitude = fields.has("attention_factor") ? try fields.positive("attention_factor") : nil
    if amplitude == nil, fields.has("mscale"), fields.has("mscale_all_dim") {
      amplitude =
        YarnScaling.amplitude(factor, times: try fields.positive("mscale"))
        / YarnScaling.amplitude(factor, times: try fields.positive("mscale_all_dim"))
    }
    return YarnScaling(
      factor: factor, attentionFactor: amplitude, fastTurns: fields.has("beta_fast") ? try fields.positive("beta_fast") : 32,
      slowTurns: fields.has("beta_slow") ? try fields.positive("beta_slow") : 1, original: original,
      truncates: try fields.bool("truncate", default: true))
  }

  /// The members that a config.json gets, both spellings. transformers 4 takes the first two, transformers 5 reads all alike.
  var members: [(String, JSONNode)] {
    var scaled: [(String, JSONNode)] = []
    switch scaling {
    case .none, .yarn: break
    case .linear(let factor): scaled = [("rope_type", "linear"), ("factor", .number(factor))]
    case .dynamic(let factor, _): scaled = [("rope_type", "dynamic"), ("factor", .number(factor))]
    case .llama3(let factor, let low, let high, let original):
      scaled = [
        ("rope_type", "llama3"), ("factor", .number(factor)), ("low_freq_factor", .number(low)), ("high_freq_factor", .number(high)),
        ("original_max_position_embeddings", .number(original)),
      ]
    }
    if case .yarn(let yarn) = scaling {
      scaled = [
        ("rope_type", "yarn"), ("factor", .number(yarn.factor)), ("attention_factor", .number(yarn.attentionFactor)),
        ("beta_fast", .number(yarn.fastTurns)), ("beta_slow", .number(yarn.slowTurns)),
        ("original_max_position_embeddings", .number(yarn.original)), ("truncate", .bool(yarn.truncates)),
      ]
    }
    let type: [(String, JSONNode)] = scaled.isEmpty ? [("rope_type", "default")] : scaled
    return [
      ("rope_theta", .number(base)),
      ("rope_scaling", scaled.isEmpty ? nil : .object(scaled)),
      ("rope_parameters", .object([("rope_theta", .number(base))] + type)),
    ]
  }
}

extension JSONNode {
  static func number(_ value: Int) -> JSONNode { JSONNode(.number(JSONNumber(value))) }
  /// A number that transformers' checks take for a float: with a decimal point even where it is whole.
  static func number(_ value: Double) -> JSONNode {
    let text = "\(value)"
    return JSONNode(.number(JSONNumber(text: text)))
  }
  static func string(_ value: String) -> JSONNode { JSONNode(.string(value)) }
  static func bool(_ value: Bool) -> JSONNode { JSONNode(.bool(value)) }
  static func object(_ members: [(String, JSONNode)]) -> JSONNode {
    JSONNode(.object(JSONObject(members.map { JSONObject.Member(key: $0.0, keyByte: 0, node: $0.1) })))
  }
}
