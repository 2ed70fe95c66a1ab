import Kernels

/// Which projections of a model have an adapter, and where its matrices lie in an arena of their own.
package struct LoRALayout: Sendable {
  package let settings: LoRASettings
  /// A (r, inputs) and B (outputs, r) of each module, under PEFT's names.
  package let layout: ParameterLayout
  /// Last components of the adapted modules' names, or more of them where that is needed to tell them from others: PEFT's
  /// `target_modules`.
  package let targetModules: [String]
  /// For each projection of the model, by its number.
  let sites: [Site?]

  /// The adapter of a projection. The A of all its modules lie close behind one another: they have one input, and one product.
  struct Site: Sendable {
    /// Offset of the first A.
    let a: Int
    let parts: [Part]
    /// Rows of all A together.
    let rank: Int
  }

  struct Part: Sendable {
    /// Offset of B.
    let b: Int
    /// The outputs of the projection that the module owns.
    let outputs: Range<Int>
    /// Its first row among those of all A.
    let start: Int
  }

  /// Weights of the base are stored (inputs, outputs), as GPT-2's are: PEFT's `fan_in_fan_out`.
  let isTransposed: Bool

  static let prefix = "base_model.model."

  /// Throws where a target is no module of the model that an adapter can stand beside.
  package init(_ settings: LoRASettings, for model: ParameterLayout) throws(ModelError) {
    var layout = ParameterLayout()
    var matched: Set<String> = []
    var modules: [String] = []
    sites = model.projections.map { projection in
      let chosen = projection.modules.filter { module in
        guard let target = settings.targets.match(module.name) else { return false }
        matched.insert(target)
        modules.append(module.name)
        return true
      }
      if chosen.isEmpty { return nil }
      // As torch's kaiming_uniform_(a=√5) on (r, inputs), which PEFT calls.
      let bound = 1 / Double(projection.inputs).squareRoot()
      let a = layout.add(
        chosen.map { ("\(Self.prefix)\($0.name).lora_A.weight", [settings.rank, projection.inputs], .uniform(bound: bound)) })
      let parts = chosen.enumerated().map { index, module in
        Part(
          b: layout.add("\(Self.prefix)\(module.name).lora_B.weight", [module.outputs.count, settings.rank], .zeros),
          outputs: module.outputs, start: index * settings.rank)
      }
      return Site(a: a, parts: parts, rank: settings.rank * chosen.count)
    }
    isTransposed = model.projections.contains { $0.linear.layout == .inputsByOutputs }
    let all = Set(model.projections.flatMap { $0.modules.map { Self.lastName($0.name) } }).sorted()
    if let missing = settings.targets.names.first(where: { !matched.contains($0) }) {
      throw ModelError(
        .invalidConfiguration, "The model has no linear layer \"\(missing)\" that an adapter could stand beside.",
        hint: "It has \(all.joined(separator: ", ")); \"all-linear\" means all of them.")
    }
    self.settings = settings
    self.layout = layout
    if case .modules(let names) = settings.targets {
      targetModules = names
    } else {
      let chosen = Set(modules)
      targetModules = Set(modules.map { name in Self.shortest(name, chosen, among: model) }).sorted()
    }
  }

  private static func lastName(_ name: String) -> String { String(name.split(separator: ".").last ?? "") }

  /// The shortest end of the module's name that no module outside of the chosen ones has.
  private static func shortest(_ name: String, _ chosen: Set<String>, among model: ParameterLayout) -> String {
    let components = name.split(separator: "."),
      others = model.projections.flatMap { $0.modules.map(\.name) }.filter { !chosen.contains($0) }
    for count in 1..<max(components.count, 2) {
      let end = components.suffix(count).joined(separator: ".")
      if !others.contains(where: { $0 == end || $0.hasSuffix("." + end) }) { return end }
    }
    return name
  }
}

extension LoRASettings.Targets {
  /// The target that a module is named by; nil where it is none.
  func match(_ module: String) -> String? {
    switch self {
    case .allLinear: return ""
    case .attention: return module.contains(".self_attn.") && !module.hasSuffix(".dt_proj") || module.contains(".attn.") ? "" : nil
    case .modules(let names): return names.first { module == $0 || module.hasSuffix("." + $0) }
    }
  }

  var names: [String] {
    if case .modules(let names) = self { return names }
    return []
  }
}
