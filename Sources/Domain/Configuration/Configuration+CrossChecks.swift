import StrictJSON

extension Configuration {
  /// What must hold between fields of several sections, beyond what one section can say.
  func checkAcross() -> [Finding] { checkHeads() + checkSteps() + checkAdapterTargets() + checkRope() }

  /// Families of which transformers wants `hidden_size` divided by the heads even where `head_dim` says how wide one is.
  private static let evenlyParted: Set<ModelArchitecture> = [.llama, .mistral, .qwen2, .doge, .doge2]

  private func checkHeads() -> [Finding] {
    guard model.isScratch, let headSize = model.headSize else { return [] }
    let architecture = model.architecture ?? .llama, hidden = model.hiddenSize ?? 256, heads = model.heads ?? 4
    if Self.evenlyParted.contains(architecture), hidden % heads != 0 {
      return [
        Finding(
          .error, "model.num_attention_heads",
          "hidden_size \(hidden) is not a multiple of \(heads) heads, which \(architecture.rawValue) wants even beside head_dim \(headSize); choose a divisor of \(hidden), or set architecture to \"qwen3\""
        )
      ]
    }
    return []
  }

  /// Steps that never come within `max_steps`.
  private func checkSteps() -> [Finding] {
    guard let total = training.maximumSteps else { return [] }
    var findings: [Finding] = []
    func late(_ field: String, _ steps: Int?, _ consequence: String) {
      guard let steps, steps > total else { return }
      findings.append(Finding(.warning, field, "\(steps) steps are more than max_steps \(total): \(consequence)"))
    }
    if training.evalStrategy != .no {
      late("training.eval_steps", training.evalSteps, "the held-out part is evaluated at the end only")
      if training.evalSteps == nil {
        late("evaluation.eval_steps", evaluation.evalSteps, "the held-out part is evaluated at the end only")
      }
    }
    if training.saveStrategy == .steps { late("training.save_steps", training.saveSteps, "no checkpoint is kept before the end") }
    return findings
  }

  /// Modules that an adapter cannot stand beside, and names that belong to other families.
  private func checkAdapterTargets() -> [Finding] {
    guard training.useLoRA, case .modules(let names)? = training.loraTargets else { return [] }
    var findings: [Finding] = []
    for name in names {
      let last = name.split(separator: ".").last.map(String.init) ?? name
      if LoRATargets.embeddings.contains(last) {
        findings.append(
          Finding(
            .error, "training.lora_target_modules",
            "\"\(name)\" is an embedding or the head, and adapters stand beside the linear layers of the blocks only; remove it, or train all weights"
          ))
      } else if let meant = NearestKey.suggestion(for: last, among: LoRATargets.known), !LoRATargets.known.contains(last) {
        findings.append(
          Finding(.warning, "training.lora_target_modules", "no family here has a module \"\(name)\". Did you mean \"\(meant)\"?"))
      }
    }
    return findings
  }

  /// What an adapter is to stand beside, against the family of the model that is trained.
  ///
  /// - base: as the config names it.
  package func adapterFindings(base: String, architecture: ModelArchitecture) -> [Finding] {
    guard case .modules(let names)? = training.adapterTargets else { return [] }
    let modules = architecture.adapterModules
    return names.compactMap { name in
      let last = name.split(separator: ".").last.map(String.init) ?? name
      guard !modules.contains(last) else { return nil }
      let meant = NearestKey.suggestion(for: last, among: modules)
      let hint = meant.map { "Did you mean \"\($0)\"? " } ?? ""
      var finding = Finding(
        .error, "training.lora_target_modules",
        "the model '\(base)', of the family \(architecture.rawValue), has no linear layer \"\(name)\". \(hint)It has \(modules.joined(separator: ", ")); \"all-linear\" means all of them"
      )
      finding.suggestion = meant
      return finding
    }
  }

  /// `rope_theta` stands in the old place, and in transformers 5 inside `rope_parameters`.
  private func checkRope() -> [Finding] {
    let inner = (model.ropeScaling ?? model.ropeParameters)?["rope_theta"]?.double
    guard model.isScratch, let outer = model.ropeTheta, let inner, outer != inner else { return [] }
    let place = model.ropeScaling == nil ? "rope_parameters" : "rope_scaling"
    return [
      Finding(
        .error, "model.rope_theta",
        "says \(JSONNumber(outer).text), and \(place).rope_theta says \(JSONNumber(inner).text): they are one value; keep one")
    ]
  }
}

extension TrainingSection {
  /// What an adapter stands beside, where one is trained and the config says.
  package var adapterTargets: LoRATargets? { useLoRA ? loraTargets : nil }
}

extension LoRATargets {
  /// Last parts of the names of what is looked up or shared with it.
  static let embeddings: Set<String> = ["embed_tokens", "lm_head", "wte", "wpe", "word_embed", "down_embed", "up_embed"]
  /// Linear layers of the families that are built.
  static let known = [
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "dt_proj", "c_attn", "c_proj", "c_fc", "router_gate",
  ]
}

extension Finding {
  /// With what programs want to know of its field: the value that stands there, what is allowed, what was meant.
  func completed(from root: JSONObject) -> Finding {
    var finding = self
    let parts = field.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return finding }
    let description = Configuration.field(at: field)
    let spellings = [parts[1]] + (description?.spellings ?? [])
    let node = root[parts[0]]?.object.flatMap { object in spellings.lazy.compactMap { object[$0] }.first }
    finding.value = node?.shortText
    if description?.isForeign == false { finding.allowed = description?.allowed }
    if let word = node?.string, let words = description?.words, severity == .error {
      finding.suggestion = NearestKey.suggestion(for: word, among: words)
    }
    return finding
  }
}
