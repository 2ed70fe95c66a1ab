import Domain
import Foundation
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// `dropforge score` against transformers and PEFT: Tests/Fixtures/golden/SOURCE.md.
struct ScoringTests {
  private static func json(_ name: String) throws -> JSONNode {
    try JSONParser.parse(Array(try Data(contentsOf: URL(filePath: Fixtures.path(name).string))))
  }

  private func score(_ base: String, adapter: String? = nil, ids: [Int32], withLogits: Bool = true) throws -> Scoring.Score {
    try Scoring(
      model: Fixtures.path("golden/\(base)"), adapter: adapter.map { Fixtures.path("golden/\($0)") }, ids: ids, text: nil,
      withLogits: withLogits, threads: 2
    ).run()
  }

  @Test(arguments: ["lora_llama", "lora_gpt2"])
  func logits_with_an_adapter_are_pefts(name: String) throws {
    let expected = try Self.json("golden/\(name)/expected.json")
    let base = try #require(expected["base"]?.string)
    let ids = try #require(expected["input_ids"]?.array?.first?.array).map { Int32(try #require($0.int)) }
    let rows = try #require(expected["logits_adapter"]?.array).map { try #require($0.array).map { try #require($0.double) } }
    let found = try #require(try score(base, adapter: name, ids: ids).logits)
    #expect(found.count == rows.count && found[0].count == rows[0].count)
    var distance = 0.0
    for (left, right) in zip(found, rows) { for (a, b) in zip(left, right) { distance = max(distance, abs(Double(a) - b)) } }
    #expect(distance < 1e-4)
    // The base without it says something else: what the adapter does is seen.
    let bare = try #require(try score(base, ids: ids).logits?.last)
    let first = try #require(expected["logits_base_pos11_first8"]?.array).compactMap(\.double)
    #expect(zip(bare, first).allSatisfy { abs(Double($0) - $1) < 1e-4 })
    #expect(zip(bare, rows[rows.count - 1]).contains { abs(Double($0) - $1) > 1e-2 })
  }

  @Test(arguments: ["llama", "gpt2"])
  func the_loss_is_transformers(base: String) throws {
    let expected = try Self.json("golden/\(base)/expected.json")
    let ids = try #require(expected["input_ids"]?.array?.first?.array).map { Int32(try #require($0.int)) }
    let score = try score(base, ids: ids, withLogits: false)
    let loss = try #require(expected["loss_row0"]?.double)
    #expect(abs(try #require(score.loss) - loss) < 1e-4)
    #expect(abs(try #require(score.perplexity) - exp(loss)) < 1e-2)
    #expect(score.logits == nil && score.logProbabilities.count == ids.count && score.logProbabilities[0] == nil)
    #expect(abs(-score.logProbabilities.compactMap(\.self).reduce(0, +) / Double(ids.count - 1) - loss) < 1e-4)
  }

  @Test func log_probabilities_are_those_of_the_logits() throws {
    let score = try score("llama", ids: [5, 17, 99])
    let logits = try #require(score.logits)
    for (index, next) in [(0, 17), (1, 99)] {
      let row = logits[index].map(Double.init)
      let expected = row[next] - log(row.reduce(0) { $0 + exp($1) })
      #expect(abs(try #require(score.logProbabilities[index + 1]) - expected) < 1e-4)
    }
  }

  @Test func a_single_token_has_no_loss() throws {
    let score = try score("llama", ids: [5], withLogits: false)
    #expect(score.loss == nil && score.perplexity == nil && score.logProbabilities == [nil])
    #expect(score.report == "5\t–\nloss –, perplexity –, 0 predictions")
  }

  @Test func what_cannot_be_scored_says_why() throws {
    #expect(throws: Problem("score.empty", "there are no tokens to score", mend: "Give some: --ids 1,2,3 or --text TEXT.")) {
      try score("llama", ids: [])
    }
    #expect(throws: Problem.self) { try score("llama", adapter: "lora_gpt2", ids: [5, 17]) }  // of another model
    #expect(throws: Problem.self) { try score("llama", ids: [5, 9_999]) }  // beyond the vocabulary
  }
}
