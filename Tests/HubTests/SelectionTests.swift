import Domain
import HubMock
import StrictJSON
import TestSupport
import Testing

@testable import Hub

/// Which files a wish means.
struct SelectionTests {
  private let client = HubClient(
    HubSurroundings(variables: ["HF_ENDPOINT": "https://hub"]), token: nil, source: .init(kind: .dataset, repository: "a/b"),
    isStopped: { false })

  private func choose(_ paths: [String], card: JSONNode? = nil, size: Int = 100, _ change: (inout DownloadWish) -> Void = { _ in }) throws
    -> DatasetSelection.Chosen
  {
    var wish = DownloadWish(name: SafeName(from: "b"), source: .init(kind: .dataset, repository: "a/b"))
    change(&wish)
    let files = paths.map { HubFile(path: $0, size: size, hash: String(repeating: "0", count: 64)) }
    return try DatasetSelection(wish: wish, files: files, card: DatasetCardMatter(card), client: client).choose()
  }

  private func refusal(_ paths: [String], card: JSONNode? = nil, _ change: (inout DownloadWish) -> Void) -> String? {
    do {
      _ = try choose(paths, card: card, change)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func splits(_ chosen: DatasetSelection.Chosen) -> [String: [String]] {
    Dictionary(grouping: chosen.files, by: { $0.split ?? "" }).mapValues { $0.map(\.path) }
  }

  @Test func without_a_word_names_tell_the_splits() throws {
    #expect(
      splits(try choose(["train.csv", "test.csv", "README.md", ".gitattributes", "LICENSE.txt", "dataset_infos.json", "load.py"]))
        == ["train": ["train.csv"], "test": ["test.csv"]])
    #expect(splits(try choose(["rows.jsonl", "more/rows.jsonl.gz"])) == ["train": ["more/rows.jsonl.gz", "rows.jsonl"]])
    // Shards in data/ may be of any split, and decide for all.
    #expect(
      splits(try choose(["data/science-00000-of-00002.jsonl", "data/science-00001-of-00002.jsonl", "extra.jsonl"]))
        == ["science": ["data/science-00000-of-00002.jsonl", "data/science-00001-of-00002.jsonl"]])
    #expect(splits(try choose(["dev/a.csv", "training/a.csv", "evaluation/a.csv"])).keys.sorted() == ["test", "train", "validation"])
    #expect(splits(try choose(["contest.csv", "trainer.csv"])) == ["train": ["contest.csv", "trainer.csv"]])
  }

  private static let card: JSONNode = [
    "license": "odc-by",
    "configs": [
      ["config_name": "small", "data_files": [["split": "train", "path": "small/*.jsonl"]]],
      [
        "config_name": "default",
        "data_files": [["split": "train", "path": ["main/t-*", "more/**"]], ["split": "test", "path": "main/e.jsonl"]],
      ],
      ["config_name": "folder", "data_dir": "third"], ["config_name": "plain", "data_files": "small/a.jsonl"],
    ],
    "dataset_info": [
      ["config_name": "default", "splits": [["name": "train", "num_examples": 1000], ["name": "test", "num_examples": 10]]]
    ],
  ]
  private static let paths = [
    "main/e.jsonl", "main/t-0.jsonl", "main/t-1.jsonl", "main/t-2.jsonl", "main/t-3.jsonl", "more/x/y.jsonl", "small/a.jsonl",
    "small/b.jsonl", "third/test.csv", "third/train.csv",
  ]

