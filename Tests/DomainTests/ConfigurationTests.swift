import Domain
import StrictJSON
import Testing

struct ConfigurationTests {
  private func decode(_ text: String) throws -> (Configuration, [String]) {
    let (configuration, findings) = Configuration.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    return (configuration, findings.map(\.description))
  }

  @Test func every_default_of_pretrain_stands_in_the_resolved_config() {
    #expect(
      Configuration(method: .pretrain).node.text()
        == #"{"schema":"dropforge.config/1","model":{"name":"scratch","trust_remote_code":false},"#
        + #""tokenizer":{"type":"bpe","vocab_size":4096,"min_frequency":2,"special_tokens":["<|endoftext|>"],"trust_remote_code":false,"add_special_tokens":[]},"#
        + #""training":{"method":"pretrain","num_epochs":1,"batch_size":8,"gradient_accumulation_steps":1,"max_length":256,"packing":true,"#
        + #""learning_rate":0.001,"lr_scheduler_type":"cosine","warmup_ratio":0.05,"min_lr_ratio":0.1,"optim":"adamw","weight_decay":0.1,"#
        + #""adam_beta1":0.9,"adam_beta2":0.95,"adam_epsilon":1e-08,"max_grad_norm":1,"use_lora":false,"logging_steps":10,"save_strategy":"epoch","save_steps":500,"#
        + #""save_total_limit":3,"recovery_seconds":60,"bf16":false,"gradient_checkpointing":false,"fp16":false,"group_by_length":false},"#
        + #""data":{"strategy":"standard","generation_type":"real","shuffle":true,"stride":0,"min_tokens":0,"filter_special_tokens":false,"stop_words":[],"stop_word_list":[],"duplicates":"keep","near_similarity":0.8},"tools":[],"#
        + #""evaluation":{"metrics":["loss","perplexity","accuracy"],"sample_prompts":[],"sample_count":3,"sample_tokens":200,"max_prompts":32,"max_new_tokens":256,"temperature":0,"test_cases":[]},"tensorboard":{"enabled":true},"seed":42}"#
    )
  }

  @Test func sft_has_the_defaults_of_its_method() {
    #expect(
      Configuration(method: .sft).node["training"]?.text()
        == #"{"method":"sft","num_epochs":3,"batch_size":8,"gradient_accumulation_steps":1,"max_length":1024,"packing":false,"learning_rate":2e-05,"#
        + #""lr_scheduler_type":"linear","optim":"adamw","weight_decay":0,"adam_beta1":0.9,"adam_beta2":0.999,"adam_epsilon":1e-08,"max_grad_norm":1,"#
        + #""use_lora":false,"logging_steps":10,"save_strategy":"epoch","save_steps":500,"save_total_limit":3,"recovery_seconds":60,"bf16":false,"gradient_checkpointing":false,"#
        + #""fp16":false,"group_by_length":false}"#)
  }

  @Test func the_adapters_settings_stand_in_the_resolved_config_under_one_name_each() throws {
    func lora(_ text: String) throws -> String {
      let (configuration, findings) = try decode(text)
      #expect(findings.isEmpty)
      let training = try #require(configuration.node["training"]?.object)
      return JSONNode(.object(JSONObject(training.members.filter { $0.key.contains("lora") }))).text()
    }
    #expect(
      try lora(#"{"model": {"name": "m"}, "training": {"method": "sft", "use_lora": true}}"#)
        == #"{"use_lora":true,"lora_r":16,"lora_alpha":32,"lora_dropout":0,"lora_target_modules":"attention","use_rslora":false,"merge_lora":false}"#
    )
    let object =
      #"{"r": 8, "lora_alpha": 12, "lora_dropout": 0.05, "target_modules": ["q_proj"], "use_rslora": true, "bias": "none", "task_type": "CAUSAL_LM"}"#
    for key in ["lora_config", "lora"] {
      #expect(
        try lora("{\"model\": {\"name\": \"m\"}, \"training\": {\"method\": \"sft\", \"use_lora\": true, \"\(key)\": \(object)}}")
          == #"{"use_lora":true,"lora_r":8,"lora_alpha":12,"lora_dropout":0.05,"lora_target_modules":["q_proj"],"use_rslora":true,"merge_lora":false}"#
      )
    }
  }

  @Test(arguments: ["pretrain", "sft"])
  func the_method_decides_the_defaults_before_other_fields_are_read(method: String) throws {
    let (configuration, findings) = try decode(#"{"training": {"batch_size": 2, "method": "\#(method)"}}"#)
    var expected = Configuration(method: try #require(TrainingMethod(rawValue: method)))
    expected.training.batchSize = 2
    #expect(configuration == expected)
    #expect(findings.isEmpty)
  }

  @Test func a_resolved_config_reads_back_as_itself() throws {
    for method in TrainingMethod.allCases {
      var configuration = Configuration(method: method)
      configuration.name = "small"
      configuration.description = "a trial"
      configuration.seed = 7
      configuration.model.hiddenSize = 64
      configuration.model.ropeParameters = ["rope_type": "default", "rope_theta": 10000]
      configuration.training.maximumSteps = 20
      configuration.training.warmupSteps = 0.1
      configuration.data.evalSplit = 0.2
      configuration.evaluation.samplePrompts = ["Once"]
      let (again, findings) = try decode(configuration.node.text(.pretty))
      #expect(again == configuration)
      #expect(findings.isEmpty)
    }
  }

  @Test func words_of_other_trainers_are_understood() throws {
    for (word, method) in [("cpt", TrainingMethod.pretrain), ("pt", .pretrain), ("pre-training", .pretrain), ("sft", .sft)] {
      let (configuration, findings) = try decode("{\"training\": {\"training_type\": \"\(word)\"}}")
      #expect(configuration.training.method == method)
      #expect(findings.isEmpty)
    }
    for word in ["adamw_torch", "adamw_torch_fused", "adamw_hf"] {
      let (configuration, findings) = try decode("{\"training\": {\"method\": \"sft\", \"optimizer\": \"\(word)\"}}")
      #expect(configuration.training.optimizer == .adamw)
      #expect(findings.isEmpty)
    }
  }

  @Test func every_alias_is_read_as_its_field() throws {
    func check<S: Section>(_ section: S.Type, _ name: String, _ make: () -> S) throws {
      for field in S.fields {
        for alias in field.aliases {
          // Written with the field's own value: the alias alone must be enough to be understood.
          var value = make()
          let node = field.get(value)
          guard !node.isNull else { continue }
          let findings = value.overlay(JSONObject([.init(key: alias, keyByte: 0, node: node)]), path: "", source: .none)
          #expect(findings.isEmpty, "\(name).\(alias)")
          #expect(value == make())
        }
      }
    }
    try check(TrainingSection.self, "training") { TrainingSection(method: .pretrain) }
    try check(ModelSection.self, "model") { ModelSection() }
    try check(DataSection.self, "data") { DataSection() }
    try check(TokenizerSection.self, "tokenizer") { TokenizerSection() }
  }

  @Test func a_tokenizer_may_be_named_in_short() throws {
    let (configuration, findings) = try decode(#"{"training": {"method": "pretrain"}, "tokenizer": "byte"}"#)
    #expect(configuration.tokenizer.name == "byte")
    #expect(findings.isEmpty)
  }

  @Test func a_wrapped_config_is_unwrapped_with_its_name() throws {
    let (configuration, findings) = try decode(
      #"{"name": "small", "description": "x", "_remark": 1, "config": {"training": {"method": "sft"}, "seed": 3}}"#)
    #expect(configuration.name == "small")
    #expect(configuration.description == "x")
    #expect(configuration.training.method == .sft)
    #expect(configuration.seed == 3)
    #expect(findings.isEmpty)
  }

  @Test func remarks_for_people_are_passed_over() throws {
    let (_, findings) = try decode(
      #"{"comment": "x", "_x": [], "schema": "y", "version": 3, "training": {"method": "sft", "comment": 1, "_why": 2}}"#)
    #expect(findings.isEmpty)
  }

  @Test func every_field_is_described_and_named_once() {
    func check<S: Section>(_ section: S.Type) {
      let names = S.fields.flatMap { [$0.key] + $0.aliases }
      #expect(Set(names).count == names.count, "\(S.self)")
      for field in S.fields {
        #expect(field.summary.hasSuffix("."), "\(field.key)")
        #expect(!field.kindTitle.isEmpty)
      }
    }
    check(TrainingSection.self)
    check(ModelSection.self)
    check(DataSection.self)
    check(TokenizerSection.self)
    check(EvaluationSection.self)
    check(TensorBoardSection.self)
    check(AgentSettings.self)
    check(DatasetSidecar.self)
  }

  @Test(arguments: [(nil, nil, 0.1), (0.8, nil, 0.2), (nil, 0.25, 0.25), (0.8, 0.1, 0.1)] as [(Double?, Double?, Double)])
  func the_held_out_share_follows_the_splits(train: Double?, eval: Double?, share: Double) {
    var data = DataSection()
    data.trainSplit = train
    data.evalSplit = eval
    #expect(abs(data.heldOutShare - share) < 1e-12)
  }
}
