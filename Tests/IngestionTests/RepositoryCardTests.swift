import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@testable import Ingestion

/// Folders and archives with the README.md of a Hub repository: its configs decide which file is which split.
struct RepositoryCardTests {
  private static func row(_ text: String) -> String { "{\"text\":\"\(text)\"}\n" }

  private static func sidecar(_ config: String?) -> DatasetSidecar? {
    config.map { config in
      var sidecar = DatasetSidecar()
      sidecar.config = config
      return sidecar
    }
  }

  private func texts(_ drop: Drop) throws -> [String: [String]] {
    try Dictionary(uniqueKeysWithValues: drop.result.splits.map { ($0.name, try drop.texts(split: $0.name)) })
  }

  /// Rows by config and split are those that Hugging Face `datasets` reads (Tests/Fixtures/cards/make_golden.py), of folders and of
  /// archives with the card at their start and at their end.
  @Test(arguments: ["patterns", "strings", "folders", "odd"])
  func rows_are_where_datasets_has_them(_ name: String) throws {
    let golden = try JSONParser.parse(try Fixtures.bytes("cards/repositories.json"))
    let repository = try #require(golden["repositories"]?[name])
    let files = Dictionary(
      uniqueKeysWithValues: (repository["files"]?.object?.members ?? []).map { ($0.key, $0.node.string ?? "") })
    for config in repository["expected"]?.object?.members ?? [] {
      let expected = Dictionary(
        uniqueKeysWithValues: (config.node.object?.members ?? []).map { ($0.key, $0.node.array?.compactMap(\.string) ?? []) })
      let folder = try Drop(folder: name, files, sidecar: Self.sidecar(config.key))
      #expect(try texts(folder) == expected, "\(config.key)")
      #expect(folder.result.config == config.key)
      if name == "odd" { continue }  // a file of two splits, which an archive gives once
      let entries = files.sorted { $0.key < $1.key }.map { ArchiveMaker.Entry("top/\($0.key)", $0.value) }
      for order in [entries, entries.reversed()] {
        let packed = try Drop("\(name).zip", try ArchiveMaker.bytes(.zip, order), sidecar: Self.sidecar(config.key))
        #expect(try texts(packed) == expected, "\(config.key) of the archive")
      }
    }
    let usual = repository["default"]?.string ?? repository["expected"]?.object?.members.first?.key
    #expect(try Drop(folder: name, files).result.config == usual)
  }

  private static let card = """
    ---
    license: odc-by
    tags: [a, b]
    configs:
    - config_name: one
      data_files:
      - {split: train, path: "a.jsonl"}
      - {split: test, path: "gone-*.jsonl"}
    - config_name: two
      data_files: b.jsonl
    ---
    """
  private static let files = [
    "README.md": card, "a.jsonl": (0..<10).map { row("a\($0)") }.joined(), "b.jsonl": row("b"), "notes.jsonl": row("n"),
  ]

  @Test func what_a_user_should_know_is_said() throws {
    let drop = try Drop(folder: "set", Self.files)
    #expect(drop.result.splits.map(\.name) == ["train"] && drop.result.rows == 10 && drop.result.config == "one")
    #expect(drop.result.card?.licence == "odc-by" && drop.result.card?.tags == ["a", "b"])
    #expect(
      drop.result.warnings == [
        "README.md has 2 configs, and 'one' is read, the first. There is also 'two': say {\"config\": \"two\"} in set.dataset.json to read another.",
        "README.md's config 'one' has 'gone-*.jsonl' for the split 'test', and no file is called so.",
        "Passed over, because no config of README.md names them: notes.jsonl.",
      ])
    #expect(try Drop(folder: "set", Self.files, sidecar: Self.sidecar("two")).texts() == ["b"])
  }

  @Test func a_config_that_is_not_there_is_refused() {
    #expect(
      Drop.words { try Drop(folder: "set", Self.files, sidecar: Self.sidecar("thre")) }
        == "config: the sidecar names the config 'thre', and README.md has none of that name. There are 'one', 'two'.")
    #expect(
      Drop.words { try Drop(folder: "set", ["a.jsonl": Self.row("a")], sidecar: Self.sidecar("one")) }
        == "config: the sidecar names the config 'one', but the drop has no README.md with configs. Take 'config' out of the sidecar, or drop the whole folder of the repository, with the README.md at its top. What is to be downloaded needs \"source\" too."
    )
    #expect(
      Drop.words { try Drop(folder: "set", ["README.md": Self.card, "z.jsonl": Self.row("z")], sidecar: Self.sidecar("two")) }
        == "config: the config 'two' of README.md names no file that is here. README.md's config 'two' has 'b.jsonl' for the split 'train', and no file is called so. Drop the repository with the files of that config, or name another config in the sidecar."
    )
  }

  @Test func where_nothing_fits_or_can_be_read_names_tell_as_ever() throws {
    let rows = (0..<10).map { Self.row("\($0)") }.joined()
    let none = try Drop(folder: "set", ["README.md": Self.card, "z.jsonl": rows])
    #expect(none.result.rows == 10 && none.result.config == nil && none.result.card?.licence == "odc-by")
    #expect(
      none.result.warnings == ["README.md's config 'one' names no file that is here. Splits are told from the files' names."])
    let broken = try Drop(folder: "set", ["README.md": "---\nconfigs: [\n---\n# x\n", "z.jsonl": rows])
    #expect(
      broken.result.warnings == [
        "README.md, line 3, column 1: what stands between its lines --- cannot be read: a value is missing, or the end of a list in brackets or a mapping in braces. Write the value, or close what was opened. Splits are told from the files' names."
      ])
    #expect(broken.result.rows == 10 && broken.result.card == nil)
    #expect(try Drop(folder: "set", ["README.md": "# Rows\n", "z.jsonl": rows]).result.warnings.isEmpty)
  }

  @Test func what_the_card_leaves_out_of_an_archive_cannot_spoil_it() throws {
    // The broken file comes before the card that says that it is no data.
    let entries = [
      ("a.json", "[{\"oops\""), ("b.jsonl", Self.row("b")),
      ("README.md", "---\nconfigs: [{config_name: default, data_files: b.jsonl}]\n---\n"),
    ]
    for kind in [("set.zip", ArchiveMaker.Form.zip), ("set.tar", .tar)] {
      let drop = try Drop(kind.0, try ArchiveMaker.bytes(kind.1, entries.map { .init($0.0, $0.1) }))
      #expect(try drop.texts() == ["b"])
      #expect(drop.result.warnings.first == "Passed over, because no config of README.md names them: a.json.")
    }
  }
}
