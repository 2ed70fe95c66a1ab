import Domain
import LanguageModels
import StrictJSON

extension TrainingSection {
  /// The adapter that the section asks for; nil where all weights train.
  var adapter: LoRASettings? {
    guard useLoRA else { return nil }
    let rank = loraRank ?? 16
    let targets: LoRASettings.Targets =
      switch loraTargets ?? .attention {
      case .allLinear: .allLinear
      case .attention: .attention
      case .modules(let names): .modules(names)
      }
    return LoRASettings(
      rank: rank, alpha: loraAlpha ?? Double(2 * rank), dropout: loraDropout ?? 0, isRankStabilised: loraIsRankStabilised ?? false,
      targets: targets)
  }
}

extension ModelSection {
  /// What of a base model's config.json is read otherwise than it stands there.
  var changesOfBase: [(String, JSONNode)] {
    guard !isScratch, let routerSplit else { return [] }
    return [("router_split", routerSplit.node)]
  }
}
