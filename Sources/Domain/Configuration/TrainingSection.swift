import StrictJSON

/// How a model is trained. One file in `Training/Methods/` each.
package enum TrainingMethod: String, WordField, CaseIterable, Codable {
  /// Next-token prediction on running text, from nothing or going on from a model.
  case pretrain
  /// Supervised fine-tuning: loss on the completion only, where the data has prompts.
  case sft
  /// Direct preference optimisation: pairs of answers, one chosen and one rejected, against a frozen reference.
  case dpo
  /// Odds ratio preference optimisation: the same pairs without a reference.
  case orpo
  /// Group relative policy optimisation: answers that the model samples itself, and rewards for them.
  case grpo

  package static var synonyms: [String: TrainingMethod] {
    ["cpt": .pretrain, "pt": .pretrain, "pre-training": .pretrain, "pretraining": .pretrain, "rlhf": .grpo, "ppo": .grpo]
  }

  /// What a config's words for the method are answered with where another method runs.
  static func remark(on training: JSONObject?, _ source: ConfigSource) -> [Finding] {
    guard let key = ["method", "training_type"].first(where: { training?[$0] != nil }), let node = training?[key], let word = node.string,
      word == "rlhf" || word == "ppo"
    else { return [] }
    return [
      Finding(
        .warning, "training.\(key)",
        "\"\(word)\" is run as grpo: answers are sampled and rewarded in groups, without a value model or a reward model",
        line: source.line(ofByte: node.byte))
    ]
  }
}

/// The learning rate over the steps: formulas in `LearningRateSchedule`.
package enum SchedulerKind: String, WordField, CaseIterable, Codable {
  case linear, cosine, constant
  case constantWithWarmup = "constant_with_warmup"
  case cosineWithMinimum = "cosine_with_min_lr"
  case cosineWithRestarts = "cosine_with_restarts"
  case polynomial
  case warmupStableDecay = "warmup_stable_decay"

  package static var synonyms: [String: SchedulerKind] { ["wsd": .warmupStableDecay] }
}

package enum OptimizerKind: String, WordField, CaseIterable, Codable {
  case adamw, adafactor, lion
  package static var synonyms: [String: OptimizerKind] {
    [
      "adamw_torch": .adamw, "adamw_torch_fused": .adamw, "adamw_hf": .adamw, "paged_adamw_8bit": .adamw, "paged_adamw_32bit": .adamw,
      "adamw_8bit": .adamw, "adamw_bnb_8bit": .adamw,
      "lion_32bit": .lion, "lion_8bit": .lion, "paged_lion_32bit": .lion, "paged_lion_8bit": .lion,
    ]
  }
}

/// When something is done: never, every so many steps, at the end of each epoch.
package enum Cadence: String, WordField, CaseIterable, Codable { case no, steps, epoch }

/// When a checkpoint is kept: as above, or whenever an evaluation is the best so far, as in transformers.
package enum SaveCadence: String, WordField, CaseIterable, Codable { case no, steps, epoch, best }

