import Platform
import SystemPackage
import TestSupport
import Testing

struct PublishTests {
  let folder: TemporaryFolder
  let files = FaultyFileSystem()

  init() throws { folder = try TemporaryFolder() }

  private var target: FilePath { folder.path.appending("status.json") }

  @Test func bytes_are_durable_before_the_name_and_the_name_before_the_return() throws {
    try files.publish(Array("new".utf8), to: target)
    #expect(
      files.trace(relativeTo: folder.path, [.open, .write, .sync, .close, .rename, .removeFile]) == [
        "open writing .status.json.publishing", "write .status.json.publishing", "sync .status.json.publishing",
        "close .status.json.publishing",
        "rename .status.json.publishing -> status.json", "open folder .", "sync .", "close .",
      ])
    #expect(try folder.contents() == ["status.json": "new"])
  }

  @Test func short_writes_go_on_where_they_stopped() throws {
    files.limitWrites(to: 3)
    let text = "the whole of a text that takes many writes"
    try files.publish(Array(text.utf8), to: target)
    #expect(try folder.contents() == ["status.json": text])
    #expect(files.calls.filter { $0.operation == .write }.count == 14)
  }

  @Test func an_empty_file_can_be_published() throws {
    try files.publish([], to: target)
    #expect(try folder.contents() == ["status.json": ""])
  }

  /// Every call fails once: a reader finds the old file or the new one, and nothing is left beside it.
  @Test(arguments: [Errno.noSpace, .ioError])
  func a_failing_call_never_leaves_half_a_file(errno: Errno) throws {
    var failures = 0
    for k in 1...50 {
      let folder = try TemporaryFolder()
      let target = try folder.write("old", to: "status.json")
      let files = FaultyFileSystem()
      files.limitWrites(to: 2)
      files.fail(errno, at: k, of: FaultyFileSystem.Operation.all)
      let result = Result { try files.publish(Array("newer".utf8), to: target) }
      guard files.hasFailed else {
        #expect(try folder.contents() == ["status.json": "newer"])
        break
      }
      failures += 1
      if case .failure(let error) = result {
        #expect((error as? SystemError)?.code == errno)
      } else {
        Issue.record("call \(k) failed in silence")
      }
      let contents = try folder.contents()
      #expect(contents == ["status.json": "old"] || contents == ["status.json": "newer"], "call \(k): \(contents)")
    }
    #expect(failures == 10)  // open, 3 writes, fsync, close, rename, open, fsync and close of the folder
  }

  /// From each call on nothing goes through, as after a kill: a leftover may lie beside it, never half a file under the name.
  @Test func wherever_it_is_stopped_the_name_has_the_old_file_or_the_new() throws {
    var points = 0
    for k in 1...50 {
      let folder = try TemporaryFolder()
      let target = try folder.write("old", to: "status.json")
      let files = FaultyFileSystem()
      files.limitWrites(to: 2)
      files.stop(at: k)
      try? files.publish(Array("newer".utf8), to: target)
      guard files.hasFailed else { break }
      points += 1
      let contents = try folder.contents()
      #expect(["old", "newer"].contains(contents["status.json"]))
      for name in contents.keys where name != "status.json" { #expect(folder.path.appending(name).isPublishingLeftover) }
    }
    #expect(points == 7)
  }

  @Test(arguments: [(".status.json.publishing", true), ("status.json.publishing", false), (".status.json", false), ("status.json", false)])
  func a_leftover_is_known_by_its_name(name: String, isLeftover: Bool) {
    #expect(FilePath("/a").appending(name).isPublishingLeftover == isLeftover)
  }

  @Test func a_tree_is_made_durable_from_its_leaves_up() throws {
    try folder.write("a", to: "tree/a.txt")
    try folder.write("b", to: "tree/deep/b.txt")
    try SpecialFiles.makeSymbolicLink(folder.path.appending("tree").appending("link"), to: "/nothing")
    try files.syncTree(folder.path.appending("tree"))
    #expect(files.trace(relativeTo: folder.path, [.sync]) == ["sync tree/a.txt", "sync tree/deep/b.txt", "sync tree/deep", "sync tree"])
  }

  @Test func a_move_makes_both_folders_durable() throws {
    try folder.write("x", to: "from/a")
    try folder.makeFolder("to")
    let from = folder.path.pushing("from/a")
    let to = folder.path.pushing("to/b")
    try files.move(from, to: to)
    #expect(
      files.trace(relativeTo: folder.path, [.rename, .renameWithoutReplacing, .sync]) == [
        "renameWithoutReplacing from/a -> to/b", "sync to", "sync from",
      ])
    try folder.write("y", to: "from/a")
    #expect(throws: SystemError(.fileExists, "rename", from, to: to)) { try files.move(from, to: to) }
    #expect(try folder.contents() == ["to/b": "x", "from/a": "y"])
    try files.move(from, to: to, replacing: true)
    #expect(try folder.contents() == ["to/b": "y"])
  }

  @Test func the_bodys_error_comes_before_that_of_close() throws {
    let file = try files.open(target, .writing)
    files.fail(.ioError, at: 1, of: [.close])
    let bodys = SystemError(.noSpace, "write", target)
    #expect(throws: bodys) { try files.closing(file) { () throws(SystemError) in throw bodys } }
    let other = try files.open(target, .writing)
    files.fail(.ioError, at: 1, of: [.close])
    #expect(throws: SystemError(.ioError, "close")) { try files.closing(other) {} }
  }
}
