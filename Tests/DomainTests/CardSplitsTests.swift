import Domain
import StrictJSON
import Testing

/// What a card says: for people, and of which file is which split.
struct CardSplitsTests {
  @Test func what_is_said_for_people() {
    let facts = DatasetCardFacts([
      "license": ["mit", "apache-2.0"], "language": "de", "tags": ["a", 7, JSONNode(.number(JSONNumber(text: "1.10"))), nil],
      "pretty_name": "Rows", "size_categories": ["n<1K"],
      "task_categories": ["text-generation"], "configs": [],
    ])
    #expect(facts?.licence == "mit, apache-2.0" && facts?.languages == ["de"] && facts?.tags == ["a", "7", "1.10"])
    #expect(facts?.prettyName == "Rows" && facts?.sizeCategories == ["n<1K"] && facts?.taskCategories == ["text-generation"])
    #expect(DatasetCardFacts(["license": "other", "license_name": "my-own"])?.licence == "other: my-own")
    #expect(DatasetCardFacts(["task_categories": ["en": ["a"], "de": ["b"]]])?.taskCategories == ["a", "b"])
    #expect(DatasetCardFacts(["configs": []]) == nil && DatasetCardFacts(nil) == nil && DatasetCardFacts("x") == nil)
    let long = DatasetCardFacts(["tags": JSONNode(.array((0..<500).map { _ in JSONNode(.string(String(repeating: "x", count: 1_000))) }))])
    #expect(long?.tags?.count == 100 && long?.tags?.first?.count == 200)
  }

  /// YAML 1.1 knows more words for true than the Hub's 1.2, which hands them on as texts.
  @Test(arguments: [("yes", true), ("On", true), ("no", false), ("true", false), ("", false)])
  func a_default_is_one_by_any_word_that_datasets_takes(_ word: String, _ isDefault: Bool) {
    let matter = DatasetCardMatter(["configs": [["config_name": "a"], ["config_name": "b", "default": JSONNode(.string(word))]]])
    #expect(matter.usual?.name == (isDefault ? "b" : nil))
  }

  private static let card: JSONNode = [
    "configs": [
      ["config_name": 2024, "data_files": "old/*"],
      [
        "config_name": "b", "sep": ";",
        "data_files": [["split": "train_prefs", "path": ["t-*", "gone-*"]], ["split": "../test", "path": "e.jsonl"]],
      ],
      ["config_name": "c", "data_dir": "deep"],
    ]
  ]

  private func splits(_ wanted: String?) throws -> CardSplits {
    try #require(try CardSplits(DatasetCardMatter(Self.card), wanted: wanted, sidecarName: "x.dataset.json"))
  }

  @Test func without_a_default_the_first_is_read_and_the_others_are_named() throws {
    var first = try splits(nil)
    #expect(first.config == "2024")
    #expect(first.place(of: ["old/a.csv"]) == .splits(["train"]))
    #expect(first.place(of: ["t-1.jsonl"]) == .outside(isOfAnother: true) && first.place(of: ["deep/a.csv"]) == .outside(isOfAnother: true))
    #expect(first.place(of: ["z.csv"]) == .outside(isOfAnother: false))
    #expect(
      first.remarks == [
        "README.md has 3 configs, and '2024' is read, the first. There are also 'b', 'c': say {\"config\": \"b\"} in x.dataset.json to read another."
      ])
  }

  @Test func a_chosen_one_says_what_is_not_followed_and_what_is_not_there() throws {
    var chosen = try splits("b")
    // Names that lead elsewhere are made safe; train_prefs is train where no other is.
    #expect(chosen.place(of: ["t-1.jsonl"]) == .splits(["train"]) && chosen.place(of: ["e.jsonl"]) == .splits(["test"]))
    #expect(
      chosen.remarks == [
        "README.md's config 'b' says 'sep', which is not followed here: look whether the rows are right, and say in x.dataset.json how they are read where not.",
        "README.md's config 'b' has 'gone-*' for the split 'train_prefs', and no file is called so.",
      ])
    var folder = try splits("c")
    #expect(folder.place(of: ["deep/test.csv"]) == .byName && folder.place(of: ["e.jsonl"]) == .outside(isOfAnother: true))
    #expect(folder.remarks.isEmpty)
    do {
      _ = try splits("xyz")
      Issue.record("'xyz' was found")
    } catch {
      #expect("\(error)" == "config: the sidecar names the config 'xyz', and README.md has none of that name. There are '2024', 'b', 'c'.")
    }
    #expect(try CardSplits(DatasetCardMatter(["license": "mit"]), wanted: "d", sidecarName: "x") == nil)
  }

  @Test func what_was_converted_is_known_by_its_name_before() throws {
    let card: JSONNode = ["configs": [["config_name": "default", "data_files": "data/train-*.parquet"]]]
    var splits = try #require(try CardSplits(DatasetCardMatter(card), wanted: nil, sidecarName: "x"))
    #expect(splits.place(of: ["data/train-0.jsonl"]) == .outside(isOfAnother: false))
    #expect(splits.place(of: ["data/train-0.jsonl", "data/train-0.parquet"]) == .splits(["train"]))
    #expect(splits.remarks.isEmpty)
  }

  @Test func patterns_that_were_made_to_harm_end_soon() {
    let hostile = PathPattern(String(repeating: "*a", count: 2_000) + "b"), deep = PathPattern(String(repeating: "**/", count: 1_000) + "x")
    let path = String(repeating: "a", count: 4_000)
    #expect(!hostile.matches(path) && !deep.matches(String(repeating: "a/", count: 2_000)))
    #expect(hostile.matches(path + "b") && deep.matches("x") && deep.matches("a/b/x"))
    #expect(!PathPattern("a/**").matches("b/c") && PathPattern("a/**").matches("a/b/c") && !PathPattern("**/a").matches("ba"))
    #expect(PathPattern("[").matches("[") && PathPattern("[]x").matches("[]x"))
    let many = DatasetCardMatter([
      "configs": [["config_name": "a", "data_files": JSONNode(.array((0..<50_000).map { JSONNode(.string("p\($0)")) }))]]
    ])
    #expect(many.configs[0].patterns?.first?.patterns.count == 10_000)
  }
}
