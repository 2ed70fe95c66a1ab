import StrictJSON

/// Small jobs that train for real within a second.
enum Jobs {
  static func file(_ name: String, dataset: String, method: String = "pretrain", steps: Int = 30, training: JSONObject = [:]) -> String {
    var section: JSONObject = [
      "method": JSONNode(.string(method)), "max_steps": JSONNode(.number(JSONNumber(steps))), "batch_size": 8, "max_length": 32,
      "learning_rate": 0.005, "warmup_steps": 2, "logging_steps": 5, "eval_steps": 10,
    ]
    for member in training.members { section[member.key] = member.node }
    let job: JSONNode = [
      "name": JSONNode(.string(name)), "dataset": JSONNode(.string(dataset)),
      "config": [
        "model": ["name": "scratch", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4],
        "training": JSONNode(.object(section)), "seed": 5,
      ],
    ]
    return job.text(.pretty)
  }

  /// A text with something to learn.
  static let text: String = (0..<600).map { "\($0) and \($0 % 9) make \($0 + $0 % 9).\n" }.joined()
}
