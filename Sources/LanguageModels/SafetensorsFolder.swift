import StrictJSON
import SystemPackage

/// The weights of a Hugging Face folder: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
struct SafetensorsFolder {
  let files: [SafetensorsFile]

  init(_ folder: FilePath) throws(ModelError) {
    let single = folder.appending("model.safetensors"), index = folder.appending("model.safetensors.index.json")
    if InputFile.exists(index) {
      files = try Self.shards(folder, index)
    } else if InputFile.exists(single) {
      files = [try SafetensorsFile(single)]
    } else {
      throw ModelError(
        .file, path: folder.string, "It holds neither model.safetensors nor model.safetensors.index.json.",
        hint: InputFile.exists(folder.appending("pytorch_model.bin"))
          ? "pytorch_model.bin is a Python pickle, which can run code: save the model as safetensors." : "")
    }
  }

  /// The index maps each tensor to its file; a file must hold the tensors that it is said to hold and no others.
  private static func shards(_ folder: FilePath, _ index: FilePath) throws(ModelError) -> [SafetensorsFile] {
    let bytes = try InputFile.read(index)
    let node: JSONNode
    do {
      node = try JSONParser.parse(bytes)
    } catch {
      throw ModelError(
        .invalidSafetensors, path: index.string, "This is no JSON: line \(error.line), column \(error.column): \(error.message).")
    }
    guard let map = node["weight_map"]?.object else {
      throw ModelError(.invalidSafetensors, path: index.string, "weight_map is missing.")
    }
    var expected: [String: Set<String>] = [:]
    for member in map.members {
      // A name, not a path: an index must not reach out of its folder.
      guard let file = member.node.string, let component = FilePath.Component(file), component.kind == .regular else {
        throw ModelError(
          .invalidSafetensors, path: index.string,
          "weight_map gives tensor \(member.key) the file \(member.node.text()), which is no file name.")
      }
      expected[file, default: []].insert(member.key)
    }
    var files: [SafetensorsFile] = []
    for (name, tensors) in expected.sorted(by: { $0.key < $1.key }) {
      let file = try SafetensorsFile(folder.appending(name))
      let present = Set(file.names)
      if let missing = tensors.subtracting(present).min() {
        throw ModelError(.tensorMismatch, path: file.path.string, "Tensor \(missing) is missing, though the index says that it is here.")
      }
      if let extra = present.subtracting(tensors).min() {
        throw ModelError(.tensorMismatch, path: file.path.string, "Tensor \(extra) is here, though the index does not say so.")
      }
      files.append(file)
    }
    return files
  }
}
