import Domain
import SystemPackage

/// `README.md` in a job's folder: what lies here, and how to go on.
struct JobReadmeReport: JobReport {
  func path(_ job: JobLayout) -> FilePath { job.readme }

  func text(_ facts: JobFacts) -> String {
    """
    # \(facts.id)

    \(facts.configuration.training.method.rawValue) on \(facts.pins.trained.map { "`\($0.name)` (version \($0.version))" }.joined(separator: " and ")), finished \(facts.finishedAt).
    \(held(facts)) after \(facts.metrics.steps) steps.\(planned(facts))

    | file | what |
    |---|---|
    | `final_model/` | the model, as Hugging Face's transformers loads it; `README.md` in it is its card |
    | `plan.json` | what was planned before the first step, and what it took |
    \(firstBatch(facts))| `samples.md` | what it wrote before the training and after, on the same prompts |
    | `metrics.json`, `metrics.jsonl` | the run in one object, and a row a logged step |
    | `log.txt` | the same for people |
    | `evaluation.json` | the held-out part before and after, loss curves, answers that were judged |
    \(ofMethod(facts))| `checkpoints/` | the last states of the training, each a model of its own |
    | `job.json`, `config.json` | the job as it was dropped, and with every default filled in |
    | `manifest.json` | hashes of every input and output, seed, versions: enough to repeat the run |

    Go on with it: `dropforge generate \(facts.id) "Once"`, or name `"\(facts.id)"` as `model.name` in a config.

    """
  }

  /// grpo's first batch is sampled: it stands in completions/.
  private func firstBatch(_ facts: JobFacts) -> String {
    facts.configuration.training.method == .grpo ? "" : "| `first-batch.md` | the first batch as text, with what is trained marked |\n"
  }

  /// Plan against fact.
  private func planned(_ facts: JobFacts) -> String { facts.plan?.comparison.map { "\n\($0)" } ?? "" }

  /// What the held-out part says, in the measure of the method.
  private func held(_ facts: JobFacts) -> String {
    let metrics = facts.metrics
    func number(_ value: Double?) -> String { value.map { Figures.fixed($0, 4) } ?? "–" }
    if facts.configuration.training.method == .grpo {
      return
        "Mean reward on the held-out part: \(number(metrics.firstMeasures?["eval_reward"])) before, \(number(metrics.measures?["eval_reward"]))"
    }
    return "Loss on the held-out part: \(number(metrics.firstEvalLoss)) before, \(number(metrics.evalLoss))"
  }

  private func ofMethod(_ facts: JobFacts) -> String {
    switch facts.configuration.training.method {
    case .pretrain, .sft, .orpo: ""
    case .dpo: "| `reference.json` | what the frozen reference says of each pair |\n"
    case .grpo: "| `completions/` | answers that were sampled, with their rewards |\n"
    }
  }
}
