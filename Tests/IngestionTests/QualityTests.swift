import Domain
import Platform
import StrictJSON
import SystemPackage
import Testing

@testable import Ingestion

struct QualityTests {
  private func survey(_ drop: Drop) throws -> DatasetQuality {
    try Survey(fileSystem: LinuxFileSystem(), preview: { _, _ in DatasetPreview(method: nil, rows: [], note: nil) })
      .survey(SurveyOrder(dataset: SafeName(from: "rows"), version: 1, folder: drop.layout.folder.string), drop.layout)
  }

  private func quality(_ rows: [String]) throws -> DatasetQuality { try survey(try Drop("rows.jsonl", rows.joined(separator: "\n"))) }

  @Test func nothing_odd_gives_no_remarks() throws {
    let quality = try quality((0..<30).map { #"{"text":"Row \#($0) says something of its own."}"# })
    #expect(quality.remarks == [])
    #expect(quality.rows == 30)
    #expect(quality.lengths?.shortest == 32 && quality.lengths?.longest == 33)
    #expect(quality.classes == nil)
  }

  @Test func empty_equal_and_long_rows_are_counted_and_the_first_named() throws {
    let long = String(repeating: "word ", count: 8_000)
    let quality = try quality([
      #"{"text":"one"}"#, #"{"text":""}"#, #"{"text":" \n\t　"}"#, #"{"text":"one"}"#, #"{"text":"two"}"#, #"{"text":"one"}"#,
      #"{"text":"\#(long)"}"#,
    ])
    #expect(quality.empty.rows == 2 && quality.empty.first.map(\.row) == [2, 3])
    #expect(quality.duplicates.rows == 2 && quality.duplicates.first.map(\.row) == [4, 6])
    #expect(quality.veryLong.rows == 1 && quality.veryLong.first == [.init(split: "train", row: 7, note: "40.0 kB")])
    #expect(
      quality.remarks
        == [
          "2 rows are empty (the first: train 2; train 3).", "2 rows are equal to one before them (the first: train 4; train 6).",
          "1 row are very long, 32.8 kB or more (the first: train 7, 40.0 kB).",
        ].map { $0.replacing("1 row are", with: "1 row is") })
  }

  @Test func rows_that_say_the_same_under_other_numbers_are_told_apart_from_equal_ones() throws {
    let quality = try quality([
      #"{"id":1,"prompt":"a","completion":"b"}"#, #"{"id":2,"prompt":"a","completion":"b"}"#, #"{"id":2,"prompt":"a","completion":"b"}"#,
      #"{"id":3,"prompt":"a","completion":"c"}"#,
    ])
    #expect(quality.duplicates.first.map(\.row) == [3])
    #expect(quality.duplicateTexts.first.map(\.row) == [2])
  }

  @Test func odd_characters_are_found_by_kind() throws {
    let quality = try quality([
      #"{"text":"a bell \u0007 rings"}"#, #"{"text":"lost \#u{FFFD} letter"}"#, #"{"text":"cafÃ© au lait"}"#, #"{"text":"itâ€™s odd"}"#,
      "{\"text\":\"turned \u{202E}round\"}", #"{"text":"tabs\tand\r\nline ends are fine, and so is café"}"#,
      "{\"text\":\"mark \u{FEFF} inside\"}",
    ])
    #expect(
      quality.controlCharacters.first == [
        .init(split: "train", row: 1, note: "U+0007"), .init(split: "train", row: 5, note: "U+202E"),
        .init(split: "train", row: 7, note: "U+FEFF"),
      ])
    #expect(quality.replacementCharacters.first.map(\.row) == [2])
    #expect(quality.doubleEncoded.first.map(\.row) == [3, 4])
  }

