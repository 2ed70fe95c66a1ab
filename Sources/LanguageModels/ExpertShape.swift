import Kernels
import StrictJSON

/// Doge's mixture of experts as a config.json has it.
package struct ExpertShape: Sendable, Equatable {
  package let mixture: ExpertMixture
  /// Rows of the experts' tables. Those beyond the square of the router's keys are never chosen.
  package let count: Int
  /// As the file has it: without effect, because the weights' sum is 1 before it is divided by.
  package let normalises: Bool
  /// Whether the loss that keeps the experts in balance is added, and its factor.
  package let addsBalance: Bool
  package let factor: Double

  /// What the balance's loss is multiplied with; nil where it is not added.
  package var balanceFactor: Double? { addsBalance && factor > 0 ? factor : nil }

  /// - experts: the default of `num_experts`.
  init?(reading fields: ConfigurationFields, width: Int, default experts: Int) throws(ModelError) {
    guard try fields.bool("is_moe", default: false) else { return nil }
    count = try fields.int("num_experts", default: experts, atMost: 1 << 24)
    let keys = Int(Double(count).squareRoot()), chosen = try fields.int("num_experts_per_tok", default: 64)
    guard chosen <= keys * keys else {
      throw fields.invalid(
        "num_experts_per_tok is \(chosen), but of num_experts \(count) a router of 2 × \(keys) scores reaches \(keys * keys).")
    }
    normalises = try fields.bool("norm_topk_prob", default: false)
    addsBalance = try fields.bool("output_router_logits", default: false)
    factor = try fields.double("router_aux_loss_coef", default: 0.001, in: 0...1e6)
    if addsBalance, keys * keys != count {
      throw fields.invalid(
        "num_experts is \(count), which is no square: the loss that keeps experts in balance (output_router_logits) is not defined then.",
        hint: "Use \(keys * keys) or \((keys + 1) * (keys + 1)) experts.")
    }
    try fields.require("router_split", default: "hf", among: ExpertMixture.Split.allCases.map(\.rawValue))
    let split = ExpertMixture.Split(rawValue: try fields.string("router_split", default: "hf"))
    mixture = ExpertMixture(keys: keys, chosen: chosen, width: width, split: split ?? .hf)
  }

  var members: [(String, JSONNode)] {
    [
      ("is_moe", true), ("num_experts", .number(count)), ("num_experts_per_tok", .number(mixture.chosen)),
      ("norm_topk_prob", .bool(normalises)), ("output_router_logits", .bool(addsBalance)), ("router_aux_loss_coef", .number(factor)),
      ("router_split", .string(mixture.split.rawValue)),
    ]
  }
}
