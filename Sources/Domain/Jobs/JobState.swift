/// The states of a job. One machine, and `JobState.mayBecome` is its one door: the catalogue refuses what it refuses.
///
/// ```
/// pending -> preparing -> training <-> evaluating -> completed
///    |           |            |            |
///    +-----------+------------+------------+--> error | cancelled
///                 (preparing -> evaluating where nothing is trained)
///                paused (from any running state, and back)
/// ```
/// After a crash a running job becomes `pending` again (reason: goes on from its last checkpoint).
package enum JobState: String, Sendable, Codable, CaseIterable {
  case pending, preparing, training, evaluating, paused, completed, error, cancelled

  package var isFinal: Bool { self == .completed || self == .error || self == .cancelled }
  /// A worker belongs to it.
  package var isRunning: Bool { self == .preparing || self == .training || self == .evaluating }

  package func mayBecome(_ next: JobState) -> Bool {
    switch (self, next) {
    case (.pending, .preparing), (.preparing, .training), (.preparing, .evaluating), (.training, .evaluating), (.evaluating, .training):
      true
    case (.training, .completed), (.evaluating, .completed): true
    case (.preparing, .pending), (.training, .pending), (.evaluating, .pending): true  // its worker ended with the agent: recovery
    case (.pending, .paused), (.preparing, .paused), (.training, .paused), (.evaluating, .paused), (.paused, .pending): true
    case (.pending, .error), (.preparing, .error), (.training, .error), (.evaluating, .error): true
    case (.pending, .cancelled), (.preparing, .cancelled), (.training, .cancelled), (.evaluating, .cancelled), (.paused, .cancelled): true
    default: false
    }
  }
}

/// Why a pending job does not run yet: said in `status.json`, in the receipt and by `dropforge status`.
package enum PendingReason: Sendable, Codable, Equatable {
  case queued(behind: Int)
  case waitingForDataset(String)
  case waitingForConfig(String)
  case waitingForModel(String)
  /// Before it another is to be completed; nil: there is no such job yet.
  case waitingForJob(String, state: JobState?)
  case waitingForRoom
  case waitingForMemory
  case resumes
  /// A piece of work that keeps no checkpoints.
  case restarts
  /// Its winner is not known yet.
  case waitingForSweep(String)

  /// Whether the job waits for something that is to come, and not for its turn: nobody is behind it in the queue.
  package var isOutOfTheQueue: Bool {
    switch self {
    case .queued, .resumes, .restarts: false
    default: true
    }
  }

  package var sentence: String {
    switch self {
    case .queued(behind: 0): "starts next"
    case .queued(let behind): "queued behind \(behind) \(behind == 1 ? "job" : "jobs")"
    case .waitingForDataset(let name): "waiting for the dataset '\(name)': drop it into inbox/datasets/"
    case .waitingForConfig(let name): "waiting for the config '\(name)': drop \(name).json into inbox/configs/"
    case .waitingForModel(let name):
      "waiting for the model '\(name)': drop its Hugging Face folder (config.json, *.safetensors, tokenizer.json) into inbox/models/"
        + (HubSource.looksLikeModel(name)
          ? ", or have it downloaded: {\"source\": \"\(HubSource.modelPrefix)\(name)\"} in inbox/models/\(SafeName(from: name)).json" : "")
    case .waitingForJob(let name, nil): "waiting for the job '\(name)': drop it into inbox/jobs/"
    case .waitingForJob(let name, let state?): "waiting for the job '\(name)' to be completed; it is \(state.rawValue)"
    case .waitingForMemory: "waiting for memory: other programs use it; it goes on from its last checkpoint by itself when there is enough"
    case .waitingForRoom: "waiting for room on the disk: free some, and it goes on from its last checkpoint by itself"
    case .resumes: "goes on from its last checkpoint after an interruption"
    case .restarts: "begins again after an interruption"
    case .waitingForSweep(let name): "waiting for the sweep '\(name)' to be over: its winner is what is asked for"
    }
  }
}
