/// `versions/<n>/quality.json`: what is wrong, odd or worth knowing in a version's rows. Made behind the receipt, in one pass and in
/// constant memory.
package struct DatasetQuality: Codable, Sendable, Equatable {
  /// A row, numbered from 1 within its split.
  package struct Place: Codable, Sendable, Equatable {
    package var split: String
    package var row: Int
    /// What is there: the column, the length, the character.
    package var note: String?

    package init(split: String, row: Int, note: String? = nil) {
      self.split = split
      self.row = row
      self.note = note
    }
  }

  /// Rows that a check found, the first of them named.
  package struct Tally: Codable, Sendable, Equatable {
    package static let mostPlaces = 5
    package var rows = 0
    package var first: [Place] = []

    package init() {}

    package mutating func note(_ split: String, _ row: Int, _ note: @autoclosure () -> String? = nil) {
      rows += 1
      if first.count < Self.mostPlaces { first.append(Place(split: split, row: row, note: note())) }
    }
  }

  /// A column whose values are of several kinds.
  package struct MixedColumn: Codable, Sendable, Equatable {
    package var column: String
    /// Kind to rows; nulls are no kind of their own.
    package var kinds: [String: Int]
    /// The first rows of the kinds that are fewer.
    package var first: [Place]

    package init(column: String, kinds: [String: Int], first: [Place]) {
      self.column = column
      self.kinds = kinds
      self.first = first
    }
  }

  /// Rows of an evaluation split that stand in the training split too.
  package struct Leak: Codable, Sendable, Equatable {
    package var split: String
    package var rows: Int
    /// Of the split's rows.
    package var share: Double
    package var first: [Place]

    package init(split: String, rows: Int, share: Double, first: [Place]) {
      self.split = split
      self.rows = rows
      self.share = share
      self.first = first
    }
  }

  /// How often each value of a label column occurs.
  package struct ClassBalance: Codable, Sendable, Equatable {
    package struct Class: Codable, Sendable, Equatable {
      package var label: String
      package var rows: Int
      package init(label: String, rows: Int) {
        self.label = label
        self.rows = rows
      }
    }

    package var column: String
    /// The most frequent first, at most 200 of them.
    package var classes: [Class]
    package var count: Int
    /// Rows of the largest class for each row of the smallest.
    package var imbalance: Double

    package init(column: String, classes: [Class], count: Int, imbalance: Double) {
      self.column = column
      self.classes = classes
      self.count = count
      self.imbalance = imbalance
    }
  }

  /// Bytes of the rows' texts, escapes resolved.
  package struct Lengths: Codable, Sendable, Equatable {
    package var mean: Double
    package var shortest: Int
    /// To within 7 %: the pass keeps a histogram, not the lengths.
    package var p50: Int
    package var p90: Int
    package var p99: Int
    package var longest: Int

    package init(mean: Double, shortest: Int, p50: Int, p90: Int, p99: Int, longest: Int) {
      self.mean = mean
      self.shortest = shortest
      self.p50 = p50
      self.p90 = p90
      self.p99 = p99
      self.longest = longest
    }
  }

  package struct Language: Codable, Sendable, Equatable {
    /// ISO 639-1; "und" where a text is too short to tell.
    package var language: String
    package var rows: Int
    /// Of the rows that were looked at.
    package var share: Double

    package init(language: String, rows: Int, share: Double) {
      self.language = language
      self.rows = rows
      self.share = share
    }
  }

  package struct LanguageMix: Codable, Sendable, Equatable {
    /// Rows that were looked at: every one, or of very many every so manyeth.
    package var rowsLookedAt: Int
    package var languages: [Language]
    package var method = DatasetQuality.languageMethod

    enum CodingKeys: String, CodingKey {
      case languages, method
      case rowsLookedAt = "rows_looked_at"
    }

    package init(rowsLookedAt: Int, languages: [Language]) {
      self.rowsLookedAt = rowsLookedAt
      self.languages = languages
    }
  }

  package static let languageMethod = "by script, and among Latin, Cyrillic and Arabic scripts by frequent words; a guess, row by row"

  package var schema = "dropforge.quality/1"
  package var dataset: SafeName
  package var version: Int
  package var rows: Int
  /// Rows without anything but white space in the columns that are trained on.
  package var empty = Tally()
  /// Rows that are equal, byte by byte, to one before them in the same split.
  package var duplicates = Tally()
  /// Rows equal in what is trained on, though other columns differ.
  package var duplicateTexts = Tally()
  /// nil: duplicates and leaks were counted exactly. Else one row of so many was compared, and the counts are multiplied.
  package var comparedOneRowOf: Int?
  package var veryLong = Tally()
  /// Bytes from which a row counts as very long.
  package var veryLongFrom: Int
  package var wrongTypes: [MixedColumn] = []
  /// Rows whose value in a role's column has not the form that the schema needs.
  package var brokenForm = Tally()
  /// U+FFFD, which stands where bytes could not be read once.
  package var replacementCharacters = Tally()
  /// UTF-8 that was read as Windows-1252 and written as UTF-8 again: "Ã©" for "é".
  package var doubleEncoded = Tally()
  /// C0 and C1 controls but tab and line ends, byte order marks and letters that turn the direction of writing.
  package var controlCharacters = Tally()
  package var leaks: [Leak] = []
  package var classes: ClassBalance?
  package var lengths: Lengths?
  package var languages: LanguageMix?
  package var seconds = 0.0

  enum CodingKeys: String, CodingKey {
    case schema, dataset, version, rows, empty, duplicates, leaks, classes, lengths, languages, seconds
    case duplicateTexts = "duplicate_texts"
    case comparedOneRowOf = "compared_one_row_of"
    case veryLong = "very_long"
    case veryLongFrom = "very_long_from"
    case wrongTypes = "wrong_types"
    case brokenForm = "broken_form"
    case replacementCharacters = "replacement_characters"
    case doubleEncoded = "double_encoded"
    case controlCharacters = "control_characters"
  }

  package init(dataset: SafeName, version: Int, rows: Int, veryLongFrom: Int) {
    self.dataset = dataset
    self.version = version
    self.rows = rows
    self.veryLongFrom = veryLongFrom
  }
}
