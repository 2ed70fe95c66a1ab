import Domain
import HubMock
import StrictJSON
import TestSupport
import Testing

@testable import Hub

/// Where files are put: whoever reads the folder afterwards tells by their paths which split each is, and must tell it as the plan does.
struct PlacesTests {
  /// Paths that came, with the split that their reader takes them for.
  private func places(_ paths: [String], config: [(split: String, path: String)] = [], split: String? = nil) throws -> [String: String] {
    var files: [String: MockRepository.File] = [:]
    for (number, path) in paths.enumerated() { files[path] = .init(Content.rows(number + 1)) }
    let patterns = config.map { JSONNode(.object(["split": JSONNode(.string($0.split)), "path": JSONNode(.string($0.path))])) }
    let card: JSONNode = ["configs": [["config_name": "default", "data_files": JSONNode(.array(patterns))]]]
    let bringing = try Bringing([MockRepository(.dataset, "someone/rows", card: config.isEmpty ? nil : card, files: files)])
    bringing.wish.split = split
    try bringing.run()
    return Dictionary(uniqueKeysWithValues: try bringing.brought().keys.map { ($0, SplitInference.split(ofDropped: $0)) })
  }

  @Test func a_split_of_another_name_that_is_called_train_is_read_as_train() throws {
    #expect(
      try places(
        ["data/train_prefs-00000-of-00001.jsonl", "data/test_prefs-00000-of-00001.jsonl", "data/train_sft-00000-of-00001.jsonl"],
        split: "train_prefs+test_prefs") == ["train/part-1.jsonl": "train", "test/part-0.jsonl": "test"])
    #expect(
      try places(["data/train-00000-of-00002.jsonl", "data/train-00001-of-00002.jsonl"])
        == ["train/data/train-00000-of-00002.jsonl": "train", "train/data/train-00001-of-00002.jsonl": "train"])
  }

  @Test func splits_that_no_word_tells_apart_keep_their_names() throws {
    let places = try places(
      ["prefs/a.jsonl", "sft/a.jsonl", "physics/a.jsonl", "held-out/a.jsonl.gz"],
      config: [("train_prefs", "prefs/*"), ("train_sft", "sft/*"), ("physics", "physics/*"), ("validation", "held-out/*")])
    #expect(places.values.sorted() == ["physics", "train_prefs", "train_sft", "validation"])
    #expect(places["validation/held-out/a.jsonl.gz"] == "validation")
    #expect(
      places.keys.count { $0.wholeMatch(of: #/data/(physics|train_prefs|train_sft)-0000[0-3]-of-00004\.jsonl/#) != nil } == 3, "\(places)")
  }
}
