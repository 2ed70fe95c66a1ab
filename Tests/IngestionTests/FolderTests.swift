import Domain
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Ingestion

struct FolderTests {
  private let row = { (text: String) in "{\"text\":\"\(text)\"}\n" }

  @Test func files_become_splits_by_their_names() throws {
    let drop = try Drop(
      folder: "set",
      [
        "train-2.jsonl": row("t2"), "train-1.csv": "text,label\nt1,a\n", "validation.json": "[{\"text\":\"v\"}]", "deep/test/part.txt": "x",
        "extra.jsonl": row("e"), "README.md": "read me",
      ])
    #expect(try drop.texts() == ["e", "t1", "t2"])
    #expect(try drop.texts(split: "validation") == ["v"])
    #expect(try drop.texts(split: "test") == ["x"])
    #expect(drop.result.splits.map(\.name) == ["train", "validation", "test"])
    #expect(drop.result.splits.map(\.rows) == [3, 1, 1])
    #expect(
      drop.result.columns == [
        DatasetColumn(name: "text", kinds: [.string], rows: 5), DatasetColumn(name: "label", kinds: [.string], rows: 1),
      ])
    #expect(drop.result.files.map(\.name) == ["deep/test/part.txt", "extra.jsonl", "train-1.csv", "train-2.jsonl", "validation.json"])
  }

  @Test(arguments: [
    ("train.jsonl", "train"), ("training_data.csv", "train"), ("data/train-00000-of-00005.jsonl", "train"), ("valid.jsonl", "validation"),
    ("my-dev-set.json", "validation"), ("val.txt", "validation"), ("test/a.csv", "test"), ("eval.csv", "test"),
    ("evaluation-3.csv", "test"),
    ("contest.csv", "train"), ("trained.csv", "train"), ("devices.csv", "train"), ("test/train.csv", "train"), ("rows.csv", "train"),
  ])
  func the_split_of_a_name(_ path: String, _ split: String) {
    #expect(SplitInference.split(ofDropped: path) == split)
  }

  @Test func a_single_file_is_train_whatever_it_is_called() throws {
    #expect(try Drop("test.jsonl", row("x")).result.splits.map(\.name) == ["train"])
  }

  @Test func a_folder_without_a_train_file_says_so() throws {
    let drop = try Drop(folder: "set", ["test.jsonl": (0..<10).map { row("\($0)") }.joined()])
    #expect(drop.result.warnings == ["No file is named train: all rows are in the split 'test'."])
  }

  @Test func the_hash_is_that_of_the_list_that_sha256sum_prints() throws {
    let files = ["b.jsonl": row("b"), "a/c.jsonl": row("c"), "Z.md": "notes", ".hidden": "x", "a/.DS_Store": "x"]
    let drop = try Drop(folder: "set", files)
    // find . -type f ! -path '*/.*' | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum | sha256sum
    let list = ["Z.md", "a/c.jsonl", "b.jsonl"].map { "\(SHA256.hash((files[$0] ?? "").utf8))  \($0)\n" }.joined()
    #expect(drop.result.sourceSHA256 == SHA256.hash(list.utf8))
    #expect(drop.result.sourceBytes == row("b").utf8.count + row("c").utf8.count + 5)
  }

  @Test func archives_and_compressed_files_in_a_folder_are_read() throws {
    let gzip = try ArchiveMaker.compressed(Array("{\"text\":\"gz\"}\n".utf8), .gzip)
    let zip = try ArchiveMaker.bytes(.zip, [.init("test.jsonl", "{\"text\":\"zip\"}\n")])
    let drop = try Drop(
      "set",
      place: { folder, path in
        try folder.files.makeFolder(path)
        try folder.write(gzip, to: path.appending("a.jsonl.gz"))
        try folder.write(zip, to: path.appending("b.zip"))
      })
    #expect(try drop.texts() == ["gz"])
    #expect(try drop.texts(split: "test") == ["zip"])
    #expect(drop.result.files.map(\.name) == ["a.jsonl.gz", "b.zip/test.jsonl"])
  }

  @Test func bad_rows_of_several_files_are_named_with_their_file() throws {
    let good = (0..<40).map { row("\($0)") }.joined()
    let drop = try Drop(folder: "set", ["a.jsonl": good + "oops\n", "b.csv": "text,label\nx,1\ny,2,3\n"])
    #expect(drop.result.rows == 41)
    #expect(drop.result.badRows == 2)
    #expect(
      drop.result.warnings.first
        == "Left out: row 41 (line 41, character 1, byte 550): 'o' stands where a value should; b.csv, row 3 (line 3, byte 15): 3 fields where the header has 2."
    )
  }

  @Test func an_empty_folder_is_refused() {
    #expect(
      Drop.words { try Drop(folder: "set", [:]) }
        == "set: it holds no file that is read. There is nothing in it. Put files into it that end in \(DatasetFormat.readableEndings).")
  }
}
