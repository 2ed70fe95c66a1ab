import SystemPackage

/// `workspace/jobs/<job-id>/`: this folder alone is enough to repeat the run.
package struct JobLayout: Sendable, Equatable {
  package let folder: FilePath

  package init(folder: FilePath) { self.folder = folder }

  /// As dropped.
  package var job: FilePath { folder.appending("job.json") }
  /// As resolved, with every default filled in.
  package var config: FilePath { folder.appending("config.json") }
  /// What the worker is told to do: `TrainOrder`.
  package var order: FilePath { folder.appending("order.json") }
  package var plan: FilePath { folder.appending("plan.json") }
  /// Only while a job that waits is planned: the order and the plan of that.
  package var planning: JobLayout { JobLayout(folder: folder.appending(".planning")) }
  package var status: FilePath { folder.appending("status.json") }
  /// A row a logged step: `MetricsRow`.
  package var metricRows: FilePath { folder.appending("metrics.jsonl") }
  /// The summary: `MetricsSummary`.
  package var metrics: FilePath { folder.appending("metrics.json") }
  package var log: FilePath { folder.appending("log.txt") }
  /// What the worker's standard error said last: kept for crashes.
  package var workerErrors: FilePath { folder.appending("worker-stderr.txt") }
  package var tensorboard: FilePath { folder.appending("tensorboard") }
  package var evaluation: FilePath { folder.appending("evaluation.json") }
  package var samples: FilePath { folder.appending("samples.md") }
  /// The first batch as text, with what is trained marked.
  package var firstBatch: FilePath { folder.appending("first-batch.md") }
  /// What the base wrote on the prompts of `samples`, before the first step.
  package var answersBefore: FilePath { folder.appending("answers-before.json") }
  /// The tokens of several datasets mixed: laid out as a tokenization.
  package var mixture: TokenizationLayout { TokenizationLayout(folder: folder.appending("mixture")) }
  package var manifest: FilePath { folder.appending("manifest.json") }
  package var readme: FilePath { folder.appending("README.md") }
  package var report: FilePath { folder.appending("report.html") }

  package var checkpoints: FilePath { folder.appending("checkpoints") }
  package func checkpoint(epoch: Int) -> CheckpointLayout { CheckpointLayout(folder: checkpoints.appending("checkpoint-epoch-\(epoch)")) }
  package func checkpoint(step: Int) -> CheckpointLayout { CheckpointLayout(folder: checkpoints.appending("checkpoint-step-\(step)")) }

  package var finalModel: FilePath { folder.appending("final_model") }
  /// `TrainedModelCard`.
  package var modelCard: FilePath { folder.appending("model.json") }
  /// Answers that were sampled while training, with their rewards, now and then.
  package var completions: FilePath { folder.appending("completions") }
  package func completions(step: Int) -> FilePath {
    let digits = String(step)
    return completions.appending("step-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).jsonl")
  }
  /// What the frozen reference says of the pairs, computed once before the first step.
  package var reference: FilePath { folder.appending("reference.json") }
  /// The tokenizer that this job trained or loaded, in Hugging Face's files.
  package var tokenizer: FilePath { folder.appending("tokenizer") }

  /// Files created here by users are obeyed: `ControlWord`.
  package var control: FilePath { folder.appending("control") }
  package func control(_ word: ControlWord) -> FilePath { word.file(in: control) }

  package var folders: [FilePath] { [folder, checkpoints, control] }
}

/// What a file in `control/` may be named.
package enum ControlWord: String, Sendable, CaseIterable, Codable {
  case cancel = "CANCEL"
  case pause = "PAUSE"
  case resume = "RESUME"

  /// - Parameter folder: the `control/` of a job or of a sweep.
  package func file(in folder: FilePath) -> FilePath { folder.appending(rawValue) }
}

/// `checkpoints/checkpoint-…/`: a Hugging Face model folder, and beside it what resuming to the same bits needs.
package struct CheckpointLayout: Sendable, Equatable {
  package let folder: FilePath

  package init(folder: FilePath) { self.folder = folder }

  /// The optimizer's moments, safetensors.
  package var optimizer: FilePath { folder.appending("optimizer.safetensors") }
  /// Step, epoch and history in the form of transformers' Trainer, so that existing plotters read it.
  package var trainerState: FilePath { folder.appending("trainer_state.json") }
  /// The sampled answers that the next step goes on with, where a method trains on them more than once.
  package var rollout: FilePath { folder.appending("rollout.json") }
  /// Our own state: cursor into the data, sums since the last log line, hashes of the files beside it. Written last.
  package var resumeState: FilePath { folder.appending("dropforge_state.json") }
}
