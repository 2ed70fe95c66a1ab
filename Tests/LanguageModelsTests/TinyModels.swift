import Glibc
import Kernels
import LanguageModels
import StrictJSON
import SystemPackage
import Testing

/// Small models of every kind that a test may want, made from nothing.
enum TinyModel: String, CaseIterable, Sendable {
  case llama, llamaTied, llamaBiases, llamaWideHeads, mistral, qwen2, qwen3, doge, dogeWindow, dogeBiases, dogeMixture, doge2, gpt2,
    gpt2Untied

  var json: String {
    let llama = """
      "model_type": "llama", "vocab_size": 61, "hidden_size": 24, "intermediate_size": 36, "num_hidden_layers": 2,
      "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 96, "bos_token_id": 0, "eos_token_id": 1
      """
    let gpt2 = """
      "model_type": "gpt2", "vocab_size": 61, "n_embd": 24, "n_layer": 2, "n_head": 3, "n_positions": 96, "bos_token_id": 0,
      "eos_token_id": 1, "embd_pdrop": 0.1, "resid_pdrop": 0.2, "attn_pdrop": 0.3
      """
    return switch self {
    case .llama: "{\(llama), \"pad_token_id\": 2}"
    case .llamaTied: "{\(llama), \"tie_word_embeddings\": true}"
    case .llamaBiases: "{\(llama), \"attention_bias\": true, \"mlp_bias\": true, \"attention_dropout\": 0.2}"
    case .llamaWideHeads: "{\(llama), \"head_dim\": 10, \"rope_theta\": 500.0, \"tie_word_embeddings\": true}"
    case .mistral: "{\(llama.replacing("llama", with: "mistral")), \"sliding_window\": 6}"
    case .qwen2:
      "{\(llama.replacing("llama", with: "qwen2")), \"use_sliding_window\": true, \"sliding_window\": 5, \"max_window_layers\": 1}"
    case .qwen3: "{\(llama.replacing("llama", with: "qwen3")), \"head_dim\": 8, \"attention_bias\": true, \"tie_word_embeddings\": true}"
    case .doge: "{\(llama.replacing("llama", with: "doge")), \"tie_word_embeddings\": true, \"pad_token_id\": 2}"
    case .dogeWindow: "{\(llama.replacing("llama", with: "doge")), \"keep_window_size\": 5}"
    case .dogeBiases:
      """
      {\(llama.replacing("llama", with: "doge")), "attention_bias": true, "mlp_bias": true, "sliding_window": 8,
       "hidden_dropout": 0.2, "attention_dropout": 0.1}
      """
    case .dogeMixture:
      """
      {\(llama.replacing("llama", with: "doge")), "is_moe": true, "num_experts": 9, "num_experts_per_tok": 9, "output_router_logits": true,
       "router_split": "fixed"}
      """
    case .doge2: "{\(llama.replacing("llama", with: "doge2"))}"
    case .gpt2: "{\(gpt2)}"
    case .gpt2Untied: "{\(gpt2), \"tie_word_embeddings\": false, \"n_inner\": 50, \"scale_attn_by_inverse_layer_idx\": true}"
    }
  }

  var configuration: ModelConfiguration {
    get throws { try ModelConfiguration(parsing: Array(json.utf8)) }
  }

  /// With weights five times as great as a new model's, and biases and norms off their starting values, so that everything matters.
  func model(threads: Int = 2) throws -> LanguageModel {
    let model = try LanguageModel(configuration, seed: 11, on: ThreadTeam(count: threads))
    for tensor in model.layout.tensors {
      let values = try #require(model.parameters[tensor.name]), random = CounterRandom(seed: 5, name: tensor.name)
      for index in values.indices {
        let noise = Float(random.normals(at: UInt64(index)).1 * 0.1)
        values[index] = tensor.initialization == .zeros || tensor.initialization == .ones ? values[index] + noise : 5 * values[index]
      }
    }
    return model
  }
}

/// Token numbers below the vocabulary of the tiny models.
func tokens(_ count: Int, _ name: String = "tokens") -> [Int32] {
  let random = CounterRandom(seed: 3, name: name)
  return (0..<count).map { Int32(random.words(at: UInt64($0)).0 % 61) }
}

func batch(_ rows: Int, _ length: Int, _ name: String = "tokens") -> MicroBatch {
  let tokens = tokens(rows * length, name)
  return MicroBatch(batch: rows, length: length, tokens: tokens, labels: tokens)
}

func distance(_ left: some Sequence<Float>, _ right: some Sequence<Float>) -> Float {
  zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// A folder that is gone after the test.
final class TemporaryFolder {
  let path: FilePath

  init() throws {
    var template = Array("/tmp/language-models.XXXXXX".utf8CString)
    path = FilePath(String(cString: try #require(mkdtemp(&template))))
  }

  deinit { remove(path) }

  private func remove(_ path: FilePath) {
    if let stream = opendir(path.string) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: entry.pointee.d_name) { String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)) }
        if name != "." && name != ".." { remove(path.appending(name)) }
      }
      closedir(stream)
    }
    Glibc.remove(path.string)
  }

  func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }

  func write(_ bytes: [UInt8], _ name: String) throws {
    let file = try FileDescriptor.open(path.appending(name), .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
    try file.closeAfter { _ = try file.writeAll(bytes) }
  }

  func read(_ name: String) throws -> [UInt8] {
    let file = try FileDescriptor.open(path.appending(name), .readOnly)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
        while case let count = try file.read(into: buffer), count > 0 { bytes += buffer[0..<count] }
      }
      return bytes
    }
  }
}

/// The text of the ModelError that the operation throws.
func message(_ sourceLocation: SourceLocation = #_sourceLocation, of operation: () throws -> Void) -> String {
  do {
    try operation()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    return ""
  } catch {
    return "\(error)"
  }
}
