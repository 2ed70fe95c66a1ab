import Domain
import Platform
import SystemPackage
import TestSupport
import Testing
import Watching

struct InboxScannerTests {
  let root: TemporaryRoot
  let scanner: InboxScanner

  init() throws {
    root = try TemporaryRoot()
    scanner = InboxScanner(layout: root.inbox, fileSystem: LinuxFileSystem())
  }

  @Test func our_own_folders_in_the_inbox_are_no_drops() throws {
    try root.drop("x", as: "loose.csv", into: nil)
    #expect(try scanner.drops(in: root.inbox.folder).map(\.displayName) == ["loose.csv"])
    // In the folder of a kind such a name is a drop like any other.
    try root.folder.makeFolder("inbox/datasets/models")
    #expect(try scanner.drops(in: root.inbox.folder(of: .dataset)).map(\.displayName) == ["models"])
  }

  @Test func a_look_knows_the_kind_by_the_folder() throws {
    let job = try root.drop("{}", as: "a.json", into: .job)
    let loose = try root.drop("{}", as: "a.json", into: nil)
    #expect(try scanner.sight(job)?.kind == .job)
    #expect(try scanner.sight(loose)?.kind == nil)
    #expect(try scanner.sight(root.inbox.folder.appending("nothing")) == nil)
  }

  @Test func a_folder_is_summed_over_its_whole_tree() throws {
    try root.folder.write("12345", to: "inbox/datasets/reviews/a.csv")
    try root.folder.write("123", to: "inbox/datasets/reviews/deep/er/b.csv")
    let path = root.inbox.folder(of: .dataset).appending("reviews")
    let summary = try #require(try scanner.sight(path)?.summary)
    #expect(summary.files == 2)
    #expect(summary.bytes == 8)
    #expect(summary.unfinished == nil)
    #expect(summary.foreign == nil)
    #expect(try scanner.sight(path)?.summary == summary)
  }

  @Test(arguments: ["inbox/datasets/reviews/deep/b.csv", "inbox/datasets/reviews/new.csv", "inbox/datasets/reviews/deep/er/new.csv"])
  func any_change_in_a_tree_changes_its_summary(name: String) throws {
    try root.folder.write("12345", to: "inbox/datasets/reviews/a.csv")
    try root.folder.write("123", to: "inbox/datasets/reviews/deep/b.csv")
    try root.folder.makeFolder("inbox/datasets/reviews/deep/er")
    let path = root.inbox.folder(of: .dataset).appending("reviews")
    let before = try #require(try scanner.sight(path)?.summary)
    try root.folder.write("456", to: name)
    let after = try #require(try scanner.sight(path)?.summary)
    #expect(after.fingerprint != before.fingerprint)
    // The kernel's clock for files ticks every few milliseconds: two changes may bear the same time.
    #expect(after.newestChange >= before.newestChange)
  }

  @Test func members_that_hold_a_folder_up_are_named() throws {
    try root.folder.write("x", to: "inbox/models/qwen/.gitattributes")
    try root.folder.write("x", to: "inbox/models/qwen/.cache/huggingface/download/config.json.lock")
    let path = root.inbox.folder(of: .model).appending("qwen")
    #expect(try scanner.sight(path)?.summary?.unfinished == nil)
    try root.folder.write("x", to: "inbox/models/qwen/.cache/huggingface/download/model.safetensors.abc.incomplete")
    #expect(try scanner.sight(path)?.summary?.unfinished == ".cache/huggingface/download/model.safetensors.abc.incomplete")
    try SpecialFiles.makeSymbolicLink(path.appending("weights"), to: "/dev/null")
    #expect(try scanner.sight(path)?.summary?.foreign == FolderSummary.Foreign(path: "weights", kind: .symlink))
  }

  @Test func each_folder_is_entered_before_it_is_listed() throws {
    try root.folder.write("x", to: "inbox/datasets/reviews/a/b/c.csv")
    let path = root.inbox.folder(of: .dataset).appending("reviews")
    let files = FaultyFileSystem()
    var entered: [FilePath] = []
    let scanner = InboxScanner(layout: root.inbox, fileSystem: files)
    _ = try scanner.sight(path) { folder in
      entered.append(folder)
      #expect(!files.calls.contains { $0.operation == .names && $0.path == folder })
    }
    #expect(entered == [path, path.appending("a"), path.appending("a").appending("b")])
    #expect(files.calls.filter { $0.operation == .names }.compactMap(\.path) == entered)
  }

