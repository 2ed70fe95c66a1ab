/// `statistics.json` of a tokenization: what its files hold. There is no padding in them, and none is counted.
package struct TokenStatistics: Codable, Sendable, Equatable {
  /// A token that occurs often.
  package struct Token: Codable, Sendable, Equatable {
    package var id: Int
    /// As text, with what is no letter made visible: a line feed as `\n`.
    package var text: String
    package var count: Int

    package init(id: Int, text: String, count: Int) {
      self.id = id
      self.text = text
      self.count = count
    }
  }

  /// Entries of the vocabulary that occur from `from` to `to` times, both included.
  package struct Frequency: Codable, Sendable, Equatable {
    package var from: Int
    package var to: Int
    package var entries: Int
    package var tokens: Int

    package init(from: Int, to: Int, entries: Int, tokens: Int) {
      self.from = from
      self.to = to
      self.entries = entries
      self.tokens = tokens
    }
  }

  /// What a cut at so many tokens would take away.
  package struct Truncation: Codable, Sendable, Equatable {
    package var length: Int
    package var rows: Int
    package var tokens: Int

    package init(length: Int, rows: Int, tokens: Int) {
      self.length = length
      self.rows = rows
      self.tokens = tokens
    }
  }

  package var schema = "dropforge.token-statistics/1"
  package var id: String
  package var dataset: String
  package var version: Int
  package var tokenizer: String
  package var totalTokens: Int
  /// Entries of the vocabulary that occur.
  package var uniqueTokens: Int
  package var vocabularySize: Int
  /// Rows that stayed (a document in several pieces is one), and the sequences they are stored as.
  package var rows: Int
  package var sequences: Int
  /// Tokens that stand twice, because windows overlap.
  package var overlapTokens: Int
  /// Of the rows' text, before any became windows; 0 where there is no text.
  package var tokensPerByte: Double
  /// Places where the tokenizer did not know the text; 0 for tokenizers that know every byte.
  package var unknownTokens: Int
  package var topTokens: [Token]
  package var frequencies: [Frequency]
  package var sequenceLengths: LengthDistribution
  /// Of whole rows, before any became windows or were cut.
  package var rowLengths: LengthDistribution
  package var truncation: [Truncation]

  package static let lengths = [64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768]

  enum CodingKeys: String, CodingKey {
    case schema, id, dataset, version, tokenizer, rows, sequences, frequencies, truncation
    case totalTokens = "total_tokens"
    case uniqueTokens = "unique_tokens"
    case vocabularySize = "vocab_size"
    case overlapTokens = "overlap_tokens"
    case tokensPerByte = "tokens_per_byte"
    case unknownTokens = "unknown_tokens"
    case topTokens = "top_tokens"
    case sequenceLengths = "sequence_lengths"
    case rowLengths = "row_lengths"
  }

  /// - Parameters:
  ///   - counts: how often each entry of the vocabulary occurs.
  ///   - unknown: the entry that stands for unknown text, where there is one.
  ///   - text: of an entry.
  ///   - sequenceLengths, rowLengths: each length with how often it occurs, ascending.
  package init(
    of card: TokenizationCard, counts: [Int], unknown: Int?, text: (Int) -> String, sequenceLengths: [(length: Int, count: Int)],
    rowLengths: [(length: Int, count: Int)]
  ) {
    (id, dataset, version, tokenizer) = (card.id, card.dataset, card.version, card.tokenizer)
    totalTokens = counts.reduce(0, +)
    uniqueTokens = counts.count { $0 > 0 }
    vocabularySize = card.vocabularySize
    rows = card.documents
    sequences = card.sequences
    overlapTokens = card.overlapTokens
    tokensPerByte = card.textBytes > 0 ? Double(card.textTokens) / Double(card.textBytes) : 0
    unknownTokens = unknown.map { counts.indices.contains($0) ? counts[$0] : 0 } ?? 0
    let used = counts.indices.filter { counts[$0] > 0 }.sorted { (counts[$1], $0) < (counts[$0], $1) }
    topTokens = used.prefix(100).map { Token(id: $0, text: text($0), count: counts[$0]) }
    frequencies = []
    for id in used.reversed() {
      let count = counts[id]
      if let last = frequencies.last, count <= last.to {
        frequencies[frequencies.count - 1].entries += 1
        frequencies[frequencies.count - 1].tokens += count
      } else {
        var from = 1
        while from * 10 <= count { from *= 10 }
        frequencies.append(Frequency(from: from, to: from * 10 - 1, entries: 1, tokens: count))
      }
    }
    let unused = counts.count - uniqueTokens
    if unused > 0 { frequencies.insert(Frequency(from: 0, to: 0, entries: unused, tokens: 0), at: 0) }
    self.sequenceLengths = LengthDistribution(sequenceLengths)
    self.rowLengths = LengthDistribution(rowLengths)
    truncation = Self.lengths.map { length in
      let longer = rowLengths.filter { $0.length > length }
      return Truncation(
        length: length, rows: longer.reduce(0) { $0 + $1.count }, tokens: longer.reduce(0) { $0 + ($1.length - length) * $1.count })
    }
  }
}
