import Domain
import Kernels
import LanguageModels
import SystemPackage

/// The model of a run: as it begins, and as a checkpoint has it.
struct RunModel {
  let order: TrainOrder
  let inputs: RunInputs
  let team: ThreadTeam

  var precision: Precision { Precision.chosen(wantsBFloat16: inputs.configuration.training.bf16) }

  /// The model as it is before the first step, without an adapter.
  func start() throws -> LanguageModel {
    let model =
      if let base = order.baseModel {
        try LanguageModel.load(FilePath(base), changing: inputs.configuration.model.changesOfBase, on: team)
      } else {
        try LanguageModel(inputs.modelConfiguration, seed: UInt64(inputs.configuration.seed), on: team)
      }
    model.precision = precision
    return model
  }

  /// What trains: with its adapter, and as far as the checkpoint has got.
  func training(from found: CheckpointStore.Found?) throws -> LanguageModel {
    let model: LanguageModel
    if let settings = inputs.configuration.training.adapter, let base = order.baseModel {
      model = try start()
      let adapter = try LoRA(settings, for: model, base: base, seed: UInt64(inputs.configuration.seed))
      if let found { try adapter.read(found.layout.folder) }
      model.adapter = adapter
    } else if let found {
      model = try LanguageModel.load(found.layout.folder, on: team)
    } else {
      model = try start()
    }
    model.precision = precision
    return model
  }

  /// Of all the steps: their number, and what they read.
  var shape: RunShape {
    let training = inputs.configuration.training, work = inputs.work
    let byEpochs = Int((training.epochs * Double(work.trainCount) / work.samplesPerStep).rounded(.up))
    let steps = max(1, training.maximumSteps ?? byEpochs)
    let epochs = max(1, Int(inputs.epoch(at: steps).rounded(.up)))
    return RunShape(
      parameters: inputs.modelConfiguration.decoder.layout.count, trainSequences: work.trainCount, trainTokens: work.trainTokens,
      evalTokens: work.evalTokens, epochs: training.maximumSteps == nil ? max(1, Int(training.epochs.rounded(.up))) : epochs, steps: steps,
      resumedFrom: 0)
  }
}
