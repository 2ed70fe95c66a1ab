/// A row of CSV as strings, read the plain way (RFC 4180): for headers, for finding the dialect, and as the proof of the
/// fast reader.
///
/// Decided here, where the RFC is silent: a row ends at CR LF, LF or CR; a blank line is no row; a
/// quote inside a field that does not begin with one is a letter; letters behind a closing quote make the row bad.
struct CSVRecord: Equatable {
  var fields: [String]
  /// Bytes that it takes, its line end included.
  var length: Int
  var fault: Fault?

  enum Fault: Equatable {
    /// A letter stands behind a closing quote.
    case afterQuote
    /// A quote was opened and the text ends.
    case unterminated
  }

  /// A line of nothing but spaces and tabs is no row.
  var isBlank: Bool { fields.count == 1 && fault == nil && fields[0].allSatisfy { $0 == " " || $0 == "\t" } }

  /// The rows of a text, or the first `limit` of them.
  ///
  /// - Parameter isWhole: false where the text may have been cut anywhere: its last row is left out.
  static func all(in text: UnsafeBufferPointer<UInt8>, isWhole: Bool, dialect: CSVDialect, limit: Int = .max) -> [CSVRecord] {
    var rows: [CSVRecord] = []
    var rest = text[...]
    while rows.count < limit, !rest.isEmpty {
      let record = CSVRecord(rest, dialect)
      if !isWhole, record.length >= rest.count { break }
      rest = rest.dropFirst(record.length)
      if !record.isBlank { rows.append(record) }
    }
    return rows
  }

  /// The row at the start of `text`, which is not empty.
  init(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ dialect: CSVDialect) {
    var index = text.startIndex
    var field: [UInt8] = []
    fields = []
    func byte(_ at: Int) -> UInt8? { at < text.endIndex ? text[at] : nil }
    rowLoop: while true {
      field.removeAll()
      if let quote = dialect.quote, byte(index) == quote {
        index += 1
        while true {
          guard let next = byte(index) else { fault = .unterminated; break }
          index += 1
          if next == quote {
            guard byte(index) == quote else { break }
            index += 1
          }
          field.append(next)
        }
        if let next = byte(index), next != dialect.delimiter, next != 0x0A, next != 0x0D { fault = .afterQuote }
      }
      while let next = byte(index), next != dialect.delimiter, next != 0x0A, next != 0x0D {
        field.append(next)
        index += 1
      }
      fields.append(String(decoding: field, as: UTF8.self))
      guard byte(index) == dialect.delimiter, dialect.delimiter != nil else { break rowLoop }
      index += 1
    }
    if byte(index) == 0x0D {
      index += byte(index + 1) == 0x0A ? 2 : 1
    } else if byte(index) == 0x0A {
      index += 1
    }
    length = index - text.startIndex
  }
}