  @Test func the_card_wins() throws {
    let usual = try choose(Self.paths, card: Self.card)
    #expect(usual.config == "default")
    #expect(splits(usual)["train"]?.count == 5)
    #expect(splits(usual)["test"] == ["main/e.jsonl"])
    #expect(splits(try choose(Self.paths, card: Self.card) { $0.config = "small" }) == ["train": ["small/a.jsonl", "small/b.jsonl"]])
    #expect(splits(try choose(Self.paths, card: Self.card) { $0.config = "plain" }) == ["train": ["small/a.jsonl"]])
    #expect(
      splits(try choose(Self.paths, card: Self.card) { $0.config = "folder" }) == [
        "train": ["third/train.csv"], "test": ["third/test.csv"],
      ])
    #expect(splits(try choose(Self.paths, card: Self.card) { $0.split = "test" }) == ["test": ["main/e.jsonl"]])
    #expect(splits(try choose(Self.paths, card: Self.card) { $0.split = "all" }).count == 2)
    #expect(
      splits(try choose(Self.paths, card: Self.card) { $0.files = ["small/b*", "third"] })
        == ["train": ["third/train.csv"], "test": ["third/test.csv"]])
  }

  @Test func a_pattern_that_means_nothing_is_told() throws {
    let files: JSONNode = [["split": "train", "path": ["a*", "gone-*"]], ["split": "test", "path": "b*"]]
    let card: JSONNode = ["configs": [["config_name": "default", "data_files": files]]]
    #expect(
      try choose(["a.csv", "b.csv"], card: card).remarks == [
        "README.md's config 'default' has 'gone-*' for the split 'train', and no file is called so."
      ])
    #expect(try choose(["a.csv", "b.csv"], card: card) { $0.split = "test" }.remarks.isEmpty)
    #expect(try choose(["a.csv", "b.csv"], card: card) { $0.files = ["a.csv"] }.remarks.isEmpty)
  }

  @Test func as_much_as_is_wanted() throws {
    // 1,000 rows in five files: 350 rows are in two of them.
    let rows = try choose(Self.paths, card: Self.card) { ($0.maximumRows, $0.split) = (350, "train") }
    #expect(rows.files.map(\.path) == ["main/t-0.jsonl", "main/t-1.jsonl"])
    #expect(rows.remarks == ["Of the split 'train' 2 of 5 files are taken: they hold the 350 rows that are wanted."])
    let bytes = try choose(Self.paths, card: Self.card) { $0.maximumBytes = 350 }
    #expect(splits(bytes) == ["train": ["main/t-0.jsonl", "main/t-1.jsonl"], "test": ["main/e.jsonl"]])
    #expect(bytes.remarks == ["3 of 6 files are taken, 300 bytes: more would exceed \"max_bytes\", 350."])
    #expect(
      refusal(Self.paths, card: Self.card) { $0.maximumBytes = 50 }
        == "main/t-0.jsonl, max_bytes: not even the first file of hf:a/b fits into 50 bytes. It has 100. Raise \"max_bytes\", or name smaller files with \"files\"."
    )
  }

  @Test func what_is_not_there_is_told_with_what_is() {
    #expect(
      refusal(Self.paths, card: Self.card) { $0.config = "smal" }
        == "config: hf:a/b has no config 'smal'. It has: small, default, folder, plain. Did you mean \"small\"?")
    #expect(
      refusal(Self.paths, card: Self.card) { $0.split = "tests" }
        == "split: hf:a/b has no split 'tests'. It has test, train; several are joined by +, and \"all\" is every one. Did you mean \"test\"?"
    )
    #expect(
      refusal(["english/x.csv", "german/x.csv"]) { $0.config = "xyz" }
        == "config: hf:a/b has no config 'xyz'. It has: default, english, german.")
    #expect(
      refusal(["rows.csv"]) { $0.files = ["data/*"] }
        == "files: hf:a/b has no file that 'data/*' means. Look at its files at https://hub/datasets/a/b/tree/main; there are rows.csv.")
    #expect(
      refusal(["README.md", "script.py"]) { _ in }
        == "hf:a/b has no file that holds rows. Files are looked for that end in \(DatasetFormat.readableEndings), or .parquet. Look at its files at https://hub/datasets/a/b/tree/main, and name some with \"files\"."
    )
    let several: JSONNode = ["configs": [["config_name": "en", "data_files": "en/*"], ["config_name": "de", "data_files": "de/*"]]]
    #expect(
      refusal(["en/a.csv", "de/a.csv"], card: several) { _ in }
        == "config: hf:a/b has several configs, and none of them is the usual one. It has en, de. Say which is meant, as \"config\": \"en\"."
    )
  }

  @Test func splits_of_other_names_are_called_as_jobs_look_for_them() throws {
    let paths = ["train_prefs", "test_prefs", "train_sft"].map { "data/\($0)-00000-of-00001.jsonl" }
    #expect(splits(try choose(paths) { $0.split = "train_prefs+test_prefs" }).keys.sorted() == ["test", "train"])
    #expect(splits(try choose(paths)).keys.sorted() == ["test", "train_prefs", "train_sft"])
  }

  @Test func of_a_model_what_can_be_used_here_is_taken() throws {
    let paths = [
      "config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json", "README.md", "onnx/model.onnx", "tf_model.h5",
      "merges.txt",
      ".gitattributes",
    ]
    let files = paths.map { HubFile(path: $0, size: 10, hash: String(repeating: "0", count: 64)) }
    let wish = DownloadWish(name: SafeName(from: "m"), source: .init(kind: .model, repository: "a/m"))
    #expect(
      try ModelSelection(wish: wish, files: files, client: client).choose().map(\.path)
        == ["README.md", "config.json", "merges.txt", "model.safetensors", "tokenizer.json"])
    #expect(throws: Problem.self) {
      try ModelSelection(wish: wish, files: files.filter { !$0.path.hasSuffix("safetensors") }, client: client).choose()
    }
  }
}
