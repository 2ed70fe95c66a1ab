import Domain
import StrictJSON

/// `report.html`: a dataset for people. What it holds, what the trainer will see of it, what is odd, and some rows.
struct DatasetPage {
  private let card: DatasetCard
  private let quality: DatasetQuality
  private let samples: JSONNode?

  init(_ facts: DatasetFacts) {
    card = facts.card
    quality = facts.quality
    samples = facts.samples.flatMap { try? JSONParser.parse($0, repeatedKeys: .keepLast) }  // a page that was damaged shows no rows
  }

  var text: String {
    HTML.page(
      title: "\(card.name) – dataset",
      body: [head, remarks, preview, columns, classes, languages, lengths, rows, files, versions].filter { !$0.isEmpty }.joined(
        separator: "\n"))
  }

  private var head: String {
    let shape = card.shape?.title ?? card.detected.rawValue
    let tags = (card.tags ?? []).map { "<span class=\"tag\">\(HTML.text($0))</span>" }.joined()
    let description = card.description.map { $0.isEmpty ? "" : "<p>\(HTML.text($0))</p>" } ?? ""
    let figures: [(String, String)] =
      [("rows", Figures.grouped(card.rows))] + card.splits.filter { _ in card.splits.count > 1 }.map { ($0.name, Figures.grouped($0.rows)) }
      + [("of text", Figures.bytes(card.splits.reduce(0) { $0 + $1.bytes })), ("version", "\(card.version)")]
      + (card.badRows > 0 ? [("bad rows left out", Figures.grouped(card.badRows))] : [])
    return """
      <h1>\(HTML.text(card.name.text))</h1>
      <p class="lead">\(HTML.text(shape))\(card.licence.map { " · license \(HTML.text($0))" } ?? "")</p>
      \(description)<p>\(tags)</p>
      <div class="figures">\(figures.map { "<div><b>\($0.1)</b>\(HTML.text($0.0))</div>" }.joined())</div>
      """
  }

  private var remarks: String {
    let said = quality.remarks + card.warnings
    let list =
      said.isEmpty
      ? "<p class=\"good\">Nothing odd was found in \(Figures.grouped(quality.rows)) rows.</p>"
      : "<ul class=\"remarks\">\(said.map { "<li>\(HTML.text($0))</li>" }.joined(separator: "\n"))</ul>"
    let estimate =
      quality.comparedOneRowOf.map {
        "<p class=\"lead\">Of so many rows one of \($0) was compared with others; those counts are estimates.</p>"
      } ?? ""
    return "<h2>What to know</h2>\n\(list)\(estimate)"
  }

  private var preview: String {
    guard let preview = card.preview, let method = preview.method else {
      return "<h2>What the trainer sees</h2><p>Nothing yet: a sidecar has to say which column means what.</p>"
    }
    let rows = preview.rows.map { row in
      let sequences = row.sequences.map { pieces in
        "<div class=\"piece\">"
          + pieces.map { "<span\($0.isTrained ? " class=\"trained\"" : "")>\(HTML.text($0.text))</span>" }.joined() + "</div>"
      }
      return
        "<div class=\"row\"><b>row \(row.row)</b>\(sequences.isEmpty ? " nothing to train on" : sequences.joined(separator: "<hr>"))</div>"
    }
    let note = preview.note.map { "<p class=\"lead\">\(HTML.text($0))</p>" } ?? ""
    return """
      <h2>What the trainer sees</h2>
      <p class="lead">With the method <code>\(method.rawValue)</code>. <span class="trained">What is marked is learned</span>, the rest is read.</p>
      \(note)\(rows.joined(separator: "\n"))
      """
  }

