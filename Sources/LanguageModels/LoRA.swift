import Kernels
import StrictJSON
import SystemPackage

/// A LoRA adapter that trains beside a frozen model: its matrices, and its files in PEFT's layout.
package final class LoRA {
  package let layout: LoRALayout
  package let parameters: ParameterStore
  /// What PEFT is told to load the base model from: a path or a name.
  package let base: String

  /// A new adapter, which changes nothing yet: A drawn, B zeros.
  package init(_ settings: LoRASettings, for model: LanguageModel, base: String, seed: UInt64) throws(ModelError) {
    self.base = base
    layout = try LoRALayout(settings, for: model.layout)
    parameters = try ParameterStore(layout.layout)
    parameters.initialize(seed: seed, on: model.team)
  }

  /// Reads the matrices that `save` wrote, or PEFT for the same settings.
  package func read(_ folder: FilePath) throws(ModelError) {
    let file = try SafetensorsFile(folder.appending("adapter_model.safetensors"))
    guard Set(file.names) == Set(layout.layout.tensors.map(\.name)) else {
      throw ModelError(
        .tensorMismatch, path: file.path.string, "It holds an adapter of other modules than the settings name.",
        hint: "An adapter is gone on with under the settings that it was made with.")
    }
    try parameters.read(from: file)
  }

  /// Writes `adapter_config.json` and `adapter_model.safetensors` into a folder that exists.
  package func save(to folder: FilePath) throws(ModelError) {
    try OutputFile.write(json.text(.pretty) + "\n", to: folder.appending("adapter_config.json"))
    try SafetensorsWriter.write(parameters.tensors, to: folder.appending("adapter_model.safetensors"))
  }

  private var json: JSONNode {
    let settings = layout.settings
    let alpha: JSONNode = settings.alpha == settings.alpha.rounded() ? .number(Int(settings.alpha)) : .number(settings.alpha)
    return .object([
      ("alpha_pattern", .object([])), ("auto_mapping", nil), ("base_model_name_or_path", .string(base)), ("bias", "none"),
      ("exclude_modules", nil), ("fan_in_fan_out", .bool(layout.isTransposed)), ("inference_mode", true), ("init_lora_weights", true),
      ("layers_pattern", nil), ("layers_to_transform", nil), ("lora_alpha", alpha), ("lora_dropout", .number(settings.dropout)),
      ("modules_to_save", nil), ("peft_type", "LORA"), ("r", .number(settings.rank)), ("rank_pattern", .object([])), ("revision", nil),
      ("target_modules", JSONNode(.array(layout.targetModules.map { .string($0) }))), ("task_type", "CAUSAL_LM"), ("use_dora", false),
      ("use_rslora", .bool(settings.isRankStabilised)),
    ])
  }

  /// Adds the adapter to the model's own weights: W += s · B A.
  package func merge(into model: LanguageModel) {
    defer { model.parameters.hasChanged() }
    for (projection, site) in zip(model.layout.projections, layout.sites) {
      guard let site else { continue }
      for part in site.parts {
        LoRAMerge.add(
          a: parameters.base + site.a + part.start * projection.inputs, b: parameters.base + part.b, rank: layout.settings.rank,
          scale: layout.settings.scale, outputs: part.outputs, to: model.parameters.base, projection.linear)
      }
    }
  }
}

/// W += s · B A, row by row, sums in double: an adapter is merged once, and exactly.
enum LoRAMerge {
  static func add(
    a: UnsafePointer<Float>, b: UnsafePointer<Float>, rank: Int, scale: Double, outputs: Range<Int>,
    to parameters: UnsafeMutablePointer<Float>, _ linear: Linear
  ) {
    let inputs = linear.inputs, weight = parameters + linear.weight
    var row = [Double](repeating: 0, count: inputs)
    for (index, output) in outputs.enumerated() {
      for input in 0..<inputs { row[input] = 0 }
      for k in 0..<rank {
        let factor = scale * Double(b[index * rank + k])
        for input in 0..<inputs { row[input] += factor * Double(a[k * inputs + input]) }
      }
      for input in 0..<inputs {
        weight[linear.layout == .inputsByOutputs ? input * linear.outputs + output : output * inputs + input] += Float(row[input])
      }
    }
  }
}
