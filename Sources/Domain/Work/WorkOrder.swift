/// What the agent tells a worker to do: one piece of work, one process. It crosses the wall as a file.
package struct IngestOrder: Codable, Sendable, Equatable {
  package var drop: DropID
  /// Absolute path of the dropped file or folder, which the worker only reads.
  package var source: String
  /// Its name as dropped: format, compression and the dataset's name are told from it.
  package var fileName: String
  /// Absolute path of the folder to build; made by the worker, laid out as `DatasetVersionLayout`.
  package var staging: String
  package var sidecar: DatasetSidecar?
  package var limits: IngestLimits

  package init(drop: DropID, source: String, fileName: String, staging: String, sidecar: DatasetSidecar?, limits: IngestLimits) {
    self.drop = drop
    self.source = source
    self.fileName = fileName
    self.staging = staging
    self.sidecar = sidecar
    self.limits = limits
  }
}

/// What ingest refuses to exceed. Each limit stands in the message that it causes.
package struct IngestLimits: Codable, Sendable, Equatable {
  /// Of all rows, 0 to 1: more bad rows than this and the drop is rejected whole.
  package var badRowShare = 0.05
  /// Of one row, after decompression.
  package var rowBytes = 64 << 20
  /// Of everything that comes out of one drop.
  package var totalBytes = 1 << 40
  /// Files in one archive or folder.
  package var files = 10_000
  /// Bytes out a byte in, for an archive or a compressed file of some size: more is a bomb.
  package var expansion = 1_000

  package init() {}
}

/// What a training worker needs beside the job's folder.
package struct TrainOrder: Codable, Sendable, Equatable {
  package struct DatasetPin: Codable, Sendable, Equatable {
    package var name: SafeName
    package var version: Int
    package var sha256: String
    /// Absolute path of the version's folder.
    package var folder: String
    /// Absolute path of the dataset's folder, for its tokenizations.
    package var datasetFolder: String

    package init(name: SafeName, version: Int, sha256: String, folder: String, datasetFolder: String) {
      self.name = name
      self.version = version
      self.sha256 = sha256
      self.folder = folder
      self.datasetFolder = datasetFolder
    }
  }

  package var schema = "dropforge.order/1"
  package var job: JobID
  package var name: String
  /// Absolute path of the job's folder; the resolved config lies in it.
  package var folder: String
  package var train: DatasetPin
  /// Where the job names a second dataset for evaluation; else a part of `train` is held out.
  package var eval: DatasetPin?
  /// Absolute path of a Hugging Face folder; nil: the model is made from nothing.
  package var baseModel: String?
  /// Absolute path of the folder whose tokenizer is used; nil: the config's `tokenizer` section says what to make.
  package var tokenizer: String?
  /// Threads for the maths. Part of what the same bits depend on.
  package var threads: Int

  package init(
    job: JobID, name: String, folder: String, train: DatasetPin, eval: DatasetPin?, baseModel: String?, tokenizer: String?, threads: Int
  ) {
    self.job = job
    self.name = name
    self.folder = folder
    self.train = train
    self.eval = eval
    self.baseModel = baseModel
    self.tokenizer = tokenizer
    self.threads = threads
  }
}

/// How a worker ends. Anything else is a crash.
package enum WorkerExit: Int32, Sendable {
  case done = 0
  /// The input or the order was refused; a `WorkerEvent.failed` said why.
  case refused = 65
  /// A fault of ours; a `WorkerEvent.failed` said what is known.
  case `internal` = 70
  /// Told to stop (SIGTERM): a checkpoint was written. HTCondor's convention for the same.
  case stopped = 85
}
