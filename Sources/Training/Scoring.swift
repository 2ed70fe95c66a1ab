import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// `dropforge score`: what a model gives to a row of tokens.
package struct Scoring {
  package var model: FilePath
  package var adapter: FilePath?
  package var ids: [Int32]?
  package var text: String?
  package var withLogits: Bool
  package var threads: Int

  package init(model: FilePath, adapter: FilePath?, ids: [Int32]?, text: String?, withLogits: Bool, threads: Int) {
    self.model = model
    self.adapter = adapter
    self.ids = ids
    self.text = text
    self.withLogits = withLogits
    self.threads = threads
  }

  package struct Score: Sendable {
    package var tokens: [Int32]
    /// ln p(token | those before it); nil for the first, which nothing predicts.
    package var logProbabilities: [Double?]
    /// Mean of −ln p, in nats; nil for a single token.
    package var loss: Double?
    package var perplexity: Double?
    /// A row a position, as wide as the vocabulary: what the model says of the token after it.
    package var logits: [[Float]]?
    /// The tokens as text, where there is a tokenizer.
    package var texts: [String]?
  }

  /// - Throws: `Problem`.
  package func run() throws -> Score {
    do {
      let model = try LanguageModel.load(model, on: ThreadTeam(count: threads))
      if let adapter { try model.merge(LoRAAdapter(adapter)) }
      let (tokens, tokenizer) = try tokens()
      guard !tokens.isEmpty else {
        throw Problem("score.empty", "there are no tokens to score", mend: "Give some: --ids 1,2,3 or --text TEXT.")
      }
      return try score(tokens, model, tokenizer)
    } catch let error as ModelError {
      throw Problem(model: error)
    }
  }

  private func tokens() throws -> ([Int32], Tokenizer?) {
    let folder = TokenizerFolder(files: LinuxFileSystem())
    // ids need no tokenizer: one that cannot be read does not matter
    if let ids { return (ids, folder.isPresent(model) ? try? folder.load(model) : nil) }
    let tokenizer = try folder.load(model)
    return (tokenizer.encode(text ?? "", addingSpecialTokens: true).map(Int32.init), tokenizer)
  }

  private func score(_ tokens: [Int32], _ model: LanguageModel, _ tokenizer: Tokenizer?) throws -> Score {
    let pass = try ModelPass(model, rows: tokens.count, length: tokens.count, purpose: .scoring)
    let batch = MicroBatch(batch: 1, length: tokens.count, tokens: tokens, targets: Array(tokens.dropFirst()) + [MicroBatch.ignored])
    let probabilities = try pass.logProbabilities(batch).dropLast().map(Double.init)
    let loss = probabilities.isEmpty ? nil : -probabilities.reduce(0, +) / Double(probabilities.count)
    var score = Score(tokens: tokens, logProbabilities: [nil] + probabilities, loss: loss, perplexity: loss.map(Perplexity.of))
    if withLogits {
      let width = model.dimensions.vocabularySize
      let flat = try pass.logits(batch)
      score.logits = (0..<tokens.count).map { Array(flat[$0 * width..<($0 + 1) * width]) }
    }
    score.texts = tokenizer.map { tokenizer in tokens.map { tokenizer.decode([UInt32(bitPattern: $0)]) } }
    return score
  }
}

extension Scoring.Score {
  package func json(model: FilePath) -> JSONNode {
    var object: JSONObject = ["schema": "dropforge.score/1"]
    object["model"] = model.string.node
    object["tokens"] = JSONNode(.array(tokens.map { Int($0).node }))
    if let texts { object["texts"] = texts.node }
    object["log_probabilities"] = JSONNode(.array(logProbabilities.map { $0.map { $0.node } ?? JSONNode(.null) }))
    object["loss"] = loss.node
    object["perplexity"] = perplexity.node
    if let logits {
      object["logits"] = JSONNode(.array(logits.map { row in JSONNode(.array(row.map { JSONNode(.number(JSONNumber(text: "\($0)"))) })) }))
    }
    return JSONNode(.object(object))
  }

  package var report: String {
    var lines = tokens.indices.map { index in
      let probability = logProbabilities[index].map { Figures.fixed($0, 4) } ?? "–"
      return "\(tokens[index])\t\(probability)\(texts.map { "\t" + $0[index].debugDescription } ?? "")"
    }
    lines.append(
      "loss \(loss.map { Figures.fixed($0, 4) } ?? "–"), perplexity \(perplexity.map { Figures.fixed($0, 3) } ?? "–"), \(max(tokens.count - 1, 0)) predictions"
    )
    for row in logits ?? [] { lines.append(row.map { "\($0)" }.joined(separator: " ")) }
    return lines.joined(separator: "\n")
  }
}
