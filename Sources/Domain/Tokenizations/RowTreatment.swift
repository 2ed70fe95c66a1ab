import StrictJSON

/// What is done to a dataset's rows on their way to token files: long ones cut into windows, some left out.
///
/// The same fields stand in a config's `data` section and in a request to tokenize, so that a job finds what a request has made.
package struct RowTreatment: Section, Codable, Hashable {
  /// Tokens that a window shares with the one before it.
  package var stride = 0
  /// nil: as the method has it (pretrain joins rows, sft cuts them); false: long rows become windows; true: they are cut.
  package var truncate: Bool?
  /// Of a row's own text, without the end of text.
  package var minimumTokens = 0
  package var filtersSpecialTokens = false
  package var stopWords: [StopWordList] = []
  package var ownStopWords: [String] = []
  package var duplicates = DuplicatePolicy.keep
  /// From which share of common runs of words on two rows are near duplicates, 0 to 1.
  package var similarity = 0.8

  package init() {}

  enum CodingKeys: String, CodingKey {
    case stride, truncate, duplicates
    case minimumTokens = "min_tokens"
    case filtersSpecialTokens = "filter_special_tokens"
    case stopWords = "stop_words"
    case ownStopWords = "stop_word_list"
    case similarity = "near_similarity"
  }

  /// Whether rows that are too long become windows.
  package var makesWindows: Bool { truncate == false || (truncate == nil && stride > 0) }
  package var removesStopWords: Bool { !stopWords.isEmpty || !ownStopWords.isEmpty }
  /// Whether rows reach the token files as they are.
  package var changesNothing: Bool { self == RowTreatment() }

  /// What is not left to its default, for people: "stop_words english, min_tokens 5".
  package var title: String {
    let usual = RowTreatment()
    return Self.fields.compactMap { field in
      let node = field.get(self)
      guard node != field.get(usual) else { return nil }
      return "\(field.key) \((node.array ?? [node]).map { $0.string ?? $0.text() }.joined(separator: " "))"
    }.joined(separator: ", ")
  }

  package static let fields: [Field<RowTreatment>] = {
    [
      Field(
        "stride", \.stride, aliases: ["overlap"], limit: .atLeast(0),
        "Tokens by which a window overlaps the one before it; less than max_length. Rows longer than max_length become windows then. Default: 0."
      ),
      Field(
        "truncate", \.truncate, aliases: ["truncation"],
        "What becomes of a row longer than max_length. false: windows, so that nothing is lost. true: its end is cut off, and counted. Default: windows where stride says so, else as the method has it."
      ),
      Field(
        "min_tokens", \.minimumTokens, aliases: ["min_length", "min_token_length"], limit: .within(0...10_000),
        "Rows with fewer tokens are left out; the end of text does not count. Default: 0."),
      Field(
        "filter_special_tokens", \.filtersSpecialTokens, aliases: ["skip_special_tokens"],
        "Whether special tokens that stand in the rows' own text are taken out; the end of text behind each row stays. Default: false."),
      Field(
        "stop_words", \.stopWords,
        "Languages whose stop words are taken out of the text, with the white space before them: [\"english\"]. Default: none."),
      Field(
        "stop_word_list", \.ownStopWords, "Words of your own that are taken out as stop words are, whatever their case. Default: none."),
      Field(
        "duplicates", \.duplicates, aliases: ["deduplicate", "dedup"],
        "Rows that were there before are left out: exact (the same text), normalized (but for case, punctuation and white space), near (most runs of five words in common). Default: keep."
      ),
      Field(
        "near_similarity", \.similarity, limit: .within(0.5...1),
        "For near: from which share of common runs of words on two rows are duplicates. Default: 0.8."),
    ]
  }()

  /// What cannot be, with the field it is about; nil where all fits.
  ///
  /// - Parameter length: the longest sequence; nil: there is none.
  package func problem(length: Int?, method: TrainingMethod) -> (field: String, message: String)? {
    if changesNothing { return nil }
    if method != .pretrain, method != .sft {
      let first = object.members.first { member in Self.fields.first { $0.key == member.key }?.get(RowTreatment()) != member.node }
      return (
        first?.key ?? "stride", "rows are treated for pretrain and sft only; \(method.rawValue) takes its rows whole. Remove the field"
      )
    }
    if stride > 0, truncate == true {
      return ("stride", "with truncate nothing is left for a window to overlap with; remove one of the two")
    }
    guard let length else {
      return stride > 0 || truncate != nil
        ? (stride > 0 ? "stride" : "truncate", "says what becomes of rows longer than max_length, which is missing") : nil
    }
    if stride >= length {
      return ("stride", "\(stride) must be less than max_length \(length): each window has to go on behind the one before it")
    }
    return nil
  }
}
