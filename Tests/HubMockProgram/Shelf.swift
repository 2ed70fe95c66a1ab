import HubMock
import StrictJSON

/// What the program serves: a repository of every kind.
enum Shelf {
  static var repositories: [MockRepository] {
    get throws {
      let rows = (0..<50).map { #"{"text": "row \#($0)"}"# + "\n" }.joined()
      var plain = MockRepository(
        .dataset, "demo/plain",
        card: [
          "license": "mit",
          "configs": [
            [
              "config_name": "default",
              "data_files": [["split": "train", "path": "data/train-*"], ["split": "test", "path": "data/test.jsonl"]],
            ]
          ],
        ],
        files: [
          "README.md": .init("---\nlicense: mit\n---\n# Plain\n"), "data/train-00000.jsonl": .init(rows, isLarge: true),
          "data/train-00001.jsonl": .init(rows + rows, isLarge: true), "data/test.jsonl": .init(rows), "empty.txt": .init(""),
          "odd names/a b#c%d é.txt": .init("odd\n"),
        ])
      plain.formerIDs = ["demo/former"]
      var gated = MockRepository(
        .dataset, "demo/gated", files: ["rows.jsonl": .init(rows, isLarge: true), "README.md": .init("# Gated\n")])
      gated.gated = "manual"
      var hidden = MockRepository(.dataset, "demo/private", files: ["rows.jsonl": .init(rows)])
      hidden.isPrivate = true
      var disabled = MockRepository(.dataset, "demo/disabled", files: ["rows.jsonl": .init(rows)])
      disabled.isDisabled = true
      let model = MockRepository(
        .model, "demo/model",
        files: ["config.json": .init("{}"), "model.safetensors": .init([UInt8](repeating: 7, count: 300_000), isLarge: true)])
      return [plain, gated, hidden, disabled, model]
    }
  }
}
