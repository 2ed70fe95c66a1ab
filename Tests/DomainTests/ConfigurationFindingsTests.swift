import Domain
import StrictJSON
import Testing

/// What is wrong with a config, word for word.
struct ConfigurationFindingsTests {
  private static let methods = TrainingMethod.allCases.map(\.rawValue).joined(separator: ", ")
  private func findings(_ text: String) throws -> [String] {
    Configuration.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8))).1.map(\.description)
  }

  @Test func all_findings_come_at_once_each_with_its_line() throws {
    let text = """
      {
        "training": {
          "method": "sft",
          "learning_rat": 1e-4,
          "batch_size": "8",
          "num_epochs": 0,
          "max_steps": 2.5,
          "packing": 1,
          "lr_scheduler_type": "cosin",
          "optim": 3,
          "warmup_steps": 1e400,
          "zzzz": null
        },
        "data": {"eval_split": 1}
      }
      """
    #expect(
      try findings(text) == [
        #"error: training.learning_rat (line 4): no such field. Did you mean "learning_rate"?"#,
        "error: training.batch_size (line 5): the number is written as a string; write 8 without quotes",
        "error: training.num_epochs (line 6): 0 is outside of what is allowed: greater than 0",
        "error: training.max_steps (line 7): 2.5 is not a whole number",
        "error: training.packing (line 8): this is a number, but it must be true or false",
        #"error: training.lr_scheduler_type (line 9): "cosin" is not allowed; it must be one of linear, cosine, constant, constant_with_warmup, cosine_with_min_lr, cosine_with_restarts, polynomial, warmup_stable_decay. Did you mean "cosine"?"#,
        "error: training.optim (line 10): this is a number, but it must be one of adamw, adafactor, lion",
        "error: training.warmup_steps (line 11): 1e400 is too large",
        "error: training.zzzz (line 12): no such field; docs/configuration.md lists those of training",
        "error: data.eval_split (line 14): 1 is outside of what is allowed: from 0 to below 1",
      ])
  }

  @Test(arguments: [
    ("[]", ["error: a config is a JSON object, but this is an array"]),
    ("{}", ["error: training: this section is missing; it says at least the method"]),
    (#"{"training": {"batch_size": 4}}"#, ["error: training.method (line 1): this field is missing; it is one of \(Self.methods)"]),
    (#"{"training": {"method": "sft", "lr": 1e-4, "learning_rate": 0.0001}}"#, []),
    (#"{"$schema": "x", "training": {"method": "sft", "seed": 7}}"#, []),
    (
      #"{"training": {"method": "kto"}}"#, [#"error: training.method (line 1): "kto" is not allowed; it must be one of \#(Self.methods)"#]
    ),
    (
      #"{"training": {"method": "sft", "lr": 1e-4, "learning_rate": 2e-4}}"#,
      [#"error: training.learning_rate (line 1): is another spelling of "lr", which stands here too with another value, 1e-4; keep one"#]
    ),
    (
      #"{"training": {"method": "sft"}, "learning_rate": 1}"#,
      [#"error: learning_rate (line 1): no such field here; it belongs into "training": training.learning_rate"#]
    ),
    (
      #"{"training": {"method": "sft"}, "hidden_size": 1, "max_samples": 3}"#,
      [
        #"error: hidden_size (line 1): no such field here; it belongs into "model": model.hidden_size"#,
        #"error: max_samples (line 1): no such field here; it belongs into "data": data.max_samples"#,
      ]
    ),
    (#"{"training": {"method": "sft"}, "trainig": {}}"#, [#"error: trainig (line 1): no such field. Did you mean "training"?"#]),
    (
      #"{"training": {"method": "sft"}, "zzzzzz": 1}"#,
      [
        "error: zzzzzz (line 1): no such field; known here: model, tokenizer, training, data, tools, evaluation, tensorboard, seed, name, description, schema, $schema, version"
      ]
    ),
    (
      #"{"training": [1], "model": "x", "seed": -1, "tools": 3, "name": 5, "description": []}"#,
      [
        "error: model (line 1): must be an object, but this is a string",
        "error: training (line 1): must be an object, but this is an array",
        "error: seed (line 1): must be a whole number, at least 0", "error: tools (line 1): must be a list of tools, but this is a number",
        "error: name (line 1): must be a string, but this is a number",
        "error: description (line 1): must be a string, but this is an array",
      ]
    ),
    (
      #"{"nam": 3, "config": {"training": {"method": "pretrain"}}}"#, [#"error: nam (line 1): no such field. Did you mean "name"?"#]
    ),
    (
      #"{"training": {"method": "sft"}, "evaluation": {"metrics": ["loss", "los"], "sample_prompts": ["a", null]}}"#,
      [
        #"error: evaluation.metrics (line 1): element 2: "los" is not allowed; it must be one of loss, perplexity, accuracy, tool_accuracy, format_correctness, response_quality, execution_success, preference_accuracy, reward_score, value_loss. Did you mean "loss"?"#,
        "error: evaluation.sample_prompts (line 1): element 2: this is null, but it must be a string",
      ]
    ),
    (
      #"{"training": {"method": null, "batch_size": null, "max_steps": null}}"#,
      [
        "error: training.method (line 1): this is null, but it must be one of \(Self.methods)",
        "error: training.batch_size (line 1): this is null, but it must be a whole number",
      ]
    ),
    (
      #"{"training": {"method": "sft", "learning_rate": "1e-4", "weight_decay": "nan"}}"#,
      [
        "error: training.learning_rate (line 1): the number is written as a string; write 1e-4 without quotes",
        "error: training.weight_decay (line 1): this is a string, but it must be a number",
      ]
    ),
    (
      #"{"training": {"method": "pretrain"}, "tools": [{"a": 1}]}"#,
      [#"error: tools[1] (line 1): a tool is an object with "name", "description" and "parameters""#]
    ),
  ])
  func a_wrong_form_is_named(text: String, expected: [String]) throws {
    #expect(try findings(text) == expected)
  }

  @Test func fields_of_other_trainers_are_answered() throws {
    #expect(
      try findings(
        #"{"training": {"method": "sft", "lora_r": 8, "bf16": true, "quantization": "4bit", "dataloader_num_workers": 4}, "tensorboard": {"log_dir": "x"}}"#
      ) == [
        "warning: training.quantization (line 1): weights are not quantised here; the field has no effect",
        "warning: tensorboard.log_dir (line 1): event files lie in the job's own folder, tensorboard/",
        "warning: training.lora_r (line 1): has an effect only with use_lora",
      ])
    // With the value that it has anyway a field needs no answer.
    #expect(try findings(#"{"training": {"method": "sft", "use_lora": false, "bf16": false, "fp16": false}}"#).isEmpty)
  }

  @Test func settings_of_an_adapter_that_cannot_be_are_refused() throws {
    func training(_ members: String, model: String = #"{"name": "m"}"#) throws -> [String] {
      try findings("{\"model\": \(model), \"training\": {\"method\": \"sft\", \(members)}}")
    }
    #expect(try training(#""use_lora": true, "lora_target_modules": "all-linear", "merge_lora": true"#).isEmpty)
    #expect(
      try training(#""use_lora": true"#, model: "{}")
        == [
          "error: training.use_lora (line 1): an adapter trains beside a model that exists, and this one is made from nothing; set model.name to a model's name, or use_lora to false"
        ])
    #expect(
      try training(#""use_lora": true, "lora_r": 0, "lora_dropout": 1, "lora_target_modules": "q_proj""#)
        == [
          "error: training.lora_r (line 1): 0 is outside of what is allowed: from 1 to 1024",
          "error: training.lora_dropout (line 1): 1 is outside of what is allowed: from 0 to below 1",
          "error: training.lora_target_modules (line 1): \"q_proj\" is not allowed; it must be \"all-linear\", \"attention\" or a list of names of modules",
        ])
    #expect(
      try training(#""use_lora": true, "lora_r": 8, "lora_config": {"r": 4, "bias": "all", "layers": 1}"#)
        == [
          #"error: training.lora_config.bias (line 1): only "none" is built"#,
          "error: training.lora_config.layers (line 1): no such field; known here: bias, lora_alpha, lora_dropout, peft_type, r, target_modules, task_type, use_dora, use_rslora",
          #"error: training.lora_r (line 1): is another spelling of "lora_r", which stands here too with another value, 8; keep one"#,
        ])
  }

  @Test(arguments: [
    (
      #""hidden_size": 100, "num_attention_heads": 3, "head_dim": 32"#,
      [
        #"error: model.num_attention_heads (line 1): hidden_size 100 is not a multiple of 3 heads, which llama wants even beside head_dim 32; choose a divisor of 100, or set architecture to "qwen3""#
      ]
    ),
    (#""architecture": "qwen3", "hidden_size": 100, "num_attention_heads": 3, "head_dim": 32"#, []),
    (
      #""hidden_size": 8, "num_attention_heads": 4"#,
      ["error: model.head_dim: rotary positions need a head_dim of at least 4, and this is 2"]
    ),
    (
      #""rope_theta": 10000, "rope_parameters": {"rope_type": "default", "rope_theta": 500000}"#,
      ["error: model.rope_theta (line 1): says 10000, and rope_parameters.rope_theta says 500000: they are one value; keep one"]
    ),
    (
      #""architecture": "gpt2", "hidden_size": 100, "num_attention_heads": 3"#,
      ["error: model.num_attention_heads (line 1): hidden_size 100 is not a multiple of 3 heads; choose a divisor of 100, or set head_dim"]
    ),
    (
      #""hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 3"#,
      ["error: model.num_key_value_heads (line 1): 4 query heads cannot share 3 key-value heads evenly"]
    ),
    (#""hidden_size": 6, "num_attention_heads": 2"#, ["error: model.head_dim: rotary positions need an even head_dim, and this is 3"]),
    (
      #""max_position_embeddings": 128"#,
      ["error: training.max_length: sequences of 256 tokens do not fit model.max_position_embeddings 128; lower one or raise the other"]
    ),
    (
      #""architecture": "gpt2", "rope_theta": 10000, "num_key_value_heads": 2, "head_dim": 64, "mlp_bias": false"#,
      [
        #"error: model.num_key_value_heads (line 1): gpt2 has no such choice; remove the field, or set architecture to "llama""#,
        #"error: model.rope_theta (line 1): gpt2 has no such choice; remove the field, or set architecture to "llama""#,
        #"error: model.head_dim (line 1): gpt2 has no such choice; remove the field, or set architecture to "llama""#,
        #"error: model.mlp_bias (line 1): gpt2 has no such choice; remove the field, or set architecture to "llama""#,
      ]
    ),
    (
      #""embd_pdrop": 0.1, "activation_function": "gelu""#,
      [
        #"error: model.embd_pdrop (line 1): llama has no dropout; remove the field, or set architecture to "gpt2""#,
        #"error: model.hidden_act (line 1): "gelu" is not built for llama; it has "silu""#,
      ]
    ),
    (
      #""name": "qwen", "hidden_size": 64"#,
      [
        #"error: model.hidden_size (line 1): a shape belongs to a model made from nothing; "qwen" has one. Remove this field, or set model.name to "scratch""#
      ]
    ),
    (
      #""rope_scaling": {}, "rope_parameters": {}"#,
      ["error: model.rope_scaling (line 1): rope_parameters says the same and stands here too; keep one"]
    ),
    (
      #""architecture": "qwen2", "attention_bias": true, "keep_window_size": 3, "hidden_dropout": 0.1, "max_window_layers": 1"#,
      [
        #"error: model.attention_bias (line 1): qwen2 has no such choice; remove the field, or set architecture to "llama""#,
        #"error: model.keep_window_size (line 1): qwen2 has no such choice; remove the field, or set architecture to "doge""#,
        #"error: model.hidden_dropout (line 1): qwen2 has no dropout; remove the field, or set architecture to "doge""#,
      ]
    ),
    (
      #""architecture": "doge", "num_experts": 16, "router_split": "hf""#,
      [
        "error: model.num_experts (line 1): has an effect only with is_moe; set model.is_moe to true, or remove the field",
        "error: model.router_split (line 1): has an effect only with is_moe; set model.is_moe to true, or remove the field",
      ]
    ),
    (
      #""architecture": "doge", "is_moe": true, "num_experts": 1000"#,
      ["error: model.num_experts (line 1): the router reaches a square of experts, and 1000 is none; use 961 or 1024"]
    ),
    (
      #""architecture": "doge", "is_moe": true, "num_experts": 4, "num_experts_per_tok": 5"#,
      ["error: model.num_experts_per_tok (line 1): a token cannot take 5 of 4 experts"]
    ),
    (
      #""architecture": "mamba""#,
      [#"error: model.architecture (line 1): "mamba" is not allowed; it must be one of llama, mistral, qwen2, qwen3, doge, doge2, gpt2"#]
    ),
  ])
  func a_model_that_cannot_be_is_refused(model: String, expected: [String]) throws {
    #expect(try findings("{\"training\": {\"method\": \"pretrain\"}, \"model\": {\(model)}}") == expected)
  }

  @Test(arguments: [
    (
      #""method": "pretrain", "learning_rate": 1"#,
      ["warning: training.learning_rate (line 1): 1 is unusual for pretrain, where 1e-05 to 0.01 is common"]
    ),
    (#""method": "pretrain", "learning_rate": 8e-3, "warmup_ratio": 0.1"#, []),
    (
      #""method": "sft", "num_epochs": 100, "batch_size": 5000, "weight_decay": 1, "adam_beta2": 0.5"#,
      [
        "warning: training.num_epochs (line 1): 100 is unusual for sft, where 0.01 to 20 is common",
        "warning: training.batch_size (line 1): 5000 sequences 1 times make one step, where up to 4096 are common",
        "warning: training.weight_decay (line 1): 1 is unusual for weight decay, where 0 to 0.5 is common",
        "warning: training.adam_beta2 (line 1): 0.5 is unusual for AdamW, where 0.9 to 0.9999 is common",
      ]
    ),
    (
      #""method": "pretrain", "warmup_steps": 10, "warmup_ratio": 0.1, "max_steps": 50, "num_epochs": 2"#,
      [
        "warning: training.warmup_ratio (line 1): warmup_steps 10 stands here too and wins; keep one of them",
        "warning: training.num_epochs (line 1): max_steps 50 stands here too and wins; keep one of them",
      ]
    ),
    (
      #""method": "pretrain", "max_steps": 5, "eval_steps": 6, "save_strategy": "steps", "save_steps": 7"#,
      [
        "warning: training.eval_steps (line 1): 6 steps are more than max_steps 5: the held-out part is evaluated at the end only",
        "warning: training.save_steps (line 1): 7 steps are more than max_steps 5: no checkpoint is kept before the end",
      ]
    ),
    (#""method": "sft", "lr": 0.1"#, ["warning: training.learning_rate (line 1): 0.1 is unusual for sft, where 1e-06 to 0.001 is common"]),
    (
      #""method": "pretrain", "warmup_steps": 100, "max_steps": 50"#,
      ["warning: training.warmup_steps (line 1): the warm-up of 100 steps never ends within max_steps 50"]
    ),
    (#""method": "pretrain", "warmup_steps": 1.5"#, ["error: training.warmup_steps (line 1): above 1 it counts steps and must be whole"]),
    (#""method": "pretrain", "warmup_steps": 0.5"#, []),
    (#""method": "pretrain", "eval_strategy": "steps""#, [#"error: training.eval_strategy (line 1): "steps" needs training.eval_steps"#]),
    (#""method": "pretrain", "eval_strategy": "steps", "eval_steps": 5"#, []),
    (
      #""method": "sft", "packing": true"#,
      []
    ),
    (
      #""method": "pretrain", "completion_only_loss": true"#,
      [#"error: training.completion_only_loss (line 1): pretrain has loss on every token; use method "sft""#]
    ),
    (
      #""method": "pretrain", "packing": false"#,
      ["warning: training.packing (line 1): without packing each row is a sequence of its own, cut at max_length 256"]
    ),
  ])
  func a_training_that_cannot_be_is_refused_and_an_unusual_one_remarked(training: String, expected: [String]) throws {
    #expect(try findings("{\"training\": {\(training)}}") == expected)
  }

  @Test(arguments: [
    (
      #""train_split": 0.9, "eval_split": 0.2"#,
      ["error: data.eval_split (line 1): train_split 0.9 and eval_split 0.2 are more than the whole"]
    ),
    (#""train_split": 0"#, ["error: data.train_split (line 1): 0 leaves nothing to train on"]),
    (#""train_split": 0.9, "validation_split": 0.1"#, []),
  ])
  func splits_that_cannot_be_are_refused(data: String, expected: [String]) throws {
    #expect(try findings("{\"training\": {\"method\": \"pretrain\"}, \"data\": {\(data)}}") == expected)
  }

  @Test func findings_are_parted_by_weight() {
    let findings = [Finding(.error, "a", "x"), Finding(.warning, "b", "y", line: 3)]
    #expect(findings.errors.map(\.field) == ["a"])
    #expect(findings.warnings.map(\.field) == ["b"])
    #expect(findings.map(\.description) == ["error: a: x", "warning: b (line 3): y"])
    #expect(Finding(.error, "", "z").description == "error: z")
  }

  @Test func lines_are_found_by_their_bytes() {
    let source = ConfigSource(Array("ab\ncd\n\nef".utf8))
    #expect((0..<9).map { source.line(ofByte: $0) } == [1, 1, 1, 2, 2, 2, 3, 4, 4])
    #expect(source.line(ofByte: -1) == nil)
    #expect(ConfigSource.none.line(ofByte: 3) == nil)
  }
}

struct NearestKeyTests {
  @Test(
    arguments: [
      ("learning_rat", "learning_rate"), ("learningRate", "learning_rate"), ("lerning-rate", "learning_rate"), ("batchsize", "batch_size"),
      ("seeed", "seed"),
      ("sede", "seed"), ("LEARNING_RATE", "learning_rate"), ("xyz", nil), ("", nil), ("completely_other", nil), ("se", nil),
    ] as [(String, String?)])
  func a_misspelt_word_is_recognised(word: String, meant: String?) {
    #expect(NearestKey.suggestion(for: word, among: ["learning_rate", "batch_size", "seed"]) == meant)
  }

  @Test func of_two_the_nearer_is_meant() {
    #expect(NearestKey.suggestion(for: "save_step", among: ["save_steps", "eval_steps"]) == "save_steps")
    #expect(NearestKey.suggestion(for: "anything", among: []) == nil)
  }
}
