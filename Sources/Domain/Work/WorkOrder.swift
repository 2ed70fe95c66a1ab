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
  /// Rows that are canonical as they came need not be written again: whoever stores the version gives the dropped file the
  /// canonical file's name too (`IngestResult.Split.isOriginal`).
  package var rowsMayStay = false
  /// Absolute paths of mended copies of `bad-rows.jsonl`, the later of which win (`BadRowsFile`).
  package var mended: [String] = []
  /// The files were Parquet or Arrow, and are JSON lines under their names without the ending now: README.md speaks of the names before.
  package var isConverted = false

  package init(
    drop: DropID, source: String, fileName: String, staging: String, sidecar: DatasetSidecar?, limits: IngestLimits,
    rowsMayStay: Bool = false, mended: [String] = []
  ) {
    self.drop = drop
    self.source = source
    self.fileName = fileName
    self.staging = staging
    self.sidecar = sidecar
    self.limits = limits
    self.rowsMayStay = rowsMayStay
    self.mended = mended
  }
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

  /// A dataset of several that a job mixes.
  package struct Part: Codable, Sendable, Equatable {
    package var dataset: DatasetPin
    /// Its share of the training rows, above 0; those of all parts are 1 together.
    package var ratio: Double

    package init(dataset: DatasetPin, ratio: Double) {
      self.dataset = dataset
      self.ratio = ratio
    }
  }

  /// Nothing is trained: `baseModel` is measured on `train`.
  package struct Evaluation: Codable, Sendable, Equatable {
    /// As the user called it.
    package var model: String
    /// Of the dataset; nil: the one that it brings for evaluation, else the one that it has.
    package var split: String?
    /// Absolute path of the model that a dpo job began with, against which its rewards are counted.
    package var reference: String?
    /// What a reader should know beforehand, in sentences.
    package var remarks: [String]

    package init(model: String, split: String?, reference: String?, remarks: [String]) {
      self.model = model
      self.split = split
      self.reference = reference
      self.remarks = remarks
    }
  }

  package var schema = "dropforge.order/1"
  package var job: JobID
  package var name: String
  /// Absolute path of the job's folder; the resolved config lies in it.
  package var folder: String
  package var train: DatasetPin
  /// Where the job mixes several datasets: all of them, `train` the first.
  package var mixture: [Part]?
  /// Where the job names a second dataset for evaluation; else a part of `train` is held out.
  package var eval: DatasetPin?
  /// Absolute path of a Hugging Face folder; nil: the model is made from nothing.
  package var baseModel: String?
  /// Absolute path of the folder whose tokenizer is used; nil: the config's `tokenizer` section says what to make.
  package var tokenizer: String?
  /// Threads for the maths. Part of what the same bits depend on.
  package var threads: Int
  /// Whether rewards may start programs: the agent's own settings say so. Orders of before have no such word.
  package var allowsRewardCommands: Bool?
  package var evaluation: Evaluation?

  package init(
    job: JobID, name: String, folder: String, train: DatasetPin, mixture: [Part]? = nil, eval: DatasetPin?, baseModel: String?,
    tokenizer: String?, threads: Int, allowsRewardCommands: Bool? = nil
  ) {
    self.allowsRewardCommands = allowsRewardCommands
    self.mixture = mixture
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
  /// What was asked has the answer no: two things differ.
  case differs = 1
  /// A fault of ours; a `WorkerEvent.failed` said what is known.
  case `internal` = 70
  /// Told to stop (SIGTERM): a checkpoint was written. HTCondor's convention for the same.
  case stopped = 85
}