  @Test func values_of_the_wrong_type_are_counted_by_kind() throws {
    let quality = try quality([
      #"{"text":"a","score":1}"#, #"{"text":"b","score":2}"#, #"{"text":"c","score":"three"}"#, #"{"text":"d","score":null}"#,
    ])
    #expect(
      quality.wrongTypes == [
        .init(column: "score", kinds: ["number": 2, "string": 1], first: [.init(split: "train", row: 3, note: "string")])
      ])
    #expect(quality.remarks == ["The column 'score' holds number in 2, string in 1 (the first: train 3, string)."])
  }

  @Test func messages_that_are_none_are_named() throws {
    let good = #"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}"#
    // Every second row is looked at to tell what they are: these lie between.
    let odd = [#"{"messages":[]}"#, #"{"messages":[{"content":"x"}]}"#, #"{"messages":[{"role":"user"}]}"#, #"{"messages":"x"}"#]
    let quality = try quality((0..<240).map { $0 % 2 == 1 && $0 / 2 < odd.count ? odd[$0 / 2] : good })
    #expect(quality.brokenForm.rows == 4)
    #expect(quality.brokenForm.first.map(\.row) == [2, 4, 6, 8])
    #expect(
      quality.brokenForm.first.map(\.note) == [
        "'messages' is an empty list", "element 1 of 'messages' names no role", "element 1 of 'messages' has no content",
        "'messages' is a string, not a list of messages",
      ])
  }

  @Test func rows_of_an_evaluation_split_that_were_trained_on_are_counted() throws {
    let quality = try survey(
      try Drop(
        folder: "rows",
        [
          "train.jsonl": (0..<10).map { #"{"id":\#($0),"text":"text \#($0)"}"# }.joined(separator: "\n"),
          "test.jsonl": [
            #"{"id":77,"text":"text 3"}"#, #"{"id":5,"text":"text 5"}"#, #"{"id":78,"text":"another"}"#, #"{"id":79,"text":"more"}"#,
          ]
          .joined(separator: "\n"),
        ]))
    #expect(
      quality.leaks == [
        .init(split: "test", rows: 2, share: 0.5, first: [.init(split: "test", row: 1), .init(split: "test", row: 2)])
      ])
    #expect(quality.remarks.first == "2 rows of the split 'test' (50 %) stand in train too: its figures will flatter the model.")
    #expect(quality.duplicates.rows == 0)
  }

  @Test func classes_are_found_by_name_or_by_being_few() throws {
    let rows = (0..<60).map { #"{"text":"row \#($0)","place":"\#($0 % 3 == 0 ? "a" : "b")","number":\#($0)}"# }
    #expect(
      try quality(rows).classes
        == .init(column: "place", classes: [.init(label: "b", rows: 40), .init(label: "a", rows: 20)], count: 2, imbalance: 2))
    let named = (0..<40).map { #"{"text":"row \#($0)","label":\#($0 < 37 ? 0 : 1),"place":"x\#($0 % 2)"}"# }
    let quality = try quality(named)
    #expect(quality.classes?.column == "label" && quality.classes?.classes.map(\.rows) == [37, 3])
    #expect(quality.remarks == ["The classes of 'label' are uneven: '0' has 37 rows, '1' 3."])
  }

  @Test func languages_of_real_texts_are_told() throws {
    let quality = try survey(try Fixture.drop("datasets/xquad/questions.jsonl"))
    let mix = Dictionary(uniqueKeysWithValues: (quality.languages?.languages ?? []).map { ($0.language, $0.rows) })
    #expect(mix == ["ar": 20, "en": 20, "hi": 20, "zh": 20])
  }

  @Test(arguments: [
    ("en", "The quick brown fox jumps over the lazy dog, and nobody was there to see it."),
    ("de", "Der Hund ist nicht mit uns auf dem Weg, und das wird sich auch nach einer Woche nicht ändern."),
    ("fr", "Le chien est dans la maison et les enfants sont avec nous pour une semaine, mais ce n'est pas tout."),
    ("es", "El perro está en la casa y los niños son muy felices porque no hay más que hacer por ahora."),
    ("it", "Il cane non è nella casa e gli amici sono con me, perché questa è una storia che non si dimentica."),
    ("pt", "O cão não está em casa, mas as crianças também são felizes com isso e você não sabe por quê."),
    ("nl", "De hond is niet in het huis en de kinderen worden door een vriend naar school gebracht."),
    ("pl", "Pies nie jest w domu, a dzieci są bardzo szczęśliwe, że to się stało przez przypadek."),
    ("ru", "Собака не в доме, и дети были рады, что это так."), ("uk", "Собака не в домі, і діти були раді, що це так її вразило."),
    ("ja", "犬は家の中にいません。子供たちはとても喜んでいます。"), ("ko", "개는 집에 없고 아이들은 매우 기뻐합니다."), ("zh", "狗不在家里，孩子们都很高兴。"),
    ("ar", "الكلب ليس في البيت والأطفال سعداء جدا بذلك."), ("fa", "سگ در خانه نیست و بچه‌ها از این موضوع بسیار خوشحال هستند."),
    ("el", "Ο σκύλος δεν είναι στο σπίτι και τα παιδιά χαίρονται."), ("he", "הכלב לא בבית והילדים שמחים מאוד."),
    ("th", "สุนัขไม่อยู่ในบ้านและเด็กๆ มีความสุขมาก"),
    ("und", "12 345 67"), ("und", "ok"),
  ])
  func a_language_is_guessed(_ language: String, _ text: String) {
    #expect(Array(text.utf8).withUnsafeBufferPointer { LanguageGuess().language(of: $0) } == language)
  }

  @Test func memory_for_seen_rows_has_a_limit_and_counts_become_estimates() {
    var seen = SeenRows(mostRemembered: 1_000)
    var again = 0
    // Every number twice, spread over all hashes by a mixing step.
    for round in 0..<2 {
      for number in 0..<20_000 as Range<UInt64> {
        var hash = number &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
        if case .again = seen.note(hash, isTrain: true) { again += seen.oneOf }
      }
      if round == 0 { #expect(again == 0 && seen.oneOf >= 16) }
    }
    #expect(abs(again - 20_000) < 3_000, "\(again)")
    var exact = SeenRows(mostRemembered: 100_000)
    var found = 0
    for number in 0..<50_000 as Range<UInt64> {
      if case .again = exact.note((number % 40_000 + 1) &* 0x9E37_79B9_7F4A_7C15, isTrain: false) { found += exact.oneOf }
    }
    #expect(found == 10_000 && exact.oneOf == 1)
  }

  @Test func quantiles_are_near_the_true_ones() throws {
    var histogram = LengthHistogram()
    for length in 1...10_000 { histogram.add(length) }
    let lengths = try #require(histogram.lengths)
    #expect(lengths.shortest == 1 && lengths.longest == 10_000 && lengths.mean == 5_000.5)
    for (found, exact) in [(lengths.p50, 5_000.0), (lengths.p90, 9_000), (lengths.p99, 9_900)] {
      #expect(abs(Double(found) / exact - 1) < 0.075, "\(found)")
    }
  }
}
