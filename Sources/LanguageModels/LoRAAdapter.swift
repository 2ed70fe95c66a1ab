import Kernels
import StrictJSON
import SystemPackage

/// A LoRA adapter in PEFT's layout: `adapter_config.json` and `adapter_model.safetensors`.
///
/// W' = W + s·B·A with s = α/r, or α/√r for rsLoRA (Hu et al., arXiv 2106.09685; Kalajdzievski, arXiv 2312.03732).
/// Tensors are named `base_model.model.<module>.lora_A.weight` (r, in) and `….lora_B.weight` (out, r).
package struct LoRAAdapter {
  package let rank: Int
  /// s above.
  package let scale: Double
  private let path: FilePath
  private let tensors: SafetensorsFile

  /// Reads the config and opens the weights. What is not implemented is refused rather than loaded wrong.
  package init(_ folder: FilePath) throws(ModelError) {
    path = folder
    let configPath = folder.appending("adapter_config.json")
    do throws(ModelError) {
      let fields = try Self.fields(configPath)
      rank = try fields.int("r", default: 8)
      let alpha = try fields.double("lora_alpha", default: 8, in: 0...1e9)
      scale = try fields.bool("use_rslora", default: false) ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
    } catch {
      throw error.about(configPath.string)
    }
    tensors = try SafetensorsFile(folder.appending("adapter_model.safetensors"))
  }

  private static func fields(_ path: FilePath) throws(ModelError) -> ConfigurationFields {
    let bytes = try InputFile.read(path)
    let node: JSONNode
    do throws(JSONSyntaxError) {
      node = try JSONParser.parse(bytes)
    } catch {
      throw ModelError(.invalidConfiguration, "This is no JSON: line \(error.line), column \(error.column): \(error.message).")
    }
    guard let object = node.object else {
      throw ModelError(.invalidConfiguration, "This is \(node.kindName); an adapter's configuration is an object.")
    }
    try refuseUnknown(object)
    return ConfigurationFields(object)
  }

  private static func refuseUnknown(_ object: JSONObject) throws(ModelError) {
    func refuse(_ field: String, _ what: String) -> ModelError {
      ModelError(
        .invalidConfiguration, "\(field) is set: \(what) is not implemented.",
        hint: "Merge the adapter into its base with PEFT, and use the merged model.")
    }
    if let type = object["peft_type"]?.string, type != "LORA" { throw refuse("peft_type \(type)", "an adapter that is no LoRA") }
    if object["use_dora"]?.bool == true { throw refuse("use_dora", "DoRA") }
    if let bias = object["bias"]?.string, bias != "none" { throw refuse("bias \"\(bias)\"", "a trained bias") }
    for (field, what) in [("rank_pattern", "a rank for each module"), ("alpha_pattern", "a scale for each module")] {
      if object[field]?.object?.members.isEmpty == false { throw refuse(field, what) }
    }
    if object["modules_to_save"]?.array?.isEmpty == false { throw refuse("modules_to_save", "a module saved whole") }
  }

  /// Adds the adapter to the parameters: the model is the adapted one from here on.
  func merge(into model: LanguageModel) throws(ModelError) {
    try refuseOtherTensors()
    var merged = 0
    for name in tensors.names where name.hasSuffix(Self.a) {
      let module = String(name.dropFirst(name.hasPrefix(LoRALayout.prefix) ? LoRALayout.prefix.count : 0).dropLast(Self.a.count))
      let (linear, outputs) = try target(module, model)
      let a = try read(name), b = try read(String(name.dropLast(Self.a.count)) + Self.b)
      guard a.shape == [rank, linear.inputs], b.shape == [outputs.count, rank] else {
        throw ModelError(
          .tensorMismatch, path: path.string,
          "The adapter's matrices for \(module) are \(a.shape) and \(b.shape); \(linear.inputs) inputs, \(outputs.count) outputs and rank \(rank) want [\(rank), \(linear.inputs)] and [\(outputs.count), \(rank)].",
          hint: "The adapter belongs to another base model.")
      }
      a.values.withUnsafeBufferPointer { a in
        b.values.withUnsafeBufferPointer { b in
          guard let a = a.baseAddress, let b = b.baseAddress else { return }
          LoRAMerge.add(a: a, b: b, rank: rank, scale: scale, outputs: outputs, to: model.parameters.base, linear)
        }
      }
      merged += 1
      model.parameters.hasChanged()
    }
    guard merged > 0 else { throw ModelError(.tensorMismatch, path: path.string, "The adapter holds no lora_A matrix.") }
  }

  private static let a = ".lora_A.weight", b = ".lora_B.weight"

  /// Embeddings have other matrices, resized ones whole tensors: what is not understood is not passed over.
  private func refuseOtherTensors() throws(ModelError) {
    guard let other = tensors.names.first(where: { !$0.hasSuffix(Self.a) && !$0.hasSuffix(Self.b) }) else { return }
    throw ModelError(
      .tensorMismatch, path: path.string, "The adapter holds \(other), which is no lora_A or lora_B of a linear layer.",
      hint: "Merge the adapter into its base with PEFT, and use the merged model.")
  }

  /// The weight that a module has in the model, and the outputs that are its own. How it lies in memory is the model's to say:
  /// `fan_in_fan_out` follows from that.
  private func target(_ module: String, _ model: LanguageModel) throws(ModelError) -> (Linear, Range<Int>) {
    for projection in model.layout.projections {
      for part in projection.modules where part.name == module { return (projection.linear, part.outputs) }
    }
    let d = model.dimensions
    guard module == "lm_head" else {
      throw ModelError(
        .tensorMismatch, path: path.string, "The adapter changes \(module), which the model does not have.",
        hint: "The adapter belongs to another base model.")
    }
    guard !d.tiesEmbeddings else {
      throw ModelError(
        .tensorMismatch, path: path.string, "The adapter changes lm_head, which is one with the embedding in this model.",
        hint: "Merge the adapter into its base with PEFT, and use the merged model.")
    }
    let head = Linear(
      inputs: d.hiddenSize, outputs: d.vocabularySize, layout: .outputsByInputs, weight: model.decoder.headWeight)
    return (head, 0..<d.vocabularySize)
  }

  private func read(_ name: String) throws(ModelError) -> (values: [Float], shape: [Int]) {
    guard let shape = tensors.shape(of: name) else { throw ModelError(.tensorMismatch, path: path.string, "Tensor \(name) is missing.") }
    var values = [Float](repeating: 0, count: shape.reduce(1, *))
    let result = values.withUnsafeMutableBufferPointer { buffer in
      Result { () throws(ModelError) in try tensors.read(name, into: buffer) }
    }
    try result.get()
    return (values, shape)
  }
}

extension LanguageModel {
  package func merge(_ adapter: LoRAAdapter) throws(ModelError) { try adapter.merge(into: self) }
}
