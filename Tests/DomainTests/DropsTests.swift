import Domain
import StrictJSON
import Testing

struct DroppedFileNameTests {
  @Test(
    arguments: [
      ("reviews.csv", "reviews", DatasetFormat.csv, nil), ("reviews.train.jsonl.gz", "reviews.train", .jsonl, .gzip),
      ("a.NDJSON", "a", .jsonl, nil),
      ("a.tsv.zst", "a", .tsv, .zstd), ("a.tab", "a", .tsv, nil), ("a.json.xz", "a", .json, .xz),
      ("book.txt.bz2", "book", .plainText, .bzip2),
      ("a.text", "a", .plainText, nil), ("A.Csv.GZ", "A", .csv, .gzip), ("größe.csv", "größe", .csv, nil),
      ("a.csv.csv", "a.csv", .csv, nil),
      (".csv", ".csv", nil, nil), ("a.gz", "a", nil, .gzip), ("README.md", "README.md", nil, nil), ("noending", "noending", nil, nil),
      ("", "", nil, nil),
      ("a.csv.gz.gz", "a.csv.gz", nil, .gzip),
    ] as [(String, String, DatasetFormat?, Compression?)])
  func the_ending_says_the_form(name: String, stem: String, format: DatasetFormat?, compression: Compression?) {
    let dropped = DroppedFileName(name)
    #expect(dropped.stem == stem)
    #expect(dropped.format == format)
    #expect(dropped.compression == compression)
    #expect(dropped.archive == nil)
    #expect(dropped.isDataset == (format != nil))
  }

  @Test(arguments: [
    ("data.tar.gz", "data", ArchiveKind.tar), ("data.tgz", "data", .tar), ("data.tar", "data", .tar), ("data.TAR.ZST", "data", .tar),
    ("data.tar.bz2", "data", .tar),
    ("data.zip", "data", .zip), ("data.csv.zip", "data.csv", .zip), ("data.7z", "data", .sevenZip),
  ])
  func archives_are_known(name: String, stem: String, archive: ArchiveKind) {
    let dropped = DroppedFileName(name)
    #expect(dropped.stem == stem)
    #expect(dropped.archive == archive)
    #expect(dropped.format == nil)
    #expect(dropped.compression == nil)
    #expect(dropped.isDataset)
  }

