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
  /// The base's weights are stored (in, out), as GPT-2's are.
  package let isTransposed: Bool
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
      isTransposed = try fields.bool("fan_in_fan_out", default: false)
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
  func merge(into parameters: ParameterStore) throws(ModelError) {
    let prefix = "base_model.model."
    var merged = 0
    for name in tensors.names where name.hasSuffix(".lora_A.weight") {
      let module = String(name.dropFirst(name.hasPrefix(prefix) ? prefix.count : 0).dropLast(".lora_A.weight".count))
      guard let target = parameters.layout[module + ".weight"], let weights = parameters[module + ".weight"] else {
        throw ModelError(
          .tensorMismatch, path: path.string, "The adapter changes \(module), which the model does not have.",
          hint: "The adapter belongs to another base model.")
      }
      let a = try read(name), b = try read(String(name.dropLast(".lora_A.weight".count)) + ".lora_B.weight")
      let (outputs, inputs) = isTransposed ? (target.shape[1], target.shape[0]) : (target.shape[0], target.shape[1])
      guard a.shape == [rank, inputs], b.shape == [outputs, rank] else {
        throw ModelError(
          .tensorMismatch, path: path.string,
          "The adapter's matrices for \(module) are \(a.shape) and \(b.shape); a base of \(target.shape) and rank \(rank) want [\(rank), \(inputs)] and [\(outputs), \(rank)].",
          hint: "The adapter belongs to another base model.")
      }
      add(a.values, b.values, outputs, inputs, to: weights)
      merged += 1
    }
    guard merged > 0 else { throw ModelError(.tensorMismatch, path: path.string, "The adapter holds no lora_A matrix.") }
  }

  /// W += s·B·A, row by row; sums in double: an adapter is merged once, and exactly.
  private func add(_ a: [Float], _ b: [Float], _ outputs: Int, _ inputs: Int, to weights: UnsafeMutableBufferPointer<Float>) {
    var row = [Double](repeating: 0, count: inputs)
    for output in 0..<outputs {
      for input in 0..<inputs { row[input] = 0 }
      for k in 0..<rank {
        let factor = scale * Double(b[output * rank + k])
        for input in 0..<inputs { row[input] += factor * Double(a[k * inputs + input]) }
      }
      for input in 0..<inputs {
        weights[isTransposed ? input * outputs + output : output * inputs + input] += Float(row[input])
      }
    }
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
  package func merge(_ adapter: LoRAAdapter) throws(ModelError) { try adapter.merge(into: parameters) }
}
