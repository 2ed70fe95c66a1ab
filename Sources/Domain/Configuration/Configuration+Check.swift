import StrictJSON

extension Configuration {
  /// What must hold between fields, and what is allowed but unusual for the method.
  func check(source: ConfigSource) -> [Finding] {
    checkModel() + checkTraining() + checkData() + checkAcross()
      + evaluation.check(tools: ToolDefinition.all(tools), method: training.method)
  }

  private func checkModel() -> [Finding] {
    var findings: [Finding] = []
    if !model.isScratch {
      let given = model.object.keys.filter(ModelSection.shapeKeys.contains)
      for key in given {
        findings.append(
          Finding(
            .error, "model.\(key)",
            "a shape belongs to a model made from nothing; \"\(model.name)\" has one. Remove this field, or set model.name to \"scratch\""))
      }
      return findings
    }
    let architecture = model.architecture ?? .llama
    let hidden = model.hiddenSize ?? 256
    let heads = model.heads ?? 4
    if model.headSize == nil, hidden % heads != 0 {
      findings.append(
        Finding(
          .error, "model.num_attention_heads",
          "hidden_size \(hidden) is not a multiple of \(heads) heads; choose a divisor of \(hidden), or set head_dim"))
    }
    if let groups = model.keyValueHeads, heads % groups != 0 {
      findings.append(Finding(.error, "model.num_key_value_heads", "\(heads) query heads cannot share \(groups) key-value heads evenly"))
    }
    let headSize = model.headSize ?? hidden / max(heads, 1)
    if architecture.hasRotaryPositions, headSize % 2 != 0 {
      findings.append(Finding(.error, "model.head_dim", "rotary positions need an even head_dim, and this is \(headSize)"))
    } else if architecture.hasRotaryPositions, headSize < 4 {
      findings.append(Finding(.error, "model.head_dim", "rotary positions need a head_dim of at least 4, and this is \(headSize)"))
    }
    if let positions = model.maximumPositions, positions < training.maximumLength {
      findings.append(
        Finding(
          .error, "training.max_length",
          "sequences of \(training.maximumLength) tokens do not fit model.max_position_embeddings \(positions); lower one or raise the other"
        ))
    }
    let given = model.object
    for (key, families) in ModelArchitecture.fieldsOfSome where given[key] != nil && !families.contains(architecture) {
      if key == "num_key_value_heads", model.keyValueHeads == heads { continue }  // as many as heads: says nothing
      if key == "attention_bias", architecture == .gpt2, model.attentionBias == true { continue }  // GPT-2 always has them
      if key == "mlp_bias", architecture == .gpt2, model.mlpBias == true { continue }
      if given[key]?.bool == false, architecture != .gpt2 { continue }
      findings.append(
        Finding(.error, "model.\(key)", "\(architecture.rawValue) has no such choice; remove the field, or \(Self.other(families))"))
    }
    for (key, families) in ModelArchitecture.dropoutsOfSome where !families.contains(architecture) && (given[key]?.double ?? 0) > 0 {
      findings.append(
        Finding(.error, "model.\(key)", "\(architecture.rawValue) has no dropout; remove the field, or \(Self.other(families))"))
    }
    findings += checkExperts(architecture)
    let activation = architecture == .gpt2 ? "gelu_new" : "silu"
    if let given = model.activation, given != activation {
      findings.append(
        Finding(.error, "model.hidden_act", "\"\(given)\" is not built for \(architecture.rawValue); it has \"\(activation)\""))
    }
    if model.ropeScaling != nil, model.ropeParameters != nil {
      findings.append(Finding(.error, "model.rope_scaling", "rope_parameters says the same and stands here too; keep one"))
    }
    return findings
  }

  private static func other(_ families: Set<ModelArchitecture>) -> String {
    "set architecture to \"\((ModelArchitecture.allCases.first(where: families.contains) ?? .llama).rawValue)\""
  }

