import DatasetFormats
import Domain

/// One pass over a version's rows: what is empty, equal, odd, unevenly divided. Memory does not grow with the rows.
struct QualityPass {
  /// Where a row's texts are as long as this they hardly fit any model that is trained here: some 8,000 tokens.
  static let veryLongFrom = 32_768
  /// Texts whose language is guessed; of more rows every so manyeth.
  static let mostTextsGuessed = 50_000

  private(set) var quality: DatasetQuality
  private let ingest: IngestResult
  private let guess = LanguageGuess()
  private let stride: Int
  private let trainSplit: String?
  private var texts: TrainedTexts
  private var seen = SeenRows()
  private var seenTexts: SeenRows?
  private var mixed: MixedKinds
  private var classes: [ClassCount]
  private let classFields: [FieldName]
  private var lengths = LengthHistogram()
  private var languages: [String: Int] = [:]
  private var textsGuessed = 0
  private var leaks: [String: DatasetQuality.Tally] = [:]
  private var rows = 0
  private let isCorpus: Bool

  init(dataset: SafeName, version: Int, ingest: IngestResult) {
    self.ingest = ingest
    quality = DatasetQuality(dataset: dataset, version: version, rows: ingest.rows, veryLongFrom: Self.veryLongFrom)
    stride = max(1, ingest.rows / Self.mostTextsGuessed)
    trainSplit = ingest.splits.first?.name
    isCorpus = DatasetShape(ingest) == .corpus
    texts = TrainedTexts(ingest)
    let trained = Set(texts.columns)
    // Where every column is trained on, rows say the same only where they are equal.
    seenTexts = ingest.columns.allSatisfy { trained.contains($0.name) } ? nil : SeenRows()
    mixed = MixedKinds(ingest)
    classes = ingest.detected == .table ? ClassCount.candidates(ingest, trained: []) : ClassCount.candidates(ingest, trained: trained)
    classFields = classes.map(\.field)
  }

  /// - Parameter number: of the row in its split, from 1. Splits come one after another, the training split first.
  mutating func note(_ row: DatasetRow, split: String, number: Int) {
    texts.read(row)
    lengths.add(max(0, texts.text.count - 1))
    compare(row, split, number)
    if let fault = texts.fault { quality.brokenForm.note(split, number, fault) }
    var scan = TextScan()
    texts.text.withUnsafeBufferPointer { scan.scan($0) }
    if scan.isBlank { quality.empty.note(split, number) }
    // Pieces of long documents are as long as pieces are.
    if texts.text.count > Self.veryLongFrom, !isCorpus { quality.veryLong.note(split, number, Figures.bytes(texts.text.count - 1)) }
    if scan.hasReplacement { quality.replacementCharacters.note(split, number) }
    if scan.isDoubleEncoded { quality.doubleEncoded.note(split, number) }
    if let control = scan.control { quality.controlCharacters.note(split, number, TextScan.name(control)) }
    if !classFields.isEmpty {
      for (index, value) in row.values(classFields).enumerated() { if let value { classes[index].note(value) } }
    }
    mixed.note(row, split, number)
    if rows % stride == 0, !scan.isBlank {
      textsGuessed += 1
      languages[texts.text.withUnsafeBufferPointer { guess.language(of: $0) }, default: 0] += 1
    }
    rows += 1
  }

  private mutating func compare(_ row: DatasetRow, _ split: String, _ number: Int) {
    let isTrain = split == trainSplit
    let whole = seen.note(RowHash.of(row.bytes), isTrain: isTrain)
    var leaked = false
    var isEqual = false
    if case .again(let inTrain) = whole {
      if inTrain, !isTrain { leaked = true } else { isEqual = true }
      if isEqual { Self.add(seen.oneOf, to: &quality.duplicates, split, number) }
    }
    if seenTexts != nil, let sight = seenTexts?.note(texts.hash, isTrain: isTrain), case .again(let inTrain) = sight {
      if inTrain, !isTrain {
        leaked = true
      } else if !isEqual, !leaked {
        Self.add(seenTexts?.oneOf ?? 1, to: &quality.duplicateTexts, split, number)
      }
    }
    if leaked { Self.add(max(seen.oneOf, seenTexts?.oneOf ?? 1), to: &leaks[split, default: .init()], split, number) }
  }

  private static func add(_ rows: Int, to tally: inout DatasetQuality.Tally, _ split: String, _ number: Int) {
    tally.note(split, number)
    tally.rows += rows - 1
  }

  /// What the pass has found.
  func result(seconds: Double) -> DatasetQuality {
    var quality = quality
    let oneOf = max(seen.oneOf, seenTexts?.oneOf ?? 1)
    quality.comparedOneRowOf = oneOf > 1 ? oneOf : nil
    quality.wrongTypes = mixed.result
    quality.classes = ClassCount.balance(of: classes)
    quality.lengths = lengths.lengths
    quality.leaks = ingest.splits.compactMap { split in
      guard let leak = leaks[split.name] else { return nil }
      return .init(
        split: split.name, rows: leak.rows, share: (Double(leak.rows) / Double(max(1, split.rows)) * 1e4).rounded() / 1e4, first: leak.first
      )
    }
    if textsGuessed > 0 {
      quality.languages = .init(
        rowsLookedAt: textsGuessed,
        languages: languages.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
          .init(language: $0.key, rows: $0.value, share: (Double($0.value) / Double(textsGuessed) * 1e4).rounded() / 1e4)
        })
    }
    quality.seconds = (seconds * 1_000).rounded() / 1_000
    return quality
  }
}