/// `training`: method, length, optimizer, and what is written while it runs.
package struct TrainingSection: Section {
  package var method: TrainingMethod
  package var epochs: Double
  package var maximumSteps: Int?
  package var batchSize: Int
  package var accumulationSteps: Int
  package var evalBatchSize: Int?
  package var maximumLength: Int
  package var packing: Bool
  package var completionOnlyLoss: Bool?

  package var learningRate: Double
  package var scheduler: SchedulerKind
  package var warmupSteps: Double?
  package var warmupRatio: Double?
  package var minimumRateRatio: Double?
  package var optimizer: OptimizerKind
  package var weightDecay: Double
  package var beta1: Double
  package var beta2: Double
  package var epsilon: Double
  package var maximumGradNorm: Double

  package var loggingSteps: Int
  package var evalStrategy: Cadence?
  package var evalSteps: Int?
  package var saveStrategy: SaveCadence
  package var saveSteps: Int
  package var saveTotalLimit: Int
  package var recoverySeconds: Double
  package var threads: Int?

  package var bf16 = false
  package var fp16 = false
  package var gradientCheckpointing = false
  package var useLoRA = false
  package var loraRank: Int?
  package var loraAlpha: Double?
  package var loraDropout: Double?
  package var loraTargets: LoRATargets?
  package var loraIsRankStabilised: Bool?
  package var mergesLoRA: Bool?
  package var loraConfig: JSONNode?
  package var quantization: JSONNode?
  package var groupByLength = false
  package var dataLoaderWorkers: Int?
  package var dataLoaderPrefetch: Int?
  package var dataLoaderPinMemory: Bool?
  package var useCPU: Bool?

  package var schedule = ScheduleSettings()
  package var preference: PreferenceSettings
  package var group: GroupSettings
  package var best = BestModelSettings()

  /// What stands where the file says nothing: the field's usual values for the method.
  /// Sources: nanoGPT for `pretrain`; TRL 1.x and transformers' Trainer for `sft`.
  package init(method: TrainingMethod) {
    self.method = method
    preference = PreferenceSettings(method: method)
    group = GroupSettings(method: method)
    accumulationSteps = 1
    batchSize = 8
    optimizer = .adamw
    beta1 = 0.9
    epsilon = 1e-8
    maximumGradNorm = 1.0
    loggingSteps = 10
    saveStrategy = .epoch
    saveSteps = 500
    saveTotalLimit = 3
    recoverySeconds = 60
    switch method {
    case .pretrain:
      epochs = 1
      maximumLength = 256
      packing = true
      learningRate = 1e-3
      scheduler = .cosine
      minimumRateRatio = 0.1
      warmupRatio = 0.05
      weightDecay = 0.1
      beta2 = 0.95
    case .sft:
      epochs = 3
      maximumLength = 1_024
      packing = false
      learningRate = 2e-5
      scheduler = .linear
      weightDecay = 0
      beta2 = 0.999
    case .dpo, .orpo, .grpo:
      epochs = method == .grpo ? 1 : 3
      // Of grpo: a prompt of 512 and an answer of 256.
      maximumLength = method == .grpo ? 768 : 1_024
      packing = false
      learningRate = 1e-6
      scheduler = .linear
      weightDecay = 0
      beta2 = 0.999
    }
  }

  package static let fields: [Field<TrainingSection>] = {
    lengthFields + PreferenceSettings.fields + GroupSettings.fields + optimizerFields + ScheduleSettings.fields + loraFields + recordFields
      + BestModelSettings.fields + foreignFields + otherTrainers
  }()

  private static var lengthFields: [Field<TrainingSection>] {
    [
      Field("method", \.method, aliases: ["training_type"], "pretrain, sft, dpo, orpo or grpo."),
      Field(
        "num_epochs", \.epochs, aliases: ["num_train_epochs", "epochs"], limit: .positive,
        "Passes over the training data; a fraction is allowed. Default: 1 for pretrain and grpo, else 3."),
      Field(
        "max_steps", \.maximumSteps, aliases: ["max_train_steps", "maxSteps"], limit: .atLeast(1),
        "Optimizer steps in all; wins over num_epochs. Default: as num_epochs says."),
      Field(
        "batch_size", \.batchSize, aliases: ["per_device_train_batch_size", "train_batch_size", "batchSize"], limit: .atLeast(1),
        "Sequences in one forward and backward pass; of dpo and orpo pairs, of grpo answers. Default: 8."),
      Field(
        "gradient_accumulation_steps", \.accumulationSteps, limit: .atLeast(1), "Passes that make one optimizer step. Default: 1."),
      Field(
        "eval_batch_size", \.evalBatchSize, aliases: ["per_device_eval_batch_size"], limit: .atLeast(1),
        "Sequences in one pass of an evaluation. Default: batch_size."),
      Field(
        "max_length", \.maximumLength, aliases: ["max_seq_length", "context_length", "block_size"], limit: .within(2...1_048_576),
        "Tokens in one sequence, prompt and answer together. Default: 256 for pretrain, 768 for grpo, else 1024."),
      Field(
        "packing", \.packing,
        "pretrain: documents are joined, each ended by the end-of-text token, and cut into blocks of max_length. sft: whole rows stand side by side in samples of max_length. None sees another. Default: true for pretrain, false for sft."
      ),
      Field(
        "completion_only_loss", \.completionOnlyLoss, aliases: ["assistant_only_loss"],
        "sft: no loss on the prompt's tokens, of a conversation only on what the assistant says. Default: true where the data has prompts."),
    ]
  }

  private static var optimizerFields: [Field<TrainingSection>] {
    [
      Field(
        "learning_rate", \.learningRate, aliases: ["lr", "learningRate"], limit: .positive,
        "At the peak. Default: 1e-3 for pretrain, 2e-5 for sft, 1e-6 for dpo, orpo and grpo."),
      Field("lr_scheduler_type", \.scheduler, aliases: ["lr_scheduler", "scheduler"], "Default: cosine for pretrain, else linear."),
      Field(
        "warmup_steps", \.warmupSteps, aliases: ["warmupSteps"], limit: .atLeast(0),
        "Steps of linear warm-up; a value below 1 is a share of all steps, as in transformers 5. Wins over warmup_ratio. Default: as warmup_ratio says."
      ),
      Field("warmup_ratio", \.warmupRatio, limit: .below(0..<1), "Share of all steps that warm up. Default: 0.05 for pretrain, else 0."),
      Field(
        "min_lr_ratio", \.minimumRateRatio, aliases: ["min_lr_rate"], limit: .within(0...1),
        "cosine, cosine_with_min_lr, warmup_stable_decay: lowest rate as a share of learning_rate. Default: 0.1 for pretrain, else 0."),
      Field(
        "optim", \.optimizer, aliases: ["optimizer"],
        "adamw, with decoupled weight decay; adafactor, whose memory is small; lion, with one moment. The names of variants elsewhere are read as these. Default: adamw."
      ),
      Field(
        "weight_decay", \.weightDecay, limit: .atLeast(0), "On matrices, not on norms and biases. Default: 0.1 for pretrain, else 0."),
      Field("adam_beta1", \.beta1, limit: .below(0..<1), "adamw, lion. Default: 0.9."),
      Field("adam_beta2", \.beta2, limit: .below(0..<1), "adamw, lion (where 0.99 is usual). Default: 0.95 for pretrain, else 0.999."),
      Field("adam_epsilon", \.epsilon, limit: .positive, "Default: 1e-8."),
      Field("max_grad_norm", \.maximumGradNorm, limit: .atLeast(0), "The gradient is scaled down to this norm; 0: never. Default: 1."),
    ]
  }

  /// The adapter's defaults, where one trains.
  mutating func fillLoRA() {
    guard useLoRA else { return }
    let rank = loraRank ?? 16
    loraRank = rank
    loraAlpha = loraAlpha ?? Double(2 * rank)
    loraDropout = loraDropout ?? 0
    loraTargets = loraTargets ?? .attention
    loraIsRankStabilised = loraIsRankStabilised ?? false
    mergesLoRA = mergesLoRA ?? false
  }

  /// Fields that mean nothing without `use_lora`.
  static let loraKeys = ["lora_r", "lora_alpha", "lora_dropout", "lora_target_modules", "use_rslora", "merge_lora"]

  private static var loraFields: [Field<TrainingSection>] {
    [
      Field(
        "use_lora", \.useLoRA,
        "Train a LoRA adapter beside the model, whose weights stay as they are; final_model holds the adapter in PEFT's layout. Default: false."
      ),
      Field("lora_r", \.loraRank, limit: .within(1...1_024), "With use_lora: the adapter's rank. Default: 16."),
      Field(
        "lora_alpha", \.loraAlpha, limit: .positive,
        "With use_lora: the adapter counts lora_alpha / lora_r times. Default: twice lora_r."),
      Field("lora_dropout", \.loraDropout, limit: .below(0..<1), "With use_lora: dropout of the adapter's input. Default: 0."),
      Field(
        "lora_target_modules", \.loraTargets, aliases: ["target_modules"],
        "With use_lora: the linear layers that get an adapter, by the ends of their names, as [\"q_proj\", \"v_proj\"]; \"all-linear\" is all but the head. Default: attention."
      ),
      Field("use_rslora", \.loraIsRankStabilised, "With use_lora: divide lora_alpha by the root of lora_r instead. Default: false."),
      Field(
        "merge_lora", \.mergesLoRA,
        "With use_lora: final_model holds the whole model with the adapter merged into its weights. Default: false."),
      Field(
        "lora_config", \.loraConfig, aliases: ["lora"],
        "The same as one object with PEFT's names: r, lora_alpha, lora_dropout, target_modules, use_rslora."),
    ]
  }

  private static var recordFields: [Field<TrainingSection>] {
    [
      Field(
        "logging_steps", \.loggingSteps, limit: .atLeast(1),
        "A row of metrics.jsonl and a line of log.txt every so many steps. Default: 10."),
      Field(
        "eval_strategy", \.evalStrategy, aliases: ["evaluation_strategy"],
        "When the held-out part is evaluated. Default: epoch, or steps where eval_steps is set."),
      Field("eval_steps", \.evalSteps, aliases: ["evalSteps"], limit: .atLeast(1), "Steps between evaluations."),
      Field(
        "save_strategy", \.saveStrategy,
        "When a checkpoint is kept; best: whenever an evaluation is the best so far. Default: epoch."),
      Field(
        "save_steps", \.saveSteps, aliases: ["saveSteps"], limit: .atLeast(1),
        "With save_strategy steps: steps between checkpoints. Default: 500."),
      Field(
        "save_total_limit", \.saveTotalLimit, limit: .atLeast(1),
        "Checkpoints kept; the oldest go first, the best that load_best_model_at_end wants and the newest never. Default: 3."),
      Field(
        "recovery_seconds", \.recoverySeconds, limit: .positive,
        "A checkpoint to recover from is written at least this often, in seconds, and replaced by the next. Default: 60."),
      Field(
        "threads", \.threads, limit: .within(1...1_024),
        "Threads for the maths. Default: the agent's setting. The same bits need the same number."),
      Field(
        "bf16", \.bf16,
        "Matrix products in bfloat16 with sums in float32, activations kept in bfloat16; weights, gradients and moments stay float32. Quicker where the processor has instructions for it (AMX, AVX-512 bf16); elsewhere products stay float32, with a warning. Default: false."
      ),
      Field(
        "gradient_checkpointing", \.gradientCheckpointing, aliases: ["activation_recomputation"],
        "Activations are made again in the backward pass instead of being kept: less memory, the same result, about a fifth more time. Default: false."
      ),
    ]
  }

  /// Fields of other trainers: read, so that a config from there works, and answered.
  private static var foreignFields: [Field<TrainingSection>] {
    return [
      Field("fp16", \.fp16, effect: .ignored("float16 is not used on processors; training runs in float32"), "For other trainers."),
      Field(
        "quantization", \.quantization, effect: .ignored("weights are not quantised here; the field has no effect"), "For other trainers."),
      Field(
        "group_by_length", \.groupByLength, effect: .ignored("the order is the seed's shuffle; the field has no effect"),
        "For other trainers."),
      Field("dataloader_num_workers", \.dataLoaderWorkers, effect: .remark, "For other trainers."),
      Field("dataloader_prefetch_factor", \.dataLoaderPrefetch, effect: .remark, "For other trainers."),
      Field("dataloader_pin_memory", \.dataLoaderPinMemory, effect: .remark, "For other trainers."),
      Field("use_cpu", \.useCPU, effect: .remark, "Training always runs on this machine's processors."),
    ]
  }
}
