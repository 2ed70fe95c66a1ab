import StrictJSON

// Fields of other trainers (transformers' TrainingArguments, TRL's configs, PEFT, FineTune Lab, SmallDoge's recipes) that mean
// nothing here. Each is known, and answered with what happens instead: a config from there is checked like any other, and
// nothing in it is passed over in silence. Sources: transformers 5.23 and TRL 1.16, their configs' fields.

private let oneMachine = "a job runs on this machine alone; the field has no effect"
private let processors = "training runs on this machine's processors; the field has no effect"
private let noNetwork = "nothing is sent anywhere: results lie in the job's folder; the field has no effect"
private let ownFolder = "outputs lie in workspace/jobs/<job-id>/; the field has no effect"
private let secret = "a secret does not belong into a file that is kept; remove it"

extension TrainingSection {
  static var otherTrainers: [Field<TrainingSection>] { machineFields + placeFields + loopFields + rewardFields }

  private static var machineFields: [Field<TrainingSection>] {
    [
      Field(foreign: "deepspeed", .ignored(oneMachine)), Field(foreign: "fsdp", neutral: ["", []], .ignored(oneMachine)),
      Field(foreign: "fsdp_config", .ignored(oneMachine)), Field(foreign: "accelerator_config", .ignored(oneMachine)),
      Field(foreign: "ddp_backend", aliases: ["ddp_timeout", "ddp_find_unused_parameters", "ddp_bucket_cap_mb"], .ignored(oneMachine)),
      Field(foreign: "local_rank", neutral: [-1, 0], .ignored(oneMachine)),
      Field(foreign: "no_cuda", aliases: ["use_mps_device", "use_ipex"], neutral: [false, true], .ignored(processors)),
      Field(foreign: "tf32", neutral: [false], .ignored("products are float32, or bfloat16 with training.bf16; the field has no effect")),
      Field(
        foreign: "half_precision_backend", aliases: ["fp16_backend", "fp16_opt_level", "fp16_full_eval"], neutral: ["auto", false],
        .ignored("float16 is not used on processors; training runs in float32")),
      Field(
        foreign: "bf16_full_eval", neutral: [false], .ignored("evaluations have the precision of training.bf16; the field has no effect")),
      Field(
        foreign: "torch_compile", aliases: ["torch_compile_backend", "torch_compile_mode", "jit_mode_eval"], neutral: [false],
        .ignored("there is no PyTorch here; the field has no effect")),
      Field(
        foreign: "use_liger_kernel", aliases: ["use_liger_loss"], neutral: [false],
        .ignored("kernels are this program's own; the field has no effect")),
      Field(
        foreign: "use_vllm",
        aliases: ["vllm_device", "vllm_gpu_memory_utilization", "vllm_mode", "vllm_server_host", "vllm_server_port", "vllm_max_model_len"],
        neutral: [false], .ignored("answers are sampled by this program itself; the field has no effect")),
      Field(
        foreign: "load_in_4bit", aliases: ["load_in_8bit", "bnb_4bit_quant_type", "bnb_4bit_compute_dtype", "bnb_4bit_use_double_quant"],
        neutral: [false], .ignored("weights are not quantised here; the field has no effect")),
      Field(
        foreign: "auto_find_batch_size", neutral: [false],
        .ignored("a batch goes through in pieces that fit the memory: batch_size stays as it is")),
      Field(
        foreign: "gradient_checkpointing_kwargs", .ignored("gradient_checkpointing has one way here; the field has no effect")),
      Field(
        foreign: "dataloader_persistent_workers", aliases: ["dataset_num_proc", "preprocessing_num_workers", "num_proc"],
        neutral: [], .remark),
      Field(foreign: "remove_unused_columns", aliases: ["length_column_name", "pretokenize"], .remark),
    ]
  }