  private func checkExperts(_ architecture: ModelArchitecture) -> [Finding] {
    guard ModelArchitecture.doges.contains(architecture) else { return [] }
    if model.hasExperts != true {
      let given = model.object
      return ["num_experts", "num_experts_per_tok", "norm_topk_prob", "output_router_logits", "router_split"].filter { given[$0] != nil }
        .map {
          Finding(.error, "model.\($0)", "has an effect only with is_moe; set model.is_moe to true, or remove the field")
        }
    }
    let experts = model.experts ?? 1024, keys = Int(Double(experts).squareRoot()), chosen = model.expertsPerToken ?? 8
    if keys * keys != experts {
      return [
        Finding(
          .error, "model.num_experts",
          "the router reaches a square of experts, and \(experts) is none; use \(keys * keys) or \((keys + 1) * (keys + 1))")
      ]
    }
    if chosen > experts { return [Finding(.error, "model.num_experts_per_tok", "a token cannot take \(chosen) of \(experts) experts")] }
    return []
  }

  private func checkLoRA() -> [Finding] {
    guard training.useLoRA else {
      let given = training.object
      return TrainingSection.loraKeys.filter { given[$0] != nil && given[$0]?.bool != false }.map {
        Finding(.warning, "training.\($0)", "has an effect only with use_lora")
      }
    }
    guard model.isScratch else { return [] }
    return [
      Finding(
        .error, "training.use_lora",
        "an adapter trains beside a model that exists, and this one is made from nothing; set model.name to a model's name, or use_lora to false"
      )
    ]
  }

  private func checkTraining() -> [Finding] {
    var findings = checkLoRA() + training.checkPreferences() + training.checkGroups() + training.checkSchedule()
    findings += training.checkBest(evalSteps: training.evalSteps ?? evaluation.evalSteps)
    if let warmup = training.warmupSteps, let steps = training.maximumSteps, warmup >= 1, Int(warmup) >= steps {
      findings.append(
        Finding(.warning, "training.warmup_steps", "the warm-up of \(Int(warmup)) steps never ends within max_steps \(steps)"))
    }
    if let warmup = training.warmupSteps, warmup > 1, warmup != warmup.rounded() {
      findings.append(Finding(.error, "training.warmup_steps", "above 1 it counts steps and must be whole"))
    }
    if training.evalStrategy == .steps, training.evalSteps == nil, evaluation.evalSteps == nil {
      findings.append(Finding(.error, "training.eval_strategy", "\"steps\" needs training.eval_steps"))
    }
    if training.method == .pretrain, training.completionOnlyLoss == true {
      findings.append(Finding(.error, "training.completion_only_loss", "pretrain has loss on every token; use method \"sft\""))
    }
    if !training.packing, training.method == .pretrain {
      findings.append(
        Finding(
          .warning, "training.packing", "without packing each row is a sequence of its own, cut at max_length \(training.maximumLength)"))
    }
    return findings
  }

  private func checkData() -> [Finding] {
    if data.generation == .synthetic {
      if !data.strategy.isGenerated {
        return [
          Finding(
            .error, "data.generation_type",
            "rows of \(data.strategy.rawValue) cannot be made from nothing: no generator for them is defined. Drop a dataset and set it to \"real\", or choose toolbench, teacher_mode or manual_templates"
          )
        ]
      }
      if ToolDefinition.all(tools).isEmpty {
        return [
          Finding(.error, "data.generation_type", "synthetic rows are made from tools, and \"tools\" names none; describe at least one")
        ]
      }
    } else if data.strategy == .manualTemplates {
      return [
        Finding(
          .error, "data.generation_type",
          "manual_templates are made from \"tools\" and never read from a dataset; set it to \"synthetic\", or the strategy to \"standard\""
        )
      ]
    }
    if let train = data.trainSplit, let eval = data.evalSplit, train + eval > 1 + 1e-9 {
      return [
        Finding(
          .error, "data.eval_split", "train_split \(JSONNumber(train).text) and eval_split \(JSONNumber(eval).text) are more than the whole"
        )
      ]
    }
    if data.trainSplit == 0 {
      return [Finding(.error, "data.train_split", "0 leaves nothing to train on")]
    }
    if let (field, message) = data.treatment.problem(length: training.maximumLength, method: training.method) {
      return [Finding(.error, "data.\(field)", message)]
    }
    return []
  }
}
