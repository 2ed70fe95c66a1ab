import Catalogue
import Domain
import Engines
import Platform
import StrictJSON
import SystemPackage

/// Evaluations on request: jobs that train nothing.
extension Scheduler {
  /// Pins the model and the dataset, and writes the folder, as for a job that trains.
  func prepareEvaluation(_ job: JobRecord, _ task: EvaluationTask, _ needs: JobNeeds, _ train: DatasetVersionRecord) async throws
    -> PreparedJob
  {
    if let problem = task.problem(in: train.result, of: train.dataset) { throw problem }
    let model: JobPins.ModelPin
    if let pinned = job.pins?.model {
      model = pinned
    } else if let found = try modelPin(needs.model, name: task.model) {
      model = found
    } else {
      throw Problem(
        "job.not-ready", "the model '\(task.model)' is not here any more", at: .init(field: "model"),
        mend: "Drop it again, and the request too."
      )
    }
    let maker = try await maker(of: model)
    let reference = maker?.pins?.model.map { layout.absolute($0.folder) }.flatMap { files.isFolder($0) ? $0 : nil }
    let positions: Int? =
      if case .dropped(let name, _) = needs.model { try await catalogue.model(name)?.card.maximumPositions } else { nil }
    let configuration = try task.configuration(
      own: try maker.flatMap(config), positions: positions, hasReference: reference != nil, ingest: train.result, dataset: train.dataset)
    let pins =
      job.pins
      ?? JobPins(
        train: pin(train), eval: nil, config: nil, model: model,
        threads: configuration.training.threads ?? settings.threads ?? defaultThreads)
    try await catalogue.noteStart(job.id, pins: pins)
    let folder = layout.workspace.job(job.id)
    for path in folder.folders { try files.makeFolders(path) }
    try files.publish((configuration.node.text(.pretty) + "\n").utf8, to: folder.config)
    let path = layout.absolute(model.folder).string
    var order = TrainOrder(
      job: job.id, name: job.name.text, folder: folder.folder.string, train: pins.train, eval: nil, baseModel: path, tokenizer: path,
      threads: pins.threads, allowsRewardCommands: settings.allowsRewardCommands)
    order.evaluation = .init(
      model: task.model, split: task.split, reference: configuration.training.method == .dpo ? reference?.string : nil,
      remarks: Self.remarks(on: train, split: task.split, maker: maker))
    try files.publish(try PublishedJSON.bytes(of: order), to: folder.order)
    KillPoint.pass(.jobOrdered)
    return PreparedJob(
      job: job, name: job.name.text, train: train, configuration: configuration, pins: pins, call: .evaluate(folder.folder))
  }

  /// The job that made a model; nil of a dropped one.
  private func maker(of model: JobPins.ModelPin) async throws -> JobRecord? {
    let folder = layout.absolute(model.folder)
    guard let id = folder.removingLastComponent().lastComponent.flatMap({ JobID($0.string) }), layout.workspace.job(id).finalModel == folder
    else { return nil }
    return try await catalogue.job(id)
  }

  /// What a job was run with; nil where its folder does not say any more.
  private func config(of job: JobRecord) throws -> Configuration? {
    let path = layout.workspace.job(job.id).config
    guard files.exists(path) else { return nil }
    return Configuration.decode(try JSONParser.parse(try files.contents(of: path)), source: .none).0
  }

  /// Rows that a model was trained on flatter it.
  private static func remarks(on version: DatasetVersionRecord, split: String?, maker: JobRecord?) -> [String] {
    guard let maker, maker.pins?.trained.contains(where: { $0.name == version.dataset }) == true else { return [] }
    let splits = version.result.splits.map(\.name)
    let heldOut = ["validation", "test"].first(where: splits.contains)
    if let read = split ?? heldOut, read != "train", splits.count > 1 { return [] }
    return [
      "The job '\(maker.id)' was trained on rows of '\(version.dataset)', and they are measured too: the figures flatter the model. Its own evaluation.json is of rows that were held out."
    ]
  }

  /// Keeps what the worker measured.
  func concludeEvaluation(_ prepared: PreparedJob) async throws {
    let path = layout.workspace.job(prepared.job.id).evaluation
    let record = try PublishedJSON.decode(EvaluationRecord.self, from: try files.contents(of: path))
    try await catalogue.register(record, of: prepared.job.id)
    KillPoint.pass(.jobReported)
    crashes[prepared.job.id] = nil
    try await end(prepared.job.id, .completed, nil, nil)
  }

  /// How a job goes on that was interrupted: an evaluation keeps no checkpoints.
  func interruption(of job: JobRecord) -> PendingReason { isEvaluation(job) ? .restarts : .resumes }

  func isEvaluation(_ job: JobRecord) -> Bool { (try? decode(job))?.evaluation != nil }  // unreadable: told when it is to start
}
