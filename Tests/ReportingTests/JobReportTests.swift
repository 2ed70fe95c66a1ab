import Domain
import Platform
import Reporting
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// What stands beside a trained model, word for word.
struct JobReportTests {
  private var job: FinishedJob

  init() throws { job = try FinishedJob() }

  private func published() throws -> FinishedJob {
    try job.publisher.publish(job.facts)
    return job
  }

  @Test func the_model_card() throws {
    let card = try published().text(job.layout.finalModel.appending("README.md"))
    #expect(
      card == """
        ---
        library_name: transformers
        pipeline_tag: text-generation
        datasets:
        - "rows"
        tags:
        - dropforge
        - sft
        model-index:
        - name: "tiny"
          results:
          - task:
              type: text-generation
            dataset:
              name: "rows"
              type: "rows"
              split: held-out
            metrics:
            - type: loss
              name: Loss (nats a token)
              value: 1.5000
            - type: perplexity
              name: Perplexity
              value: 4.4817
            - type: accuracy
              name: Token accuracy
              value: 0.6250
        ---

        # tiny

        A language model with 12,345 parameters, trained with Dropforge by the method `sft`
        on the dataset `rows` (1,234 rows of prompt/completion, 6,789 tokens). It was made from nothing: every weight was drawn by lot and trained here.

        ## Results

        Measured on a part of it that was held out, 250 tokens.

        | | before | after | best |
        |---|---|---|---|
        | loss, nats a token | 5.6250 | 1.5000 | 1.3750 (step 3) |

        | | |
        |---|---|
        | perplexity | 4.482 |
        | token accuracy | 0.6250 |
        | training loss, first and last | 5.5000, 1.2500 |

        ## Training

        | | |
        |---|---|
        | steps | 4 |
        | tokens seen | 1,024 |
        | sequences a step | 6 of at most 1024 tokens |
        | learning rate | 2e-05, linear |
        | optimizer | AdamW, β 0.9 and 0.999, weight decay 0, gradient norm at most 1 |
        | seed | 7 |
        | time | 2.0 s, 512 tokens a second on 1 threads |
        | peak memory | 123.5 MB |

        ## Use

        ```python
        from transformers import AutoModelForCausalLM, AutoTokenizer
        model = AutoModelForCausalLM.from_pretrained("final_model")
        tokenizer = AutoTokenizer.from_pretrained("final_model")
        ```

        Or `dropforge generate tiny-2 "Once"`.

        ## Limits

        The model has seen only the dataset named above; what it writes is no more reliable than that. Nobody has checked it
        for bias or harm. `manifest.json` in the job's folder holds the hashes of every input: enough to repeat the run.

        """)
  }

  @Test func a_model_card_of_one_that_goes_on_from_another_measured_on_another_dataset() throws {
    var job = job
    job.facts.pins.model = .init(name: "Qwen: 3", folder: "workspace/models/qwen", sha256: String(repeating: "d", count: 64))
    job.facts.pins.eval = job.facts.pins.train
    job.facts.pins.eval?.name = SafeName(from: "exam")
    try job.publisher.publish(job.facts)
    let card = try job.text(job.layout.finalModel.appending("README.md"))
    #expect(
      card.hasPrefix("---\nlibrary_name: transformers\npipeline_tag: text-generation\nbase_model: \"Qwen: 3\"\ndatasets:\n- \"rows\"\n"))
    #expect(card.contains("      name: \"exam\"\n      type: \"exam\"\n      split: evaluation\n"))
    #expect(card.contains("6,789 tokens). It goes on from `Qwen: 3`.\n"))
    #expect(card.contains("Measured on the dataset `exam`, 250 tokens.\n"))
  }

  @Test func a_model_card_says_whose_weights_the_model_has_and_why_the_run_ended_early() throws {
    var job = job
    job.facts.configuration.training.best.loads = true
    job.facts.metrics.bestMetric = "eval_loss"
    job.facts.metrics.bestValue = 1.375
    job.facts.metrics.finalModelStep = 3
    job.facts.metrics.endedEarly = "at step 4 of 9: eval_loss has not fallen in 1 evaluation; the best is 1.3750, at step 3"
    try job.publisher.publish(job.facts)
    let card = try job.text(job.layout.finalModel.appending("README.md"))
    #expect(
      card.contains(
        """
        | steps | 4 |
        | ended early | at step 4 of 9: eval_loss has not fallen in 1 evaluation; the best is 1.3750, at step 3 |
        | final model | of step 3, the best by `eval_loss`: 1.3750 |
        | tokens seen | 1,024 |

        """))
    #expect(try job.text(job.layout.finalModel.appending("model_config.json")).contains("\"finalStep\": 3,"))
    job.facts.metrics.finalModelStep = 4
    try job.publisher.publish(job.facts)
    #expect(try job.text(job.layout.finalModel.appending("README.md")).contains("| final model | of step 4, the last |\n"))
  }

  @Test func a_model_card_without_an_evaluation() throws {
    var job = job
    job.facts.metrics.firstEvalLoss = nil
    job.facts.metrics.evalLoss = nil
    job.facts.metrics.evalPerplexity = nil
    job.facts.metrics.evalMeanTokenAccuracy = nil
    job.facts.metrics.bestEvalLoss = nil
    job.facts.metrics.bestStep = nil
    try job.publisher.publish(job.facts)
    let card = try job.text(job.layout.finalModel.appending("README.md"))
    #expect(card.contains("model-index:\n- name: \"tiny\"\n  results: []\n---\n"))
    #expect(card.contains("| loss, nats a token | – | – | – |\n"))
    #expect(card.contains("| perplexity | – |\n| token accuracy | – |\n"))
  }

  @Test func what_training_studios_look_for() throws {
    let job = try published()
    #expect(
      try job.text(job.layout.finalModel.appending("model_config.json")) == """
        {
          "baseModel": "scratch",
          "dataset": "rows",
          "epochs": 3,
          "finalStep": 4,
          "timestamp": "2026-11-21T07:48:06.000Z"
        }

        """)
    #expect(
      try job.text(job.layout.finalModel.appending("training_metrics.json")) == """
        {
          "batchSize": 2,
          "epochs": 3,
          "evalLoss": 1.5,
          "finalLoss": 1.25,
          "learningRate": 2e-05,
          "totalSteps": 4
        }

        """)
  }

  @Test func the_page_of_the_job() throws {
    let job = try published()
    let page = try job.text(job.layout.readme)
    #expect(
      page.hasPrefix(
        """
        # tiny-2

        sft on `rows` (version 1), finished 2026-11-21T07:48:06.000Z.
        Loss on the held-out part: 5.6250 before, 1.5000 after 4 steps.

        """))
    #expect(page.hasSuffix("\nGo on with it: `dropforge generate tiny-2 \"Once\"`, or name `\"tiny-2\"` as `model.name` in a config.\n"))
    let files = LinuxFileSystem()
    for name in ["final_model", "job.json", "config.json", "manifest.json", "metrics.json", "metrics.jsonl"] {
      #expect(page.contains("`\(name)") && files.exists(job.layout.folder.appending(name)), "\(name)")
    }
  }

  @Test func the_manifest_has_the_hash_of_every_input_and_of_every_file_that_stands() throws {
    let job = try published()
    let manifest = try PublishedJSON.decode(Manifest.self, from: try LinuxFileSystem().contents(of: job.layout.manifest))
    #expect(manifest.job.text == "tiny-2" && manifest.seed == 7 && manifest.version == DropforgeVersion.text)
    #expect(manifest.createdAt == Specimen.time + 3 && manifest.libraries == ["oneDNN": "3.1"])
    #expect(manifest.machine.kernels == "x86-64-v3" && manifest.machine.threads == 1)
    #expect(
      manifest.inputs == [
        .init(role: "dataset", name: "rows", version: 1, sha256: String(repeating: "a", count: 64)),
        .init(role: "job file", name: "job.json", version: nil, sha256: SHA256.hash("job".utf8)),
        .init(role: "resolved config", name: "config.json", version: nil, sha256: SHA256.hash("config".utf8)),
      ])
    #expect(
      manifest.outputs.map(\.path) == [
        "final_model/README.md", "final_model/model.safetensors", "final_model/model_config.json", "final_model/training_metrics.json",
        "metrics.json", "metrics.jsonl",
      ])
    for output in manifest.outputs {
      let (sha256, bytes) = try LinuxFileSystem().sha256(of: job.layout.folder.pushing(FilePath(output.path)))
      #expect(output.sha256 == sha256 && output.bytes == bytes, "\(output.path)")
    }
  }

  @Test func the_manifest_of_a_job_with_everything_pinned() throws {
    var job = job
    let hash = { (letter: String) in String(repeating: letter, count: 64) }
    job.facts.pins.eval = job.facts.pins.train
    job.facts.pins.eval?.name = SafeName(from: "exam")
    job.facts.pins.config = .init(name: SafeName(from: "small"), version: 4, sha256: hash("c"))
    job.facts.pins.model = .init(name: "qwen", folder: "workspace/models/qwen", sha256: hash("d"))
    try job.publisher.publish(job.facts)
    let manifest = try PublishedJSON.decode(Manifest.self, from: try LinuxFileSystem().contents(of: job.layout.manifest))
    #expect(
      manifest.inputs.prefix(4) == [
        .init(role: "dataset", name: "rows", version: 1, sha256: hash("a")),
        .init(role: "evaluation dataset", name: "exam", version: 1, sha256: hash("a")),
        .init(role: "config", name: "small", version: 4, sha256: hash("c")),
        .init(role: "base model", name: "qwen", version: nil, sha256: hash("d")),
      ])
  }

  @Test func published_again_they_are_the_same() throws {
    let job = try published()
    let first = try job.root.folder.contents()
    try job.publisher.publish(job.facts)
    #expect(try job.root.folder.contents() == first)
  }
}
