import Domain
import StrictJSON
import Testing

/// Which evaluation is the best and when a run ends: what a config may say of it, word for word.
struct BestModelFieldsTests {
  private func decode(_ training: String) throws -> (Configuration, [Finding]) {
    let text = "{\"training\": {\(training)}}"
    return Configuration.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
  }

  @Test(arguments: [
    (#""method": "sft", "load_best_model_at_end": true, "eval_steps": 10"#, [String]()),
    (#""method": "sft", "load_best_model_at_end": true, "metric_for_best_model": "loss", "early_stopping_patience": 3"#, []),
    (#""method": "sft", "metric_for_best_model": "eval_perplexity""#, []),
    (
      #""method": "sft", "load_best_model_at_end": true, "metric_for_best_model": "eval_los""#,
      [
        #"error: training.metric_for_best_model (line 1): an evaluation of sft measures no "eval_los". Did you mean "eval_loss"?"#
      ]
    ),
    (
      #""method": "sft", "load_best_model_at_end": true, "metric_for_best_model": "bleu""#,
      [
        #"error: training.metric_for_best_model (line 1): an evaluation of sft measures no "bleu"; it has eval_loss, eval_mean_token_accuracy, eval_perplexity"#
      ]
    ),
    (
      #""method": "dpo", "load_best_model_at_end": true, "metric_for_best_model": "rewards/accuracy""#,
      [
        #"error: training.metric_for_best_model (line 1): an evaluation of dpo measures no "rewards/accuracy". Did you mean "eval_rewards/accuracies"?"#
      ]
    ),
    (
      #""method": "sft", "load_best_model_at_end": true, "greater_is_better": true"#,
      [
        "warning: training.greater_is_better (line 1): of eval_loss the smallest is usually the best; with true the worst evaluation counts as the best"
      ]
    ),
    (
      #""method": "sft", "early_stopping_threshold": 0.1"#,
      ["warning: training.early_stopping_threshold (line 1): has an effect only with early_stopping_patience"]
    ),
    (
      #""method": "sft", "early_stopping_patience": 2"#,
      [
        "warning: training.early_stopping_patience (line 1): without load_best_model_at_end the final model is of the step at which the run ends, not of the best evaluation"
      ]
    ),
    (
      #""method": "sft", "early_stopping_patience": 0"#,
      ["error: training.early_stopping_patience (line 1): 0 is outside of what is allowed: at least 1"]
    ),
    (
      #""method": "sft", "load_best_model_at_end": true, "eval_strategy": "no""#,
      [
        #"error: training.load_best_model_at_end (line 1): needs evaluations while it trains, and eval_strategy is "no"; set it to "epoch", or to "steps" with eval_steps"#
      ]
    ),
    (
      #""method": "sft", "save_strategy": "best", "eval_strategy": "no""#,
      [
        #"error: training.save_strategy (line 1): needs evaluations while it trains, and eval_strategy is "no"; set it to "epoch", or to "steps" with eval_steps"#
      ]
    ),
    (
      #""method": "sft", "early_stopping_patience": 2, "eval_strategy": "no""#,
      [
        #"error: training.early_stopping_patience (line 1): needs evaluations while it trains, and eval_strategy is "no"; set it to "epoch", or to "steps" with eval_steps"#
      ]
    ),
    (
      #""method": "sft", "load_best_model_at_end": true, "eval_steps": 10, "save_strategy": "steps", "save_steps": 25"#,
      [
        "warning: training.save_strategy (line 1): save_steps 25 is no multiple of eval_steps 10: an evaluation that is the best so far keeps a checkpoint all the same, so more are written than save_strategy says"
      ]
    ),
    (#""method": "sft", "load_best_model_at_end": true, "eval_steps": 10, "save_strategy": "steps", "save_steps": 20"#, []),
    (
      #""method": "sft", "load_best_model_at_end": true, "save_strategy": "steps", "save_steps": 20"#,
      [
        #"warning: training.save_strategy (line 1): is "steps", and evaluations come at the end of each epoch: an evaluation that is the best so far keeps a checkpoint all the same, so more are written than save_strategy says"#
      ]
    ),
    (
      #""method": "sft", "load_best_model_at_end": true, "save_strategy": "no""#,
      [
        #"warning: training.save_strategy (line 1): is "no", and load_best_model_at_end needs checkpoints: an evaluation that is the best so far keeps a checkpoint all the same, so more are written than save_strategy says"#
      ]
    ),
  ])
  func what_a_config_says_of_its_best_is_checked(_ training: String, _ expected: [String]) throws {
    #expect(try decode(training).1.map(\.description) == expected)
  }

  @Test func the_defaults_are_written_out_where_a_run_depends_on_them() throws {
    let (sft, _) = try decode(#""method": "sft", "load_best_model_at_end": true, "metric_for_best_model": "mean_token_accuracy""#)
    #expect(sft.training.object["metric_for_best_model"] == "eval_mean_token_accuracy")
    #expect(sft.training.object["greater_is_better"] == true && sft.training.object["early_stopping_threshold"] == nil)
    let (grpo, _) = try decode(#""method": "grpo", "early_stopping_patience": 2"#)
    #expect(grpo.training.object["metric_for_best_model"] == "eval_reward" && grpo.training.object["greater_is_better"] == true)
    #expect(grpo.training.object["early_stopping_threshold"] == 0)
    // A config that says nothing of it is what it was: a run goes on from a checkpoint only under the very same one.
    let plain = try decode(#""method": "sft""#).0.training.object
    #expect(!BestModelFieldsTests.keys.contains { plain[$0] != nil })
  }

  private static let keys = [
    "load_best_model_at_end", "metric_for_best_model", "greater_is_better", "early_stopping_patience", "early_stopping_threshold",
  ]

  @Test func less_is_better_of_losses_and_perplexity() throws {
    for name in ["eval_loss", "loss", "nll_loss", "eval_perplexity"] { #expect(!BestMetric(name: name).isGreaterBetter, "\(name)") }
    for name in ["eval_reward", "mean_token_accuracy", "rewards/margins"] { #expect(BestMetric(name: name).isGreaterBetter, "\(name)") }
    #expect(!BestMetric(name: "eval_reward", isGreaterBetter: false).isGreaterBetter)
    #expect(BestMetric(name: "loss").name == "eval_loss")
  }
}