  @Test func a_writer_is_found_by_the_kernels_word() throws {
    let path = try root.drop("x", as: "rows.csv", into: .dataset)
    let sighting = try #require(try scanner.sight(path))
    #expect(scanner.answer(.isOpenForWriting, for: sighting).writers == .nobody)
    let files = LinuxFileSystem()
    let writer = try files.open(path, .appending)
    #expect(scanner.answer(.isOpenForWriting, for: sighting).writers == .somebody(nil))
    try files.close(writer)
    #expect(scanner.answer(.isOpenForWriting, for: sighting).writers == .nobody)
  }

  @Test func a_writer_inside_a_folder_is_named() throws {
    try root.folder.write("x", to: "inbox/datasets/reviews/a.csv")
    let open = try root.folder.write("x", to: "inbox/datasets/reviews/deep/b.csv")
    let sighting = try #require(try scanner.sight(root.inbox.folder(of: .dataset).appending("reviews")))
    let files = LinuxFileSystem()
    let writer = try files.open(open, .appending)
    #expect(scanner.answer(.isOpenForWriting, for: sighting).writers == .somebody("deep/b.csv"))
    try files.close(writer)
    #expect(scanner.answer(.isOpenForWriting, for: sighting).writers == .nobody)
  }

  @Test func one_file_without_an_answer_makes_the_folders_answer_unknown_unless_another_is_open() throws {
    try root.folder.write("x", to: "inbox/datasets/reviews/a.csv")
    try root.folder.write("x", to: "inbox/datasets/reviews/b.csv")
    let path = root.inbox.folder(of: .dataset).appending("reviews")
    func writers(_ answers: [String: OpenForWriting.Answer]) throws -> Sighting.Writers? {
      let scanner = InboxScanner(layout: root.inbox, fileSystem: LinuxFileSystem()) { answers[$0.lastComponent?.string ?? ""] ?? .no }
      return scanner.answer(.isOpenForWriting, for: try #require(try scanner.sight(path))).writers
    }
    #expect(try writers([:]) == .nobody)
    #expect(try writers(["a.csv": .unknown]) == .unknown)
    #expect(try writers(["b.csv": .unknown]) == .unknown)
    #expect(try writers(["a.csv": .unknown, "b.csv": .yes]) == .somebody("b.csv"))
  }

  @Test func content_shows_itself_whole_or_not() throws {
    let whole = try #require(try scanner.sight(try root.drop(#"{"name": "a", "dataset": "b"}"#, as: "a.json", into: .job)))
    #expect(scanner.answer(.showsItselfWhole, for: whole).showsItselfWhole == true)
    let half = try #require(try scanner.sight(try root.drop(#"{"name": "a", "dataset": "#, as: "b.json", into: .job)))
    #expect(scanner.answer(.showsItselfWhole, for: half).showsItselfWhole == false)
    // It has gone by the time it is read.
    try LinuxFileSystem().removeFile(whole.path)
    #expect(scanner.answer(.showsItselfWhole, for: whole).showsItselfWhole == false)
  }

  @Test func a_folder_that_vanishes_while_it_is_walked_is_no_trouble() throws {
    try root.folder.write("x", to: "inbox/datasets/reviews/a/b.csv")
    let path = root.inbox.folder(of: .dataset).appending("reviews")
    let sighting = try scanner.sight(path) { folder in
      if folder == path.appending("a") { try? LinuxFileSystem().removeTree(folder) }
    }
    #expect(sighting?.trouble == nil)
    #expect(sighting?.summary?.files == 0)
  }

  @Test func a_failing_disk_is_told_as_the_folders_trouble() throws {
    try root.folder.write("x", to: "inbox/datasets/reviews/a.csv")
    let files = FaultyFileSystem()
    files.fail(.ioError, at: 1, of: [.names])
    let path = root.inbox.folder(of: .dataset).appending("reviews")
    let sighting = try InboxScanner(layout: root.inbox, fileSystem: files).sight(path)
    #expect(sighting?.trouble == SystemError(.ioError, "names", path))
    #expect(sighting?.summary == nil)
  }

  @Test func names_that_are_not_utf8_keep_their_bytes() throws {
    let name = try #require(FilePath.Component(bytes: [0x61, 0xFF, 0xFE, 0x2E, 0x63, 0x73, 0x76]))
    let path = root.inbox.folder(of: .dataset).appending(name)
    try LinuxFileSystem().writeInPlace([1], to: path)
    let found = try scanner.drops(in: root.inbox.folder(of: .dataset))
    #expect(found == [path])
    #expect(found.first?.lastComponent?.bytes == [0x61, 0xFF, 0xFE, 0x2E, 0x63, 0x73, 0x76])
    #expect(found.first?.displayName == "a\u{FFFD}\u{FFFD}.csv")
  }
}