  @Test func every_format_has_a_title_and_endings_that_lead_back_to_it() {
    for format in DatasetFormat.allCases {
      #expect(!format.title.isEmpty)
      for ending in format.endings { #expect(DroppedFileName("a" + ending).format == format) }
    }
    for compression in Compression.allCases { #expect(DroppedFileName("a.csv" + compression.ending).compression == compression) }
    for archive in ArchiveKind.allCases {
      for ending in archive.endings { #expect(DroppedFileName("a" + ending).archive == archive) }
    }
  }
}

struct TemporaryNameTests {
  @Test(arguments: [
    "rows.csv.part", "rows.csv.partial", "rows.csv.crdownload", "rows.csv.filepart", "rows.csv.tmp", "Rows.CSV.TMP", "rows.csv.temp",
    "rows.csv~", "rows.csv.swp",
    "rows.csv.swx", ".rows.csv.swp", ".rows.csv.Xy3kQz", ".goutputstream-ABC123", ".nfs0000000000a1b2c3", ".syncthing.rows.csv.tmp",
    "~syncthing~rows.csv.tmp",
    ".~lock.rows.csv#", "~$rows.xlsx", ".#rows.csv", "#rows.csv#", "4913", "rows.csv.aria2", "rows.csv.download", "rows.csv.opdownload",
    "rows.csv.incomplete",
    ".fuse_hidden0001", "rows.csv.lock", "rows.csv.!ut", "rows.csv.!qB", ".rows.csv.publishing", ".claimed-d-20261121T074803Z-00000001",
  ])
  func writers_in_progress_are_waited_for(name: String) {
    #expect(TemporaryName.verdict(on: name) == .writing)
  }

  @Test(arguments: [
    "._rows.csv", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX", "@eaDir", ".stfolder", ".stversions", ".stignore", ".sb-1a2b",
    "lost+found", ".gitkeep",
  ])
  func litter_is_passed_over(name: String) {
    #expect(TemporaryName.verdict(on: name) == .litter)
    #expect(TemporaryName.verdict(onMember: name) == .litter)
  }

  @Test(arguments: [
    "rows.csv", "part-00000.csv", "tmp.csv", "download.json", "partial results.csv", "a~b.csv", "4913.csv", "#hash.csv", "lock", "swp",
    "données.csv", "a.lock.json",
  ])
  func ordinary_names_are_taken(name: String) {
    #expect(TemporaryName.verdict(on: name) == .ordinary)
    #expect(TemporaryName.verdict(onMember: name) == .ordinary)
  }

  @Test(arguments: [
    ".gitattributes", ".git", ".cache", ".huggingface", "yarn.lock", ".settings.backup", ".config.json", ".eslintrc", ".a.b",
  ])
  func dot_names_inside_a_folder_do_not_hold_it_up(name: String) {
    #expect(TemporaryName.verdict(onMember: name) == .ordinary)
  }

  @Test(arguments: [
    "model.safetensors.part", ".model.safetensors.aB3dE9", "model.safetensors.abc123.incomplete", ".goutputstream-1", ".nfs0001",
    ".syncthing.a.tmp", "a~", ".~lock.a#",
    ".fuse_hidden1", ".a.swp",
  ])
  func writers_in_progress_inside_a_folder_hold_it_up(name: String) {
    #expect(TemporaryName.verdict(onMember: name) == .writing)
  }
}

struct WholeDocumentTests {
  @Test(arguments: [
    ("job.json", DropKind.job, true), ("JOB.JSON", .job, true), ("config.json", .config, true), ("cancel.json", .request, true),
    ("rows.json", .dataset, true),
    ("rows.jsonl", .dataset, false), ("rows.csv", .dataset, false), ("config.json", .model, false), ("job.json.txt", .job, false),
  ])
  func only_small_json_files_are_worth_a_look(name: String, kind: DropKind, isWorth: Bool) {
    #expect(WholeDocument.mayShow(name: name, kind: kind, bytes: 100) == isWorth)
    #expect(!WholeDocument.mayShow(name: name, kind: kind, bytes: 0))
    #expect(!WholeDocument.mayShow(name: name, kind: kind, bytes: 1 << 21))
  }

  @Test(
    arguments: [
      (#"{"name": "a"}"#, "a.json", DropKind.job, true), (#"{"name": "a""#, "a.json", .job, false),
      (#"{"name": "a"} {"#, "a.json", .job, false),
      (#"[{"a": 1}]"#, "rows.json", .dataset, true), (#"[{"a": 1}"#, "rows.json", .dataset, false),
      // JSON lines under the wrong ending: complete after the first line, and more will come.
      (#"{"a": 1}"#, "rows.json", .dataset, false), (#"{"text_rows": "line"}"#, "rows.dataset.json", .dataset, true),
      ("12", "a.json", .job, false), ("", "a.json", .job, false),
      (#"{"action": "rescan"}"#, "a.json", nil, true), (#"{"dataset": "a", "config": "b"}"#, "a.json", nil, true),
      (#"{"a": 1}"#, "a.json", nil, false),
      ("[1]", "a.json", nil, true),
    ] as [(String, String, DropKind?, Bool)])
  func content_shows_that_it_is_whole(text: String, name: String, kind: DropKind?, shows: Bool) {
    #expect(WholeDocument.shows(Array(text.utf8), name: name, kind: kind) == shows)
  }

  /// No shorter piece of a document is whole: that is the proof on which it is taken early.
  @Test func no_piece_of_a_document_is_whole() {
    let text = Array(#"{"name": "a", "config": {"training": {"method": "sft", "list": [1, 2, {"x": null}]}}, "dataset": "b"}"#.utf8)
    for length in 0..<text.count { #expect(!WholeDocument.shows(Array(text[..<length]), name: "a.json", kind: .job)) }
    #expect(WholeDocument.shows(text, name: "a.json", kind: .job))
  }
}

struct ContentKindTests {
  @Test(
    arguments: [
      (#"{"action": "cancel", "job": "a-1"}"#, DropKind.request), (#"{"dataset": "a", "config": "b"}"#, .job),
      (#"{"dataset": "a", "name": "b"}"#, .job),
      (#"{"dataset_path": "/x", "training_type": "sft"}"#, .job), (#"{"name": "a", "config": {"datasetPath": "x"}}"#, .job),
      (#"{"training": {"method": "sft"}}"#, .config), (#"{"name": "a", "config": {"training": {}}}"#, .config),
      (#"{"name": "a", "config": {"training": {}}, "overrides": {}}"#, .job), (#"{"config": "b", "after": "c"}"#, .job),
      (#"{"name": "a", "config": "b", "priority": 1}"#, .job), (#"{"engine": "native", "config": {}}"#, .job),
      ("[1, 2]", .dataset),
      (#"{"data": [{"a": 1}]}"#, .dataset), (#"{"a": 1}"#, nil), (#"{"a": [1], "b": [2]}"#, nil), ("7", nil), (#""text""#, nil),
      ("null", nil),
    ] as [(String, DropKind?)])
  func a_loose_files_kind_is_told_from_its_content(text: String, kind: DropKind?) throws {
    #expect(ContentKind.kind(of: try JSONParser.parse(text)) == kind)
  }
}

struct DropIDTests {
  @Test func it_names_a_moment_and_a_lot() {
    let id = DropID(at: Timestamp(nanoseconds: 1_795_247_283_120_000_000), random: 0x5F0C_21A9)
    #expect(id.text == "d-20261121T074803Z-5f0c21a9")
    #expect(id.time == Timestamp(nanoseconds: 1_795_247_283_000_000_000))
    #expect(DropID(at: Timestamp(nanoseconds: 0), random: 1).text == "d-19700101T000000Z-00000001")
    #expect(DropID(id.text) == id)
  }

  @Test(arguments: ["", "x-1", "d-../x", "d- a"])
  func other_texts_are_none(text: String) { #expect(DropID(text) == nil) }

  @Test func one_of_another_form_has_no_time() { #expect(DropID("d-something")?.time == nil) }

  @Test func in_json_it_is_a_string() throws {
    try JSONRoundTrip.check([DropID(at: Timestamp(nanoseconds: 0), random: 1)], is: #"["d-19700101T000000Z-00000001"]"#)
    #expect(throws: DecodingError.self) { try JSONRoundTrip.decode([DropID].self, #"["../x"]"#) }
  }
}
