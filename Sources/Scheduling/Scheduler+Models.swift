import Catalogue
import Domain
import Platform
import SystemPackage

extension Scheduler {
  /// Keeps the model that a job made, with what it came from: in the catalogue, and in the job's folder as `model.json`.
  func registerModel(_ facts: JobFacts, version: Int) async throws {
    guard let job = try await catalogue.job(facts.id) else { return }
    let folder = layout.workspace.job(facts.id)
    let training = facts.configuration.training
    var base: TrainedModelCard.Base?
    if let pin = facts.pins.model { base = try await self.base(of: pin) }
    let card = TrainedModelCard(
      name: job.name, version: version, kind: base == nil ? .base : .fineTuned, base: base, job: facts.id, method: training.method.rawValue,
      holds: training.useLoRA && training.mergesLoRA != true ? "adapter" : "model", parameters: facts.metrics.parameters,
      evalLoss: facts.metrics.evalLoss, evalPerplexity: facts.metrics.evalPerplexity, path: layout.relative(folder.finalModel),
      createdAt: facts.finishedAt)
    try await catalogue.registerTrainedModel(card)
    try files.publish(try PublishedJSON.bytes(of: card), to: folder.modelCard)
  }

  /// A job's result is named by the job and its version; a dropped model by its name.
  private func base(of pin: JobPins.ModelPin) async throws -> TrainedModelCard.Base {
    let folder = layout.absolute(pin.folder)
    if let name = folder.removingLastComponent().lastComponent?.string, let id = JobID(name), layout.workspace.job(id).finalModel == folder,
      let job = try await catalogue.job(id)
    {
      return .init(name: job.name.text, version: job.number, sha256: pin.sha256)
    }
    return .init(name: pin.name, version: nil, sha256: pin.sha256)
  }
}
