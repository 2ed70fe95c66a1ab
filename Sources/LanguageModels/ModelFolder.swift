import StrictJSON
import SystemPackage

/// A folder that a model is loaded from: a Hugging Face folder, or one of PEFT that holds an adapter and names the model it belongs to.
package struct ModelFolder {
  /// The folder that holds config.json and the weights.
  package let base: FilePath
  /// The folder that holds the adapter laid over them, where there is one.
  package let adapter: FilePath?

  package init(_ folder: FilePath) throws(ModelError) {
    let adapterPath = folder.appending("adapter_config.json")
    guard !InputFile.exists(folder.appending("config.json")), InputFile.exists(adapterPath) else {
      base = folder
      adapter = nil
      return
    }
    let node: JSONNode
    let bytes = try InputFile.read(adapterPath)
    do throws(JSONSyntaxError) {
      node = try JSONParser.parse(bytes)
    } catch {
      throw ModelError(
        .invalidConfiguration, path: adapterPath.string, "This is no JSON: line \(error.line), column \(error.column): \(error.message).")
    }
    guard let name = node["base_model_name_or_path"]?.string, InputFile.exists(folder.pushing(FilePath(name)).appending("config.json"))
    else {
      throw ModelError(
        .file, path: adapterPath.string,
        "This is an adapter, and its base_model_name_or_path, \(node["base_model_name_or_path"]?.text() ?? "which is missing"), is no folder with a config.json.",
        hint: "Write the path of the base model's folder there.")
    }
    base = folder.pushing(FilePath(name))
    adapter = folder
  }

  /// The configuration of the model.
  ///
  /// - changing: members that are read with another value than config.json has.
  package func configuration(changing members: [(String, JSONNode)] = []) throws(ModelError) -> ModelConfiguration {
    let path = base.appending("config.json")
    do {
      return try ModelConfiguration(parsing: try InputFile.read(path), changing: members)
    } catch {
      throw error.about(path.string)
    }
  }
}
