import Domain

/// How a CSV is written: what stands between fields, what around them, and whether the first row names the columns.
struct CSVDialect: Equatable, Sendable {
  /// nil: the file has one column, and each line is a value.
  var delimiter: UInt8?
  /// nil: no character stands around fields.
  var quote: UInt8?
  var hasHeader = true

  /// `delimiter ';', header in row 1`.
  var title: String {
    let between =
      switch delimiter {
      case nil: "one column"
      case UInt8(ascii: "\t"): "delimiter tab"
      case let byte?: "delimiter '\(UnicodeScalar(byte))'"
      }
    let around =
      switch quote {
      case UInt8(ascii: "\""): ""
      case nil: ", no quotes"
      case let byte?: ", quote \(UnicodeScalar(byte))"
      }
    return "\(between)\(around), \(hasHeader ? "header in row 1" : "no header")"
  }

  static let candidates = [",", "\t", ";", "|"].map { (text: StaticString) in text.utf8Start[0] }

  /// Rows that are looked at.
  static let sampleRows = 200
}

/// The rules by which a dialect is found. They are told to users in docs/formats.md; a sidecar overrides each.
extension CSVDialect {
  /// - Parameters:
  ///   - sample: the file's first bytes.
  ///   - isWhole: true where nothing follows them; else the last row of the sample is not looked at.
  init(of sample: UnsafeBufferPointer<UInt8>, isWhole: Bool, settings: FormatSettings) throws(Problem) {
    quote = try Self.character(settings.quote, "quote", ifNone: UInt8(ascii: "\""))
    if let told = try Self.character(settings.delimiter, "delimiter", ifNone: nil) {
      delimiter = told
    } else {
      let named = settings.format == .tsv ? UInt8(ascii: "\t") : nil
      delimiter = Self.delimiter(of: sample, isWhole: isWhole, quote: quote, named: named)
    }
    guard delimiter == nil || delimiter != quote else {
      throw Problem(
        "sidecar.csv", "the sidecar's delimiter and quote are the same character", at: .init(field: "delimiter"),
        mend: "Give each a character of its own, or leave them out: they are found by looking.")
    }
    if let told = settings.header {
      hasHeader = told
    } else {
      let rows = CSVRecord.all(in: sample, isWhole: isWhole, dialect: self, limit: 2)
      hasHeader = rows.first.map { Self.looksLikeHeader($0.fields) } ?? true
    }
  }

  private static func character(_ told: String?, _ field: String, ifNone: UInt8?) throws(Problem) -> UInt8? {
    guard let told else { return ifNone }
    if told.isEmpty, field == "quote" { return nil }
    if told.lowercased() == "tab" || told == "\\t" { return UInt8(ascii: "\t") }
    guard told.utf8.count == 1, let byte = told.utf8.first, byte < 0x80, byte != 0x0A, byte != 0x0D else {
      throw Problem(
        "sidecar.csv", "the sidecar's \(field) is \"\(told)\", which is not one ASCII character", at: .init(field: field),
        mend: "Write one character, such as \",\" or \";\" (for a tab: \"tab\"), or leave it out: it is found by looking.")
    }
    return byte
  }

  /// The candidate that parts the most rows into the same number of fields, two or more. At a tie: more fields, then the
  /// order of `candidates`. In a `.tsv` the tab wins wherever it occurs in the first row. Where no candidate gives nine
  /// rows of ten the same number and none occurs in the first row, the file has one column.
  private static func delimiter(of sample: UnsafeBufferPointer<UInt8>, isWhole: Bool, quote: UInt8?, named: UInt8?) -> UInt8? {
    var best: (byte: UInt8, share: Double, fields: Int)?
    var occursInFirst = false
    for byte in candidates {
      let rows = CSVRecord.all(in: sample, isWhole: isWhole, dialect: CSVDialect(delimiter: byte, quote: quote), limit: sampleRows)
      guard let first = rows.first else { return named ?? candidates[0] }
      if first.fields.count > 1 {
        if byte == named { return byte }
        occursInFirst = true
      }
      let counts = Dictionary(grouping: rows, by: \.fields.count).mapValues(\.count).filter { $0.key > 1 }
      guard let mode = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { continue }
      let share = Double(mode.value) / Double(rows.count)
      if let known = best, (known.share, known.fields) >= (share, mode.key) { continue }
      best = (byte, share, mode.key)
    }
    guard let best, occursInFirst || best.share >= 0.9 else { return nil }
    return best.byte
  }

  /// The first row is the header unless it looks like data: a field that is a number, is longer than 64 letters, spans
  /// lines or ends a sentence, or half of the fields or more empty. A field named like a known role settles it.
  static func looksLikeHeader(_ fields: [String]) -> Bool {
    let names = fields.map { String($0.trimmedOfSpace) }
    if names.contains(where: { ColumnName.known.contains($0.lowercased()) }) { return true }
    if names.count(where: \.isEmpty) * 2 >= names.count { return false }
    return !names.contains { name in
      Double(name) != nil || name.count > 64 || name.contains(where: \.isNewline) || ".!?".contains(name.last ?? " ")
    }
  }
}
