import Kernels
import LanguageModels
import StrictJSON
import SystemPackage
import Testing

/// A model made by transformers and what transformers says of it: Tests/Fixtures/golden/SOURCE.md.
struct Golden {
  let name: String
  let folder: FilePath
  let expected: JSONNode
  let training: JSONNode

  static let names = [
    "llama", "llama_llama3_untied_bias", "llama_linear", "llama_dynamic", "llama_yarn", "mistral_sliding", "qwen2", "qwen2_sliding",
    "qwen3",
    "qwen3_sliding_bias", "doge_dense", "doge_topk_keep6", "doge_untied_bias", "doge_sliding5", "doge_sliding9_keep4",
    "doge_dynamic_rope", "doge_moe", "doge_moe_normtopk", "gpt2",
  ]

  static func folder(_ name: String) -> FilePath {
    FilePath(#filePath).removingLastComponent().removingLastComponent().appending("Fixtures/golden/\(name)")
  }

  init(_ name: String) throws {
    self.name = name
    folder = Self.folder(name)
    expected = try Self.json(folder.appending("expected.json"))
    training = try Self.json(folder.appending("expected_training.json"))
  }

  static func json(_ path: FilePath) throws -> JSONNode {
    let descriptor = try FileDescriptor.open(path, .readOnly)
    return try descriptor.closeAfter {
      var bytes: [UInt8] = []
      try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
        while case let count = try descriptor.read(into: buffer), count > 0 { bytes += buffer[0..<count] }
      }
      return try JSONParser.parse(bytes)
    }
  }

  func model(threads: Int = 2, changing members: [(String, JSONNode)] = []) throws -> LanguageModel {
    try LanguageModel.load(folder, changing: members, on: ThreadTeam(count: threads))
  }

  var inputs: [[Int32]] {
    get throws { try #require(expected["input_ids"]?.array).map { try #require($0.array).map { Int32(try #require($0.int)) } } }
  }

  /// Both rows, labels = inputs.
  func batch(leftPadding: [Int]? = nil, positions: [Int32]? = nil) throws -> MicroBatch {
    let tokens = try inputs.flatMap(\.self)
    return MicroBatch(
      batch: 2, length: tokens.count / 2, tokens: tokens, labels: tokens, leftPadding: leftPadding, positions: positions)
  }

  func number(_ key: String) throws -> Double { try #require(expected[key]?.double) }

  func row(_ key: String) throws -> [Double] { try #require(expected[key]?.array).map { try #require($0.double) } }

  func matrix(_ key: String) throws -> [[Double]] {
    try #require(expected[key]?.array).map { try #require($0.array).map { try #require($0.double) } }
  }
}

/// Greatest absolute difference.
func distance(_ left: some Sequence<Float>, _ right: some Sequence<Double>) -> Double {
  zip(left, right).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
}
