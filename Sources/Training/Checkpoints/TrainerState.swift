import Domain
import Platform
import StrictJSON
import SystemPackage

/// `trainer_state.json` in the form of transformers' Trainer (5.x), so that existing plotters read a checkpoint.
enum TrainerState {
  static func node(_ state: ResumeState, _ shape: RunShape, _ training: TrainingSection, rows: [JSONNode]) -> JSONNode {
    let epoch = rows.last?["epoch"] ?? 0
    var object: JSONObject = [
      "best_global_step": optional(state.bestEval?.step.node),
      "best_metric": optional(state.bestEval.flatMap(training.bestMetric.value)?.node),
      "best_model_checkpoint": optional(state.bestCheckpoint.map { "checkpoints/\($0)".node }), "epoch": epoch,
      "eval_steps": optional((training.evalSteps ?? shape.steps).node),
      "global_step": state.step.node, "is_hyper_param_search": false, "is_local_process_zero": true, "is_world_process_zero": true,
    ]
    object["log_history"] = JSONNode(.array(rows))
    object["logging_steps"] = training.loggingSteps.node
    object["max_steps"] = shape.steps.node
    object["num_input_tokens_seen"] = state.tokensSeen.node
    object["num_train_epochs"] = shape.epochs.node
    object["save_steps"] = training.saveSteps.node
    object["stateful_callbacks"] = JSONNode(.object([:]))
    object["total_flos"] = 0
    object["train_batch_size"] = training.batchSize.node
    object["trial_name"] = nil
    object["trial_params"] = nil
    return JSONNode(.object(object))
  }

  private static func optional(_ node: JSONNode?) -> JSONNode { node ?? JSONNode(.null) }

  /// The rows of metrics.jsonl so far.
  static func history(_ path: FilePath, _ files: any FileSystem) throws -> [JSONNode] {
    guard files.exists(path) else { return [] }
    return try files.contents(of: path, limit: 1 << 30).split(separator: UInt8(ascii: "\n")).map { try JSONParser.parse($0) }
  }
}
