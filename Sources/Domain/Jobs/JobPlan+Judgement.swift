/// Whether a job can go, and what its reader should know before it does.
extension JobPlan {
  private static let fewSequences = 20
  private static let longSeconds = 86_400.0

  /// Finds the reasons anew, and the verdict: the gravest of them.
  package mutating func judge() {
    reasons = []
    judgeRows()
    judgeCadences()
    if let memory { judge(memory) }
    if let disk { judge(disk) }
    if let time, time.most > Self.longSeconds {
      warn(
        "long",
        "It takes \(Figures.duration(time.least)) to \(Figures.duration(time.most)): fewer steps, a smaller model or more threads shorten it."
      )
    }
    verdict = reasons.contains { $0.verdict == .stop } ? .stop : reasons.isEmpty ? .go : .warn
  }

  private mutating func warn(_ code: String, _ text: String) { reasons.append(Reason(verdict: .warn, code: code, text: text)) }

  private mutating func judgeRows() {
    if rows.bad * 20 > rows.bad + rows.read {
      warn(
        "bad-rows", "\(rows.bad) of \(rows.bad + rows.read) rows are bad and left out: bad-rows.jsonl in the dataset's folder says why.")
    }
    if let duplicate = rows.duplicate, duplicate * 10 > rows.read {
      warn("duplicates", "\(duplicate) of \(rows.read) rows are equal to one before them.")
    }
    if let truncated = rows.truncated, truncated * 10 > rows.read {
      warn("truncated", "\(truncated) of \(rows.read) rows are longer than the limits of length and are cut: raise training.max_length.")
    }
    if let dropped = rows.dropped, dropped * 10 > rows.read {
      warn("dropped", "\(dropped) of \(rows.read) rows have nothing left to train on after the cut: raise training.max_length.")
    }
    guard let data else { return }
    if data.sequences < Self.fewSequences {
      warn("few-rows", "There are only \(data.sequences) \(data.unit) to train on: the model will know them by heart. Add rows.")
    }
    if data.heldOutTokens < 2 {
      warn("nothing-held-out", "Nothing is held out: the run cannot tell what was learned from what was learned by heart.")
    }
  }

  /// With `max_steps` the config itself has said so; here the steps come from epochs.
  private mutating func judgeCadences() {
    guard let steps, let cadences else { return }
    if let evaluation = cadences.evaluation, evaluation > steps {
      warn(
        "eval-steps",
        "The held-out part is measured every \(evaluation) steps, and the run has \(steps): before the first and after the last only. Lower training.eval_steps."
      )
    }
    if cadences.warmUp >= steps, steps > 1 {
      warn(
        "warm-up",
        "The warm-up takes \(cadences.warmUp) steps, and the run has \(steps): the learning rate never gets to its height. Lower training.warmup_steps."
      )
    }
  }

  private mutating func judge(_ memory: Memory) {
    guard let available = memory.available else { return }
    if memory.needed > available {
      reasons.append(
        Reason(
          verdict: .stop, code: "memory",
          text: "The job needs about \(Figures.bytes(memory.needed)) of memory, and \(Figures.bytes(available)) are available."))
    } else if memory.needed > available / 10 * 8 {
      warn(
        "memory-tight",
        "The job needs about \(Figures.bytes(memory.needed)) of the \(Figures.bytes(available)) of memory that are available.")
    }
  }

  private mutating func judge(_ disk: Disk) {
    guard let free = disk.free else { return }
    if disk.checkpoint > free {
      reasons.append(
        Reason(
          verdict: .stop, code: "disk",
          text: "A checkpoint takes about \(Figures.bytes(disk.checkpoint)) on the disk, and \(Figures.bytes(free)) are free."))
    } else if disk.needed > free {
      warn(
        "disk-tight",
        "\(disk.checkpoints) checkpoints and the final model take about \(Figures.bytes(disk.needed)) on the disk, and \(Figures.bytes(free)) are free: the job will wait for room. Lower training.save_total_limit."
      )
    }
  }

  /// What a job ends with that cannot go; nil where it can.
  package var problem: Problem? {
    guard verdict == .stop, let stop = reasons.first(where: { $0.verdict == .stop }) else { return nil }
    if stop.code == "memory", let memory {
      return Problem(
        "plan.memory", "the job does not fit into the memory of this machine: \(stop.text)",
        why: memory.sentence,
        mend:
          "Set training.gradient_checkpointing, lower training.max_length, train a LoRA adapter (training.use_lora) or take a smaller model, and drop the job again."
      )
    }
    return Problem(
      "plan.disk", "the disk cannot hold what the job has to keep: \(stop.text)",
      mend: "Free space on the disk, or take a smaller model or an adapter (training.use_lora), and drop the job again.")
  }

  // MARK: in words

  /// For the log: "Forecast: go; 12.0 s to 22.5 s for 300 steps and 11 evaluations; about 84.1 MB of memory and 3.2 MB of disk".
  package var line: String {
    var parts = ["Forecast: \(verdict.rawValue)"]
    if let time, let steps {
      parts.append(
        "\(Figures.duration(time.least)) to \(Figures.duration(time.most)) for \(steps) steps and \(time.evaluations) evaluations")
    }
    let room = [
      memory.map { "about \(Figures.bytes($0.peak)) of memory" }, disk.map { "\(Figures.bytes($0.needed)) of disk" },
    ].compactMap(\.self)
    if !room.isEmpty { parts.append(room.joined(separator: " and ")) }
    return parts.joined(separator: "; ")
  }

  /// Plan against fact, in a sentence; nil before the end, and where nothing was measured before.
  package var comparison: String? {
    guard let actual, let time, let memory else { return nil }
    return
      "The run was planned to take \(Figures.duration(time.least)) to \(Figures.duration(time.most)) and took \(Figures.duration(actual.seconds)); memory was planned at \(Figures.bytes(memory.least)) to \(Figures.bytes(memory.most)) and came to \(Figures.bytes(actual.peakMemory))."
  }

  /// Puts what the run took beside the plan.
  ///
  /// - seconds: of the whole run.
  package mutating func conclude(seconds: Double, peakMemory: Int) {
    actual = Actual(
      seconds: seconds, peakMemory: peakMemory, isWithinTime: time.map { $0.least <= seconds && seconds <= $0.most },
      isWithinMemory: memory.map { $0.least <= peakMemory && peakMemory <= $0.most })
  }
}

extension JobPlan.Memory {
  /// What is still to be taken, part by part.
  fileprivate var sentence: String {
    let parts = [
      ("weights", weights), ("gradients", gradients), ("the optimizer's state", optimizer), ("copies for bf16", packed),
      ("activations", activations), ("a frozen reference", reference), ("sampling", generation),
    ]
    return parts.filter { $0.1 > 0 }.map { "\($0.0) \(Figures.bytes($0.1))" }.joined(separator: ", ")
  }
}