  private static var placeFields: [Field<TrainingSection>] {
    [
      Field(foreign: "output_dir", aliases: ["outputDir", "out_dir"], .ignored(ownFolder)),
      Field(foreign: "overwrite_output_dir", neutral: [false], .ignored("every job has a folder of its own; the field has no effect")),
      Field(foreign: "logging_dir", .ignored("event files lie in the job's own folder, tensorboard/")),
      Field(foreign: "run_name", .ignored("a job is called as its job file says")),
      Field(
        foreign: "report_to", neutral: ["none", [], "tensorboard", ["tensorboard"], ["none"]],
        .ignored("nothing is sent anywhere: metrics.jsonl and tensorboard/ in the job's folder hold the run")),
      Field(foreign: "push_to_hub", neutral: [false], .ignored(noNetwork)),
      Field(
        foreign: "hub_model_id", aliases: ["hub_strategy", "hub_private_repo", "hub_always_push", "hub_revision", "push_to_hub_model_id"],
        .ignored(noNetwork)),
      Field(foreign: "hub_token", aliases: ["push_to_hub_token", "token", "access_token", "use_auth_token"], .refused(secret)),
      Field(foreign: "save_safetensors", neutral: [true], .ignored("weights are always written as safetensors")),
      Field(foreign: "save_only_model", neutral: [false], .ignored("a checkpoint always holds what resuming needs")),
      Field(
        foreign: "resume_from_checkpoint", aliases: ["checkpoint_resume", "ignore_data_skip"], neutral: [false],
        .ignored("a job goes on from its own last checkpoint by itself; to start from another's model, name that job as model.name")),
      Field(
        foreign: "disable_tqdm", aliases: ["log_level", "log_level_replica", "logging_nan_inf_filter", "log_on_each_node"], .remark),
      Field(
        foreign: "logging_strategy", neutral: ["steps"], .ignored("a row is logged every logging_steps; the field has no effect")),
      Field(foreign: "logging_first_step", .remark),
    ]
  }

  private static var loopFields: [Field<TrainingSection>] {
    [
      Field(foreign: "do_train", neutral: [true], .ignored("a job trains; to measure a model, use dropforge score")),
      Field(
        foreign: "do_eval", neutral: [true], .ignored("eval_strategy says whether the held-out part is evaluated; \"no\" is never")),
      Field(foreign: "do_predict", neutral: [false], .ignored("samples.md holds what the trained model writes; the field has no effect")),
      Field(
        foreign: "predictions", neutral: [["enabled": false]],
        .ignored("samples.md holds what the model writes before and after; evaluation.sample_prompts says to which prompts")),
      Field(foreign: "prediction_loss_only", aliases: ["eval_accumulation_steps", "eval_delay", "eval_on_start"], .remark),
      Field(foreign: "data_seed", .ignored("the top-level seed draws everything; the field has no effect")),
      Field(foreign: "full_determinism", .ignored("a run always gives the same bits with the same seed and threads")),
      Field(foreign: "dataloader_drop_last", neutral: [false], .ignored("the last batch of an epoch is trained too, however small")),
      Field(foreign: "label_smoothing_factor", neutral: [0], .refused("labels are not smoothed here; remove the field")),
      Field(foreign: "neftune_noise_alpha", neutral: [0], .refused("noise on the embeddings is not built; remove the field")),
      Field(
        foreign: "optim_args", neutral: [""],
        .refused("an optimizer's settings are fields of their own: adam_beta1, adam_beta2, adam_epsilon")),
      Field(foreign: "optim_target_modules", .refused("optimizers that train in a smaller space are not built; use LoRA: use_lora")),
      Field(
        foreign: "stride", neutral: [0],
        .refused("windows of a text do not overlap here: with packing nothing is cut off, so remove the field")),
      Field(
        foreign: "tokenizer_padding_side", aliases: ["padding_side"], neutral: ["right"],
        .ignored("sequences are padded on the right in training and on the left in generation; the field has no effect")),
      Field(foreign: "model_warmup_steps", aliases: ["moe_warmup_steps"], .ignored("all weights train from the first step")),
    ]
  }

  /// What reinforcement learning has elsewhere: a value model, and a clipped ratio of its own.
  private static var rewardFields: [Field<TrainingSection>] {
    let noCritic = "there is no value model here: rlhf and ppo are carried out as grpo; the field has no effect"
    return [
      Field(foreign: "vf_coef", aliases: ["clip_range_value", "cliprange_value", "gamma", "lam"], .ignored(noCritic)),
      Field(foreign: "ppo_epochs", aliases: ["num_ppo_epochs"], neutral: [1], .ignored(noCritic)),
      Field(foreign: "clip_range", aliases: ["cliprange"], .ignored("rlhf and ppo are carried out as grpo, where epsilon clips")),
      Field(foreign: "entropy_coef", neutral: [0], .ignored("the loss has no term for entropy; the field has no effect")),
    ]
  }
}

