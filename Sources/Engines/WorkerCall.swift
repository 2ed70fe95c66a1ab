import Domain
import SystemPackage

/// What a worker is started for: the words after `dropforge-worker`.
package enum WorkerCall: Sendable, Equatable {
  /// Path of an `IngestOrder`.
  case ingest(FilePath)
  /// Path of a list of `IngestOrder`: small files of plain text. A drop of which the worker says neither `read` nor `refused` is
  /// to be read alone.
  case ingestMany(FilePath)
  /// Path of a `ColumnarOrder`.
  case columnar(FilePath)
  /// Path of a `ModelOrder`.
  case model(FilePath)
  /// Path of a job's folder, whose `order.json` says what to train.
  case train(FilePath)
  /// Path of a job's folder, whose `order.json` says which model to measure on what.
  case evaluate(FilePath)
  /// Path of a folder laid out as a job's, whose order is only to be planned.
  case plan(FilePath)
  /// Path of an errand's folder, whose `order.json` says what to do. The verb is the kind's word.
  case errand(ErrandKind, FilePath)
  /// Path of a list of `SurveyOrder`.
  case survey(FilePath)
  /// Path of a `RowsOrder`.
  case rows(FilePath)

  var arguments: [String] {
    switch self {
    case .ingest(let order): ["ingest", order.string]
    case .ingestMany(let orders): ["ingest-many", orders.string]
    case .columnar(let order): ["columnar", order.string]
    case .model(let order): ["model", order.string]
    case .train(let folder): ["train", folder.string]
    case .evaluate(let folder): ["evaluate", folder.string]
    case .plan(let folder): ["plan", folder.string]
    case .errand(let kind, let folder): [kind.rawValue, folder.string]
    case .survey(let orders): ["survey", orders.string]
    case .rows(let order): ["rows", order.string]
    }
  }
}

/// How a worker ended.
package enum WorkerOutcome: Sendable, Equatable {
  case done
  /// It said why it could not do its work; the input or the order is at fault.
  case refused(Problem)
  /// It was told to stop, and left a checkpoint.
  case stopped
  /// It ended without a word: killed by a signal, or by a fault of ours.
  case crashed(Crash)

  package struct Crash: Sendable, Equatable {
    /// The signal that killed it; nil where it exited.
    package var signal: Int32?
    package var exitCode: Int32?
    /// What it wrote to standard error: the beginning and the end.
    package var lastWords: String

    package init(signal: Int32?, exitCode: Int32?, lastWords: String) {
      self.signal = signal
      self.exitCode = exitCode
      self.lastWords = lastWords
    }
  }
}

extension WorkerOutcome.Crash {
  /// False where there was no process at all: the worker is missing, or the machine has no room for it.
  package var wasStarted: Bool { signal != nil || exitCode != nil }

  /// The backtrace without registers and images: they tell a reader nothing, and fill the screen. The fault is named first.
  private var gist: String {
    let lines = lastWords.split(separator: "\n").map { $0.drop(while: { $0 == " " }) }.prefix { !$0.hasPrefix("Registers:") }
    return (lines.count > 24 ? lines.prefix(8) + ["…"] + lines.suffix(16) : lines).joined(separator: "\n")
  }

  /// For a receipt or a job's status.
  package func problem(doing work: String) -> Problem {
    let how: String
    switch (signal, exitCode) {
    case (9, _): how = "was killed (signal 9)"
    case (let signal?, _): how = "died of signal \(signal)"
    case (_, let code?): how = "ended with exit code \(code)"
    case (nil, nil):
      return Problem(
        "worker.missing", "the worker for \(work) could not be started",
        mend: "Look whether dropforge-worker lies beside dropforge and may be executed; install both again, from the same version.",
        cause: gist.isEmpty ? nil : gist)
    }
    let why = signal == 9 ? "the kernel kills a process so when memory runs out; so does an administrator" : nil
    let mend =
      signal == 9
      ? "Look with `journalctl -k | grep -i oom` whether memory ran out; if so, use a smaller model, batch or max_length, or a machine with more."
      : "This is a fault of Dropforge, not of your files: please report it with the text below."
    return Problem("worker.crashed", "the worker that was \(work) \(how)", why: why, mend: mend, cause: gist.isEmpty ? nil : gist)
  }
}
