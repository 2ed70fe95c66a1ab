/// What a job was first started with: every later start uses the same, so that it ends with the same bits.
package struct JobPins: Codable, Sendable, Equatable {
  package var train: TrainOrder.DatasetPin
  /// Where several datasets are mixed: all of them, `train` the first.
  package var mixture: [TrainOrder.Part]?
  package var eval: TrainOrder.DatasetPin?
  package var config: ConfigPin?
  /// Path relative to the root, and the hash of the weights.
  package var model: ModelPin?
  package var threads: Int

  package struct ConfigPin: Codable, Sendable, Equatable {
    package var name: SafeName
    package var version: Int
    package var sha256: String
    package init(name: SafeName, version: Int, sha256: String) {
      self.name = name
      self.version = version
      self.sha256 = sha256
    }
  }

  package struct ModelPin: Codable, Sendable, Equatable {
    package var name: String
    package var folder: String
    package var sha256: String
    package init(name: String, folder: String, sha256: String) {
      self.name = name
      self.folder = folder
      self.sha256 = sha256
    }
  }

  package init(
    train: TrainOrder.DatasetPin, mixture: [TrainOrder.Part]? = nil, eval: TrainOrder.DatasetPin?, config: ConfigPin?, model: ModelPin?,
    threads: Int
  ) {
    self.mixture = mixture
    self.train = train
    self.eval = eval
    self.config = config
    self.model = model
    self.threads = threads
  }
}

extension JobPins {
  /// Every dataset that is trained on.
  package var trained: [TrainOrder.DatasetPin] { mixture?.map(\.dataset) ?? [train] }
}
