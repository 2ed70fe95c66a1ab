/// Pieces of a page that opens from disk: no scripts, nothing fetched.
enum HTML {
  /// Text as the content of an element or an attribute; what would steer the layout of a line is written out.
  static func text(_ raw: String) -> String {
    var text = ""
    for scalar in raw.unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "\n", "\t": text.unicodeScalars.append(scalar)
      case "\u{00}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{202A}"..<"\u{202F}", "\u{2066}"..<"\u{206A}":
        text += "<i class=\"odd\">U+\(String(scalar.value, radix: 16, uppercase: true))</i>"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  static func table(_ titles: [String], _ rows: [[String]], numbers: Set<Int> = []) -> String {
    func cells(_ values: [String], _ tag: String) -> String {
      values.enumerated().map { index, value in
        "<\(tag)\(numbers.contains(index) ? " class=\"n\"" : "")>\(value)</\(tag)>"
      }.joined()
    }
    return "<table><thead><tr>\(cells(titles, "th"))</tr></thead><tbody>\n"
      + rows.map { "<tr>\(cells($0, "td"))</tr>\n" }.joined() + "</tbody></table>\n"
  }

  /// A bar of a share, 0 to 1.
  static func bar(_ share: Double) -> String {
    "<span class=\"bar\"><span style=\"width:\(Int((min(max(share, 0), 1) * 100).rounded()))%\"></span></span>"
  }

  static func page(title: String, body: String) -> String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(text(title))</title>
    <style>
    :root{color-scheme:light dark;--line:#8884;--soft:#8882;--mark:#2a78d6;--warn:#b45309}
    body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
    h1{margin:0 0 .3rem;font-size:1.7rem}h2{margin:2rem 0 .6rem;font-size:1.15rem;border-bottom:1px solid var(--line)}
    .lead{color:GrayText;margin:0 0 1rem}.tag{background:var(--soft);border-radius:1rem;padding:.1rem .6rem;margin-right:.3rem}
    table{border-collapse:collapse;margin:.3rem 0 1rem;max-width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0}
    thead th{border-bottom:1px solid var(--line);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
    .figures{display:flex;flex-wrap:wrap;gap:1.6rem;margin:1rem 0}.figures b{display:block;font-size:1.35rem}
    .bar{display:inline-block;width:9rem;height:.7rem;background:var(--soft);border-radius:.2rem}
    .bar span{display:block;height:100%;background:var(--mark);border-radius:.2rem}
    ul.remarks{padding-left:1.2rem}ul.remarks li{color:var(--warn)}.good{color:#15803d}
    .row{border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem;margin:.6rem 0;overflow-wrap:anywhere}
    .row>b{color:GrayText;font-weight:500}.cell{white-space:pre-wrap;max-height:16rem;overflow:auto}
    .trained{background:#2a78d633}.piece{white-space:pre-wrap}.odd{color:var(--warn)}code{background:var(--soft);padding:0 .3em;border-radius:.2em}
    </style></head><body>
    \(body)
    </body></html>

    """
  }
}
