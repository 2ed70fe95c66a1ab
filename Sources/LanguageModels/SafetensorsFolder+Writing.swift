import StrictJSON
import SystemPackage

extension SafetensorsFolder {
  /// Writes the tensors into one file, or, where they take more than `shardBytes`, into shards in their order, and the index of these. A
  /// tensor is never cut: one that is greater than a shard has one to itself.
  static func write(
    _ tensors: [SafetensorsWriter.Tensor], to folder: FilePath, storedAs precision: StoredPrecision, shardBytes: Int
  ) throws(ModelError) {
    func bytes(_ tensor: SafetensorsWriter.Tensor) -> Int { tensor.shape.reduce(precision.byteCount, *) }
    var shards: [[SafetensorsWriter.Tensor]] = [[]]
    var size = 0, total = 0
    for tensor in tensors {
      if size + bytes(tensor) > shardBytes, !shards[shards.count - 1].isEmpty {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(tensor)
      size += bytes(tensor)
      total += bytes(tensor)
    }
    guard shards.count > 1 else {
      return try SafetensorsWriter.write(tensors, to: folder.appending("model.safetensors"), storedAs: precision)
    }
    var map: [(String, JSONNode)] = []
    for (index, shard) in shards.enumerated() {
      let name = "model-\(number(index + 1))-of-\(number(shards.count)).safetensors"
      try SafetensorsWriter.write(shard, to: folder.appending(name), storedAs: precision)
      map += shard.map { ($0.name, .string(name)) }
    }
    let index = JSONNode.object([
      ("metadata", .object([("total_size", .number(total))])), ("weight_map", .object(map.sorted { $0.0 < $1.0 })),
    ])
    try OutputFile.write(index.text(.pretty) + "\n", to: folder.appending("model.safetensors.index.json"))
  }

  private static func number(_ value: Int) -> String { String(repeating: "0", count: max(0, 5 - "\(value)".count)) + "\(value)" }
}
