import Domain
import StrictJSON
import Testing

/// The fields of dpo, orpo and grpo, of rewards, optimizers and schedules.
struct MethodFieldsTests {
  private func decode(_ training: String) throws -> (TrainingSection, [String]) {
    let text = #"{"training": \#(training)}"#
    let (configuration, findings) = Configuration.decode(try JSONParser.parse(text), source: .none)
    return (configuration.training, findings.map(\.description))
  }

  @Test func defaults_are_those_of_trl() throws {
    let (dpo, findings) = try decode(#"{"method": "dpo"}"#)
    #expect(findings.isEmpty)
    #expect(dpo.learningRate == 1e-6 && dpo.preference.beta == 0.1 && dpo.preference.loss == .sigmoid && dpo.maximumLength == 1_024)
    #expect(dpo.preference.disablesDropout == true && dpo.group == GroupSettings(method: .dpo) && dpo.group.generations == nil)
    let (grpo, _) = try decode(#"{"method": "grpo"}"#)
    #expect(grpo.group.generations == 8 && grpo.preference.loss == .dapo && grpo.preference.beta == 0 && grpo.group.epsilon == 0.2)
    #expect(grpo.promptLength == 512 && grpo.group.rewards?.map(\.label) == ["accuracy", "format"])
  }

  @Test(arguments: ["rlhf", "ppo"])
  func other_words_are_run_as_grpo_and_say_so(_ word: String) throws {
    let (training, findings) = try decode(#"{"method": "\#(word)"}"#)
    #expect(training.method == .grpo)
    #expect(
      findings == [
        "warning: training.method: \"\(word)\" is run as grpo: answers are sampled and rewarded in groups, without a value model or a reward model"
      ])
  }

  @Test(arguments: [
    (
      #"{"method": "dpo", "loss_type": "dapo"}"#,
      "error: training.loss_type: \"dapo\" is no loss of dpo; it has sigmoid, hinge, ipo, robust"
    ),
    (#"{"method": "sft", "beta": 0.1}"#, "warning: training.beta: has an effect only with method dpo, orpo, grpo"),
    (#"{"method": "dpo", "beta": 0}"#, "error: training.beta: 0 leaves nothing to learn from; 0.1 is usual"),
    (
      #"{"method": "dpo", "label_smoothing": 0.1}"#,
      "warning: training.label_smoothing: has an effect only with loss_type robust, as in TRL from 1.0 on"
    ),
    (#"{"method": "dpo", "num_generations": 4}"#, "warning: training.num_generations: has an effect only with method grpo"),
    (#"{"method": "orpo", "packing": true}"#, "error: training.packing: orpo compares whole answers and packs nothing; set it to false"),
    (
      #"{"method": "grpo", "batch_size": 6}"#,
      "error: training.num_generations: a step has batch_size 6 × gradient_accumulation_steps 1 = 6 answers, which is no multiple of 8"
    ),
    (#"{"method": "grpo", "rewards": []}"#, "error: training.rewards: grpo learns from rewards; name at least one"),
    (
      #"{"method": "grpo", "rewards": ["format", "format"]}"#,
      "error: training.rewards: two rewards are called \"format\"; give one of them a \"label\" of its own"
    ),
    (
      #"{"method": "grpo", "reward_funcs": ["format"], "reward_weights": [1, 2]}"#,
      "error: training.reward_weights: 2 weights for 1 rewards; give one each"
    ),
    (
      #"{"method": "grpo", "rewards": ["acuracy"]}"#,
      "error: training.rewards: element 1: \"acuracy\" is not allowed; it must be one of accuracy, format, format_deepseek, reasoning_steps, length, cosine, repetition_penalty, regex, command. Did you mean \"accuracy\"?"
    ),
    (
      #"{"method": "grpo", "rewards": [{"name": "regex", "patern": "a"}]}"#,
      "error: training.rewards: element 1: patern: no such field. Did you mean \"pattern\"?"
    ),
    (#"{"method": "grpo", "rewards": ["regex"]}"#, "error: training.rewards: element 1: \"regex\" needs a \"pattern\""),
    (
      #"{"method": "grpo", "max_completion_length": 1024}"#,
      "error: training.max_completion_length: 1024 leaves no room for a prompt within max_length 768"
    ),
    (#"{"method": "sft", "lr_end": 1e-9}"#, "warning: training.lr_end: has an effect only with lr_scheduler_type polynomial"),
    (
      #"{"method": "sft", "lr_scheduler_type": "polynomial", "lr_end": 1}"#,
      "error: training.lr_end: the last rate 1 must be below learning_rate 2e-05"
    ),
    (
      #"{"method": "sft", "lr_scheduler_kwargs": {"cycles": 2}}"#,
      "error: training.lr_scheduler_kwargs.cycles: no such field; known here: decay_type, lr_end, min_lr, min_lr_rate, min_lr_ratio, num_cycles, num_decay_steps, num_stable_steps, power, warmup_type"
    ),
  ])
  func a_wrong_field_is_named(training: String, expected: String) throws {
    #expect(try decode(training).1 == [expected])
  }

  @Test func rewards_are_words_or_objects_and_read_back_as_themselves() throws {
    let text = """
      {"method": "grpo", "rewards": ["accuracy", "command:python3 /x/score.py --fast", {"name": "regex", "pattern": "[0-9]+", "weight": 0.5,
       "label": "digits"}], "reward_weights": [2, 1, 1]}
      """
    let (training, findings) = try decode(text)
    #expect(findings.isEmpty)
    let rewards = training.weightedRewards
    #expect(rewards.map(\.label) == ["accuracy", "command", "digits"] && rewards.map(\.weight) == [2, 1, 1])
    #expect(rewards[1].command == ["python3", "/x/score.py", "--fast"])
    for reward in rewards { #expect(RewardSettings(node: reward.node) == reward) }
  }

  @Test(arguments: [("adafactor", OptimizerKind.adafactor), ("lion_32bit", .lion), ("paged_adamw_8bit", .adamw)])
  func optimizers_have_their_names_elsewhere(word: String, kind: OptimizerKind) throws {
    #expect(try decode(#"{"method": "sft", "optim": "\#(word)"}"#).0.optimizer == kind)
  }
}