  private var columns: String {
    let roles = Dictionary(card.mapping.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
    let rows = card.columns.prefix(100).map { column in
      let own = (card.detected.requiredColumns + card.detected.optionalColumns).contains(column.name) ? column.name : ""
      return [
        "<code>\(HTML.text(column.name))</code>", column.kinds.map(\.rawValue).joined(separator: ", "), Figures.grouped(column.rows),
        HTML.text(roles[column.name] ?? own),
      ]
    }
    let convert =
      card.conversions.map {
        $0.isEmpty ? "" : "<p>Can be converted to \($0.map { "<code>\($0.rawValue)</code>" }.joined(separator: ", ")).</p>"
      } ?? ""
    return "<h2>Columns</h2>\n" + HTML.table(["column", "values", "rows with one", "role"], rows, numbers: [2]) + convert
  }

  private var classes: String {
    guard let classes = quality.classes, let largest = classes.classes.first?.rows else { return "" }
    let rows = classes.classes.prefix(30).map {
      [HTML.text($0.label), Figures.grouped($0.rows), HTML.bar(Double($0.rows) / Double(max(largest, 1)))]
    }
    let more = classes.count > 30 ? "<p class=\"lead\">and \(classes.count - 30) more; all stand in quality.json.</p>" : ""
    return
      "<h2>Classes of <code>\(HTML.text(classes.column))</code></h2>\n<p>\(classes.count) classes; the largest has \(Figures.general(classes.imbalance)) times the rows of the smallest.</p>"
      + HTML.table(["class", "rows", ""], rows, numbers: [1]) + more
  }

  private var languages: String {
    guard let mix = quality.languages, !mix.languages.isEmpty else { return "" }
    let rows = mix.languages.prefix(12).map {
      [HTML.text($0.language), Figures.grouped($0.rows), "\(Figures.fixed(100 * $0.share, 1)) %", HTML.bar($0.share)]
    }
    return
      "<h2>Languages</h2>\n<p class=\"lead\">Guessed \(HTML.text(mix.method)); \(Figures.grouped(mix.rowsLookedAt)) rows looked at.</p>"
      + HTML.table(["language", "rows", "share", ""], rows, numbers: [1, 2])
  }

  private var lengths: String {
    guard let lengths = quality.lengths else { return "" }
    let figures = [lengths.shortest, Int(lengths.mean.rounded()), lengths.p50, lengths.p90, lengths.p99, lengths.longest]
    return "<h2>Lengths</h2>\n"
      + HTML.table(
        ["bytes of text a row", "shortest", "mean", "half below", "90 % below", "99 % below", "longest"],
        [[""] + figures.map(Figures.grouped)], numbers: Set(1...6))
  }

  private var rows: String {
    guard let items = samples?["items"]?.array, !items.isEmpty else { return "" }
    let shown = items.prefix(10).map { item in
      let cells = (item["data"]?.object?.members ?? []).map { member in
        "<div><b>\(HTML.text(member.key))</b><div class=\"cell\">\(HTML.text(Self.cell(member.node)))</div></div>"
      }
      let begins = item["begins"]?.string.map { "<div class=\"cell\">\(HTML.text($0))…</div>" } ?? ""
      return "<div class=\"row\"><b>row \(Figures.grouped(item["row"]?.int ?? 0))</b>\(cells.joined())\(begins)</div>"
    }
    return
      "<h2>Rows</h2>\n\(shown.joined(separator: "\n"))\n<p class=\"lead\">More: <code>dropforge samples \(HTML.text(card.name.text)) --page 2</code></p>"
  }

  private static let cellLength = 3_000

  private static func cell(_ node: JSONNode) -> String {
    let text = node.string ?? node.text(.pretty)
    return text.count > cellLength ? text.prefix(cellLength) + "…" : text
  }

  private var files: String {
    let rows = card.files.prefix(50).map {
      [HTML.text($0.name), $0.format.title, Figures.bytes($0.bytes), Figures.grouped($0.rows), HTML.text($0.split), HTML.text($0.encoding)]
    }
    return "<h2>Files</h2>\n" + HTML.table(["file", "format", "size", "rows", "split", "encoding"], rows, numbers: [2, 3])
  }

  private var versions: String {
    let rows = card.versions.reversed().prefix(50).map {
      [
        "\($0.version)", HTML.text("\($0.createdAt)"), HTML.text($0.fileName), Figures.grouped($0.rows),
        "<code>\($0.sha256.prefix(12))</code>",
      ]
    }
    return "<h2>Versions</h2>\n" + HTML.table(["version", "came", "from", "rows", "sha256"], rows, numbers: [0, 3])
  }
}