extension ModelSection {
  static var otherTrainers: [Field<ModelSection>] {
    let special = "special tokens are the tokenizer's own; the field has no effect"
    return [
      Field(
        foreign: "attn_implementation", aliases: ["_attn_implementation", "use_flash_attention_2", "use_flash_attention"],
        neutral: ["eager", "sdpa", "auto", false], .ignored("attention is this program's own; the field has no effect")),
      Field(foreign: "use_cache", .remark),
      Field(foreign: "bos_token_id", aliases: ["unk_token_id"], .ignored(special)),
      Field(foreign: "eos_token_id", .ignored(special)), Field(foreign: "pad_token_id", .ignored(special)),
      Field(
        foreign: "load_in_4bit", aliases: ["load_in_8bit", "quantization_config", "quantization"], neutral: [false],
        .ignored("weights are not quantised here; the field has no effect")),
      Field(foreign: "low_cpu_mem_usage", aliases: ["max_memory", "offload_folder", "use_safetensors"], .remark),
      Field(foreign: "cache_dir", aliases: ["local_files_only"], .ignored("models lie in workspace/models/; the field has no effect")),
      Field(foreign: "token", aliases: ["use_auth_token", "hub_token"], .refused(secret)),
      Field(foreign: "architectures", aliases: ["transformers_version", "pretraining_tp"], .remark),
    ]
  }
}

extension TokenizerSection {
  static var otherTrainers: [Field<TokenizerSection>] {
    [
      Field(
        foreign: "add_eos_token", neutral: [true], .ignored("every text ends with the end-of-text token; the field has no effect")),
      Field(foreign: "add_bos_token", neutral: [false], .ignored("the tokenizer's own files say which tokens it adds")),
      Field(foreign: "use_fast", .remark),
      Field(
        foreign: "revision", aliases: ["tokenizer_revision"], neutral: ["main"],
        .ignored("tokenizers are pinned by hash here; the field has no effect")),
      Field(
        foreign: "model_max_length", aliases: ["max_length"], .ignored("training.max_length says how long a sequence is")),
      Field(
        foreign: "stride", neutral: [0],
        .refused("windows of a text do not overlap here: with training.packing nothing is cut off, so remove the field")),
      Field(
        foreign: "truncation_side", neutral: ["right"], .ignored("what exceeds training.max_length is cut off at the end")),
      Field(foreign: "padding", aliases: ["truncation", "pad_to_multiple_of"], .remark),
      Field(foreign: "token", aliases: ["use_auth_token", "hub_token"], .refused(secret)),
    ]
  }
}

extension DataSection {
  static var otherTrainers: [Field<DataSection>] {
    [
      Field(foreign: "num_proc", aliases: ["dataset_num_proc", "preprocessing_num_workers"], .remark),
      Field(foreign: "streaming", .remark),
      Field(foreign: "cache_dir", .ignored("tokens are kept beside their dataset, in workspace/datasets/; the field has no effect")),
      Field(
        foreign: "dataset_path", aliases: ["dataset_name", "train_file", "path", "dataset"],
        .ignored("the job says which dataset is trained on: \"dataset\" in the job file")),
      Field(foreign: "token", aliases: ["use_auth_token", "hub_token"], .refused(secret)),
    ]
  }
}

extension OptimizerKind {
  /// Variants of AdamW that save memory elsewhere. Their results are AdamW's, up to rounding.
  package static var remarks: [String: String] {
    let eightBit = "the moments are kept in float32, not in 8 bits: twice the size of the trained weights in memory, AdamW's own result"
    let paged = "there is no graphics memory to page from: it is read as adamw"
    return [
      "paged_adamw_8bit": eightBit, "adamw_8bit": eightBit, "adamw_bnb_8bit": eightBit, "paged_adamw_32bit": paged, "paged_adamw": paged,
    ]
  }
}
