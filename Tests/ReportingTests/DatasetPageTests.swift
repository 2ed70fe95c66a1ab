import Domain
import Platform
import Reporting
import SystemPackage
import TestSupport
import Testing

/// A dataset's page: what stands in it, and that nothing of the rows can act in a browser.
struct DatasetPageTests {
  private func page(_ change: (inout DatasetFacts) -> Void = { _ in }) throws -> String {
    let root = try TemporaryRoot()
    let name = SafeName(from: "rows")
    let result = Specimen.ingest(rows: 3)
    var card = DatasetCard(
      name: name, description: "Questions & answers", tags: ["math"], licence: "MIT", aliases: [], latest: result, data: "data",
      versions: [
        .init(
          version: 1, createdAt: Specimen.time, drop: Specimen.drop(), fileName: "rows.csv", sha256: result.sourceSHA256, rows: 3,
          badRows: 0,
          bytes: 12, detected: .promptCompletion)
      ])
    card.preview = DatasetPreview(
      method: .sft,
      rows: [.init(split: "train", row: 1, sequences: [[.init(text: "1 < 2?", isTrained: false), .init(text: "yes", isTrained: true)]])],
      note: nil)
    var quality = DatasetQuality(dataset: name, version: 1, rows: 3, veryLongFrom: 32_768)
    quality.classes = .init(column: "label", classes: [.init(label: "a", rows: 2), .init(label: "b", rows: 1)], count: 2, imbalance: 2)
    let samples = #"{"items":[{"row":1,"data":{"prompt":"<script>alert(1)</script>\u0007","completion":"x"}}]}"#
    var facts = DatasetFacts(card: card, quality: quality, samples: Array(samples.utf8))
    change(&facts)
    try LinuxFileSystem().makeFolders(root.workspace.dataset(name).folder)
    try Publisher(layout: root.layout, files: LinuxFileSystem()).publish([facts])
    return String(decoding: try LinuxFileSystem().contents(of: root.workspace.dataset(name).report), as: UTF8.self)
  }

  @Test func it_says_what_the_dataset_is() throws {
    let page = try page()
    for words in [
      "<h1>rows</h1>", "Questions &amp; answers", "<span class=\"tag\">math</span>", "license MIT", "prompt and completion",
      "Nothing odd was found in 3 rows.", "With the method <code>sft</code>", "<span>1 &lt; 2?</span><span class=\"trained\">yes</span>",
      "Classes of <code>label</code>", "dropforge samples rows --page 2", "<code>aaaaaaaaaaaa</code>",
    ] {
      #expect(page.contains(words), "\(words)")
    }
  }

  @Test func rows_are_shown_and_cannot_act() throws {
    let page = try page()
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;<i class=\"odd\">U+7</i>"))
    #expect(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"))
  }

  @Test func what_is_odd_stands_at_the_top() throws {
    let page = try page { facts in
      facts.quality.duplicates.rows = 2
      facts.quality.comparedOneRowOf = 4
    }
    #expect(page.contains("<li>2 rows are equal to one before them.</li>"))
    #expect(page.contains("one of 4 was compared"))
  }
}
