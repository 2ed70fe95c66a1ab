import Domain
import Kernels
import LanguageModels
import StrictJSON
import TestSupport
import Testing

@testable import Training

/// Packed rows give the loss and the gradients of the same rows each by itself: none sees another.
struct PackingGradientTests {
  private func model(_ architecture: String) throws -> LanguageModel {
    let config: JSONNode = [
      "model": [
        "name": "scratch", "architecture": JSONNode(.string(architecture)), "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 4,
      ],
      "training": ["method": "sft", "max_length": 48, "packing": true],
    ]
    let (configuration, findings) = Configuration.decode(config, source: .none)
    #expect(findings.errors.isEmpty, "\(findings)")
    return try LanguageModel(
      ModelConfiguration(
        try ModelShape.configuration(configuration.model, maximumLength: 48, vocabulary: 300, endOfText: 0, padding: nil)),
      seed: 11, on: ThreadTeam(count: 2))
  }

  private func gradients(_ model: LanguageModel, _ source: any SampleSource) throws -> (loss: Double, ParameterStore) {
    let batch = source.microBatch(first: 0, count: source.count, total: source.count)
    let store = try ParameterStore(model.layout)
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training)
    let sum = try pass.accumulate(
      batch, into: store, gradientScale: 1 / Float(batch.targetCount), dropout: Dropout.Key(seed: 1, step: 0))
    return (try #require(sum.meanLoss), store)
  }

  @Test(arguments: ["llama", "qwen3", "gpt2", "doge"])
  func packed_loss_and_gradients_are_those_of_the_rows_apart(_ architecture: String) throws {
    let lengths = [9, 31, 17, 5, 24, 12, 40]
    let sequences = lengths.enumerated().map { index, length in (0..<length).map { UInt32(1 + ($0 * 7 + index * 31) % 299) } }
    let written = try Written(vocabulary: 300, masked: true, sequences: sequences)
    let split = try written.split()
    let apart = WholeSequences(split, maximumLength: 48, seed: 1, shuffles: false)
    let packed = PackedSequences(split, maximumLength: 48, seed: 1, shuffles: false)
    #expect(packed.count < apart.count)
    let model = try model(architecture)
    let (loss, expected) = try gradients(model, apart)
    let (packedLoss, found) = try gradients(model, packed)
    #expect(abs(loss - packedLoss) < 1e-6 * loss, "\(loss) and \(packedLoss)")
    for tensor in model.layout.tensors {
      let (a, b) = (try #require(expected[tensor.name]), try #require(found[tensor.name]))
      let scale = a.reduce(0) { max($0, abs($1)) }
      let difference = zip(a, b).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      #expect(difference <= 2e-5 * max(scale, 1e-3), "\(tensor.name): \(difference) of \(scale)")
    }
  }
}
