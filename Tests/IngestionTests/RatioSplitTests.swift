import Domain
import Testing

@testable import Ingestion

struct RatioSplitTests {
  private func sidecar(_ splits: [String: Double], seed: Int? = nil, stratify: String? = nil) -> DatasetSidecar {
    var sidecar = DatasetSidecar()
    sidecar.splits = splits
    sidecar.seed = seed
    sidecar.stratify = stratify
    return sidecar
  }

  private let rows = (0..<1_000).map { #"{"text":"row \#($0)","label":"\#($0 % 10 == 0 ? "rare" : "usual")"}"# }

  private func drop(_ sidecar: DatasetSidecar, _ rows: [String]? = nil) throws -> Drop {
    try Drop("rows.jsonl", (rows ?? self.rows).joined(separator: "\n"), sidecar: sidecar)
  }

  @Test func shares_are_exact_and_no_row_is_lost() throws {
    let drop = try drop(sidecar(["validation": 0.1, "test": 0.15]))
    #expect(drop.result.splits.map { "\($0.name) \($0.rows)" } == ["train 750", "validation 100", "test 150"])
    let all = try ["train", "validation", "test"].flatMap { try drop.rows($0) }
    #expect(all.sorted() == rows.sorted())
    #expect(drop.result.warnings == ["Divided by lot."])
  }

  @Test func the_seed_decides_and_the_order_of_the_rows_does_not() throws {
    func held(_ seed: Int?, _ rows: [String]? = nil) throws -> Set<String> {
      Set(try drop(sidecar(["validation": 0.1], seed: seed), rows).rows("validation"))
    }
    #expect(try held(nil) == held(42))
    #expect(try held(7) == held(7, rows.reversed()))
    #expect(try held(7).intersection(held(8)).count < 30)
  }

  @Test func each_class_has_its_share() throws {
    let drop = try drop(sidecar(["test": 0.2], stratify: "label"))
    let test = try drop.texts("label", split: "test")
    #expect(test.count == 200 && test.count { $0 == "rare" } == 20)
    #expect(drop.result.warnings == ["Divided by lot, alike in every 'label'."])
  }

  @Test func equal_rows_are_on_one_side() throws {
    let doubled = (0..<400).map { #"{"text":"row \#($0 / 4)"}"# }
    let drop = try drop(sidecar(["validation": 0.25]), doubled)
    let (train, held) = (Set(try drop.rows("train")), Set(try drop.rows("validation")))
    #expect(train.isDisjoint(with: held))
    #expect(abs(drop.result.splits[1].rows - 100) <= 4)
  }

  @Test func small_classes_are_rounded_so_that_the_sum_is_right() throws {
    let many = (0..<90).map { #"{"text":"row \#($0)","label":\#($0 % 30)}"# }
    #expect(try drop(sidecar(["test": 0.2], stratify: "label"), many).result.splits.map(\.rows) == [72, 18])
  }

  @Test(arguments: [
    (
      ["validation": 0.6, "test": 0.4],
      "splits: the shares of the splits are 1 together. Let them leave something for train, or name train too and let them be 1 together."
    ),
    (
      ["train": 0.8, "test": 0.1],
      "splits: the shares of the splits are 0.9 together. Let them leave something for train, or name train too and let them be 1 together."
    ),
    (["test": 0], "splits: the split 'test' is to have a share of 0. Give each a share above 0 and below 1: {\"validation\": 0.1}."),
    (
      ["../x": 0.1],
      "split: the sidecar's split is called '../x', which cannot be a file's name. Use letters, digits, '-' and '_': \"train\", \"validation\", \"test\"."
    ),
  ])
  func shares_that_make_no_splits_are_refused(_ splits: [String: Double], _ words: String) {
    #expect(Drop.problem("rows.jsonl", rows.joined(separator: "\n"), sidecar: sidecar(splits)) == words)
  }

  @Test func what_does_not_fit_the_drop_is_refused() throws {
    #expect(
      Drop.problem("rows.jsonl", rows.joined(separator: "\n"), sidecar: sidecar(["test": 0.1], stratify: "lable"))
        == "stratify: the sidecar stratifies by a column 'lable', which the rows do not have. The columns are text, label. Did you mean \"label\"?"
    )
    #expect(
      Drop.problem("rows.jsonl", rows.joined(separator: "\n"), sidecar: sidecar([:], seed: 3))
        == "seed: the sidecar says 'seed', but no 'splits' to make. Say which: {\"splits\": {\"validation\": 0.1}}.")
    #expect(
      Drop.words {
        try Drop(folder: "rows", ["train.jsonl": rows[0], "test.jsonl": rows[1]], sidecar: sidecar(["test": 0.5]))
      }
        == "splits: the sidecar wants a split 'test' made by lot, but files of the drop are named for it. Take 'splits' out of the sidecar, or the files out of the drop."
    )
  }

  @Test func named_files_are_their_own_splits_as_on_the_hub() {
    #expect(SplitInference.split(ofDropped: "data/train_prefs-00000-of-00001.jsonl") == "train_prefs")
    #expect(SplitInference.shard(7, of: 123_456, split: "physics", ending: ".csv") == "data/physics-00007-of-123456.csv")
    #expect(SplitInference.split(ofDropped: "data/train-00000-of-00005.jsonl") == "train")
    #expect(SplitInference.split(ofDropped: "data/validation-00000-of-00005.jsonl.gz") == "validation")
    #expect(SplitInference.split(ofDropped: "my/data/dev-00000-of-00005.jsonl") == "validation")
    #expect(SplitInference.split(ofDropped: "parts-00000-of-00005.jsonl") == "train")
    #expect(
      ["test_prefs", "train_sft", "validation", "train_prefs", "test"].sorted(by: SplitName.isInOrder) == [
        "validation", "test", "train_prefs", "train_sft", "test_prefs",
      ])
  }
}
