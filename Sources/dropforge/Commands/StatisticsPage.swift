import Domain

/// A tokenization's statistics as a screen of text.
struct StatisticsPage {
  let card: TokenizationCard
  let others: [TokenizationCard]
  let statistics: TokenStatistics
  /// Columns.
  let width: Int

  var text: String {
    ([heading, totals]
      + [removals, lengths("Rows, in tokens", statistics.rowLengths), sequences, truncation, vocabulary, list]
      .compactMap(\.self)).joined(separator: "\n\n")
  }

  private var heading: String {
    let form =
      card.maximumLength.map { length in
        card.treatment.truncate == true ? ", rows cut at \(length)" : ", windows of \(length) that overlap by \(card.treatment.stride)"
      } ?? ""
    return
      "\(card.dataset), version \(card.version): tokenization \(card.id)\n\(card.method.rawValue), tokenizer \(card.tokenizer) (\(Figures.grouped(card.vocabularySize)) entries)\(form)"
  }

  private var totals: String {
    var rows = [
      [
        "tokens", Figures.grouped(statistics.totalTokens),
        card.splits.map { "\($0.name) \(Figures.grouped($0.tokens))" }.joined(separator: ", "),
      ],
      [
        "different", Figures.grouped(statistics.uniqueTokens),
        "\(Figures.fixed(100 * Double(statistics.uniqueTokens) / Double(max(1, statistics.vocabularySize)), 1)) % of the vocabulary",
      ],
      ["unknown", Figures.grouped(statistics.unknownTokens), ""],
      ["rows", Figures.grouped(statistics.rows), card.rows == statistics.rows ? "" : "of \(Figures.grouped(card.rows)) that were read"],
      ["sequences", Figures.grouped(statistics.sequences), ""],
      [
        "tokens a byte", Figures.significant(statistics.tokensPerByte, 4),
        statistics.tokensPerByte > 0 ? "\(Figures.significant(1 / statistics.tokensPerByte, 4)) bytes a token" : "",
      ],
    ]
    if statistics.overlapTokens > 0 {
      rows.append(["twice", Figures.grouped(statistics.overlapTokens), "tokens in which windows overlap"])
    }
    return Self.columns(rows)
  }

  private var removals: String? {
    var rows = card.removed.map { [$0.filter, "\(Figures.grouped($0.rows)) rows", "\(Figures.grouped($0.tokens)) tokens"] }
    if card.emptyRows > 0 { rows.append(["empty", "\(Figures.grouped(card.emptyRows)) rows", ""]) }
    for refused in card.refused { rows.append(["refused", "\(Figures.grouped(refused.rows)) rows", refused.reason]) }
    return rows.isEmpty ? nil : "Taken away\n" + Self.columns(rows)
  }

  private var sequences: String? {
    statistics.sequenceLengths == statistics.rowLengths ? nil : lengths("Sequences, in tokens", statistics.sequenceLengths)
  }

  private func lengths(_ title: String, _ lengths: LengthDistribution) -> String? {
    guard lengths.count > 0 else { return nil }
    let percentiles = [5, 25, 50, 75, 95, 99].compactMap { percent in
      lengths.percentiles["p\(percent)"].map { "\(percent) %: \(Figures.grouped($0))" }
    }
    let figures =
      "\(Figures.grouped(lengths.min)) to \(Figures.grouped(lengths.max)), mean \(Figures.fixed(lengths.mean, 1)); \(percentiles.joined(separator: ", "))"
    return "\(title)\n  \(figures)\n"
      + bars(lengths.histogram.map { ("\(Figures.grouped($0.from)) to \(Figures.grouped($0.to - 1))", $0.count) })
  }

  private var truncation: String? {
    let rows = statistics.truncation.filter { $0.rows > 0 }.map { cut in
      [
        "at \(Figures.grouped(cut.length))",
        "\(Figures.grouped(cut.rows)) rows (\(share(cut.rows, statistics.rowLengths.count)))",
        "\(Figures.grouped(cut.tokens)) tokens (\(share(cut.tokens, statistics.rowLengths.tokens)))",
      ]
    }
    return rows.isEmpty ? nil : "What a cut would take\n" + Self.columns(rows)
  }

  private var vocabulary: String? {
    guard !statistics.topTokens.isEmpty else { return nil }
    let top = bars(statistics.topTokens.prefix(15).map { ("\($0.id) '\($0.text)'", $0.count) })
    let often = bars(
      statistics.frequencies.map { frequency in
        let times =
          frequency.to == frequency.from
          ? "\(frequency.from) times" : "\(Figures.grouped(frequency.from)) to \(Figures.grouped(frequency.to)) times"
        return (times, frequency.entries)
      })
    return "Most frequent tokens\n\(top)\n\nEntries of the vocabulary that occur\n\(often)"
  }

  private var list: String? {
    guard others.count > 1 else { return nil }
    let rows = others.map { other in
      [
        other.id + (other.id == card.id ? " (this one)" : ""), "\(other.method.rawValue), \(other.tokenizer)",
        other.maximumLength.map { "max_length \($0)" } ?? "", "\(Figures.grouped(other.tokens)) tokens", "\(other.createdAt)",
      ]
    }
    return "All tokenizations (--tokenization ID shows another)\n" + Self.columns(rows)
  }

  private func share(_ part: Int, _ whole: Int) -> String { "\(Figures.fixed(100 * Double(part) / Double(max(1, whole)), 1)) %" }

  private func bars(_ rows: [(title: String, count: Int)]) -> String {
    let titles = rows.map(\.title.count).max() ?? 0
    let counts = rows.map { Figures.grouped($0.count).count }.max() ?? 0
    let most = rows.map(\.count).max() ?? 1
    let room = max(10, min(40, width - titles - counts - 8))
    return rows.map { title, count in
      let figure = Figures.grouped(count)
      return "  \(title)\(Self.spaces(titles - title.count))  \(Self.spaces(counts - figure.count))\(figure)  "
        + Terminal.bar(Double(count) / Double(max(1, most)), width: room).replacing("·", with: "")
    }.map(Self.trimmed).joined(separator: "\n")
  }

  /// Aligned; the second column, of figures, on the right.
  private static func columns(_ rows: [[String]]) -> String {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        column == 1 ? spaces(widths[column] - cell.count) + cell : cell + spaces(widths[column] - cell.count)
      }
      return trimmed("  " + cells.joined(separator: "  "))
    }.joined(separator: "\n")
  }

  private static func trimmed(_ line: String) -> String {
    String(line.prefix(line.lastIndex { $0 != " " }.map { line.distance(from: line.startIndex, to: $0) + 1 } ?? 0))
  }

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
