import Domain
import StrictJSON

/// A dataset's card for a terminal.
struct DatasetText {
  let card: DatasetCard
  let version: Int
  let result: IngestResult
  let quality: DatasetQuality?
  let preview: DatasetPreview?

  /// The card, with what is known of the version that is shown.
  var json: JSONNode {
    get throws {
      var object = try JSONParser.parse(PublishedJSON.bytes(of: card)).object ?? JSONObject()
      object["shown_version"] = version.node
      if version != card.version { object["shown"] = try JSONParser.parse(PublishedJSON.bytes(of: result)) }
      object["quality"] = try quality.map { try JSONParser.parse(PublishedJSON.bytes(of: $0)) }
      object["preview"] = try preview.map { try JSONParser.parse(PublishedJSON.bytes(of: $0)) }
      return JSONNode(.object(object))
    }
  }

  var text: String {
    let shape = DatasetShape(result)
    var lines = ["\(card.name), version \(version) of \(card.version): \(Figures.grouped(result.rows)) rows, \(shape.title)"]
    if let description = card.description, !description.isEmpty { lines.append(description) }
    if let tags = card.tags, !tags.isEmpty { lines.append("tags: \(tags.joined(separator: ", "))") }
    if let licence = card.licence, !licence.isEmpty { lines.append("license: \(licence)") }
    if let facts = card.cardFacts { lines += Self.lines(of: facts) }
    if let origin = card.origin {
      lines.append("from: \(origin.title)")
    } else if let config = card.config {
      lines.append("config: \(config)")
    }
    if !card.aliases.isEmpty { lines.append("also called: \(card.aliases.map(\.text).joined(separator: ", "))") }
    lines.append("splits: " + result.splits.map { "\($0.name) \(Figures.grouped($0.rows))" }.joined(separator: ", "))
    lines += ["", columns]
    if !shape.conversions.isEmpty { lines.append("can be converted to \(shape.conversions.map(\.rawValue).joined(separator: ", "))") }
    let remarks = (quality?.remarks ?? []) + result.warnings
    if !remarks.isEmpty { lines += [""] + remarks.map { "! \($0)" } }
    lines += findings
    lines += shown
    return lines.joined(separator: "\n")
  }

  private static func lines(of facts: DatasetCardFacts) -> [String] {
    let lists = [("language", facts.languages), ("tasks", facts.taskCategories), ("size", facts.sizeCategories)]
    return [facts.prettyName.map { "its card calls it: \(shown($0[...]))" }].compactMap(\.self)
      + lists.compactMap { name, list in list.map { "\(name): \(shown($0.joined(separator: ", ")[...]))" } }
  }

  private var columns: String {
    let roles = Dictionary(result.mapping.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
    let own = Set(result.detected.requiredColumns + result.detected.optionalColumns)
    return Terminal.table(
      ["COLUMN", "VALUES", "ROWS", "ROLE"],
      result.columns.prefix(40).map { column in
        [
          column.name, column.kinds.map(\.rawValue).joined(separator: " "), Figures.grouped(column.rows),
          roles[column.name] ?? (own.contains(column.name) ? column.name : ""),
        ]
      })
  }

  private var findings: [String] {
    guard let quality else { return ["", "not looked through yet: quality, samples and preview come behind the receipt"] }
    var lines: [String] = [""]
    if quality.remarks.isEmpty { lines.append("nothing odd was found") }
    if let lengths = quality.lengths {
      lines.append(
        "text a row: \(Figures.grouped(lengths.shortest)) to \(Figures.grouped(lengths.longest)) bytes, half below \(Figures.grouped(lengths.p50)), 99 % below \(Figures.grouped(lengths.p99))"
      )
    }
    if let mix = quality.languages {
      lines.append(
        "languages, guessed: "
          + mix.languages.prefix(6).map { "\($0.language) \(Figures.fixed(100 * $0.share, 1)) %" }.joined(separator: ", "))
    }
    if let classes = quality.classes {
      lines.append("classes of '\(classes.column)': \(classes.count), the largest \(Figures.general(classes.imbalance)) times the smallest")
    }
    return lines
  }

  private var shown: [String] {
    guard let preview, let method = preview.method, let row = preview.rows.first else { return [] }
    var lines = ["", "what \(method.rawValue) sees of row \(row.row) (what is learned stands behind |):"]
    for sequence in row.sequences {
      for piece in sequence {
        lines += piece.text.split(separator: "\n", omittingEmptySubsequences: false).prefix(12).map {
          "\(piece.isTrained ? "  | " : "    ")\(Self.shown($0))"
        }
      }
      lines.append("    ---")
    }
    if row.sequences.isEmpty { lines.append("    nothing") } else { lines.removeLast() }
    return lines + [preview.note].compactMap(\.self)
  }

  private static func shown(_ text: Substring) -> String {
    let clean = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? " " : $0 }))
    return clean.count > 160 ? clean.prefix(160) + "…" : clean
  }
}
