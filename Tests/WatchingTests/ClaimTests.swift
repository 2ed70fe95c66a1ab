import Domain
import Platform
import SystemPackage
import TestSupport
import Testing
import Watching

struct ClaimTests {
  let root: TemporaryRoot
  let clock = ManualClock()

  init() throws { root = try TemporaryRoot() }

  func claim(_ files: any FileSystem = FaultyFileSystem(), writes: @escaping @Sendable (FilePath) -> OpenForWriting.Answer = { _ in .no })
    -> Claim
  {
    Claim(layout: root.inbox, fileSystem: files, clock: clock.clock, random: { 0x5F0C_21A9 }, openForWriting: writes)
  }

  /// The drop as the watcher would deliver it now.
  func settled(_ path: FilePath) throws -> SettledDrop {
    let sighting = try #require(try InboxScanner(layout: root.inbox, fileSystem: LinuxFileSystem()).sight(path))
    return SettledDrop(
      path: path, kind: sighting.kind, status: sighting.status, summary: sighting.summary, firstSeen: Timestamp(nanoseconds: 0))
  }

  @Test func a_claimed_file_lies_under_its_own_name_in_the_folder_of_its_drop() throws {
    let path = try root.drop("a,b\n1,2\n", as: "rows.csv", into: .dataset)
    let drop = try settled(path)
    guard case .claimed(let claimed) = try claim().take(drop) else {
      Issue.record("not claimed")
      return
    }
    #expect(claimed.id.text == "d-20261121T074803Z-5f0c21a9")
    #expect(claimed.kind == .dataset)
    #expect(claimed.name == "rows.csv")
    #expect(claimed.path == root.inbox.claim(claimed.id).appending("rows.csv"))
    #expect(claimed.receivedAt == Timestamp(nanoseconds: 1_795_247_283_000_000_000))
    #expect(try LinuxFileSystem().status(claimed.path).inode == drop.status.inode)
    #expect(
      try root.folder.contents() == ["inbox/.claimed/\(claimed.id)/rows.csv": "a,b\n1,2\n", "inbox/.claimed/\(claimed.id)/.dataset": ""])
  }

  @Test func each_step_is_durable_before_the_next_depends_on_it() throws {
    let path = try root.drop("x", as: "rows.csv", into: .dataset)
    let files = FaultyFileSystem()
    let drop = try settled(path)
    _ = try claim(files).take(drop)
    let id = "d-20261121T074803Z-5f0c21a9"
    #expect(
      files.trace(relativeTo: root.inbox.folder) == [
        "makeFolder .claimed/\(id)",
        "open creating .claimed/\(id)/.dataset",
        "open folder .claimed", "open folder .claimed", "sync .claimed",  // noted, then done
        "renameWithoutReplacing datasets/rows.csv -> .claimed/\(id)/rows.csv",
        "open folder .claimed/\(id)", "open folder datasets",  // noted
        "open folder .claimed/\(id)", "sync .claimed/\(id)",
        "open folder datasets", "sync datasets",
      ])
  }

  @Test func a_folder_is_claimed_whole() throws {
    try root.folder.write("{}", to: "inbox/models/qwen/config.json")
    try root.folder.write("w", to: "inbox/models/qwen/weights/model.safetensors")
    let drop = try settled(root.inbox.folder(of: .model).appending("qwen"))
    guard case .claimed(let claimed) = try claim().take(drop) else {
      Issue.record("not claimed")
      return
    }
    let place = "inbox/.claimed/\(claimed.id)"
    #expect(
      try root.folder.contents() == [
        "\(place)/.model": "", "\(place)/qwen/config.json": "{}", "\(place)/qwen/weights/model.safetensors": "w",
      ])
  }

  @Test func a_loose_drop_and_a_link_can_be_claimed() throws {
    let loose = try root.drop("{}", as: "job.json", into: nil)
    guard case .claimed(let claimed) = try claim().take(try settled(loose)) else {
      Issue.record("not claimed")
      return
    }
    #expect(claimed.kind == nil)
    #expect(try ClaimedDrop.list(root.inbox, LinuxFileSystem()).map(\.kind) == [nil])
  }

  @Test func what_has_changed_since_it_settled_stays() throws {
    let path = try root.drop("first", as: "rows.csv", into: .dataset)
    let drop = try settled(path)
    try LinuxFileSystem().writeInPlace(Array("second".utf8), to: path)
    #expect(try claim().take(drop) == .changed)
    #expect(try root.folder.contents() == ["inbox/datasets/rows.csv": "second"])
    #expect(!LinuxFileSystem().exists(root.inbox.claim(try #require(DropID("d-20261121T074803Z-5f0c21a9")))))
  }

  @Test func another_file_under_the_same_name_is_not_the_one_that_settled() throws {
    let path = try root.drop("first", as: "rows.csv", into: .dataset)
    let drop = try settled(path)
    try root.drop("other", as: "rows.csv", into: .dataset)
    #expect(try claim().take(drop) == .changed)
    #expect(try root.folder.contents() == ["inbox/datasets/rows.csv": "other"])
  }

  @Test func a_file_that_is_open_for_writing_again_stays() throws {
    let path = try root.drop("first", as: "rows.csv", into: .dataset)
    let drop = try settled(path)
    #expect(try claim(writes: { _ in .yes }).take(drop) == .changed)
    #expect(try root.folder.contents() == ["inbox/datasets/rows.csv": "first"])
  }

  @Test func what_is_gone_is_gone() throws {
    let path = try root.drop("first", as: "rows.csv", into: .dataset)
    let drop = try settled(path)
    try LinuxFileSystem().removeFile(path)
    #expect(try claim().take(drop) == .gone)
    #expect(try root.folder.contents().isEmpty)
  }

  /// Writes to the file in the moment after the check and before or after the rename.
  @Test func a_change_in_the_moment_of_the_rename_puts_it_back() throws {
    let path = try root.drop("first", as: "rows.csv", into: .dataset)
    let drop = try settled(path)
    let claimedPath = root.inbox.claimed.appending("d-20261121T074803Z-5f0c21a9").appending("rows.csv")
    // The writer is seen only under the name after the rename.
    let outcome = try claim(writes: { $0 == claimedPath ? .yes : .no }).take(drop)
    #expect(outcome == .changed)
    #expect(try root.folder.contents() == ["inbox/datasets/rows.csv": "first"])
    #expect(try LinuxFileSystem().names(in: root.inbox.claimed).isEmpty)
  }

  @Test func a_drop_whose_name_was_taken_meanwhile_goes_back_under_a_name_of_its_own() throws {
    let path = try root.drop("first", as: "rows.csv", into: .dataset)
    let drop = try settled(path)
    let root = root
    let claimedPath = root.inbox.claimed.appending("d-20261121T074803Z-5f0c21a9").appending("rows.csv")
    let outcome = try claim(writes: { asked in
      guard asked == claimedPath else { return .no }
      _ = try? root.drop("second", as: "rows.csv", into: .dataset)
      return .yes
    }).take(drop)
    #expect(outcome == .changed)
    #expect(
      try root.folder.contents() == [
        "inbox/datasets/rows.csv": "second", "inbox/datasets/d-20261121T074803Z-5f0c21a9-rows.csv": "first",
      ])
  }

  @Test func a_name_that_is_not_utf8_keeps_its_bytes() throws {
    let name = try #require(FilePath.Component(bytes: [0x61, 0xFF, 0x2E, 0x63, 0x73, 0x76]))
    let path = root.inbox.folder(of: .dataset).appending(name)
    try LinuxFileSystem().writeInPlace([1], to: path)
    guard case .claimed(let claimed) = try claim().take(try settled(path)) else {
      Issue.record("not claimed")
      return
    }
    #expect(claimed.path.lastComponent?.bytes == [0x61, 0xFF, 0x2E, 0x63, 0x73, 0x76])
    #expect(claimed.name == "a\u{FFFD}.csv")
    #expect(try ClaimedDrop.list(root.inbox, LinuxFileSystem()).map(\.path) == [claimed.path])
  }

  // MARK: what a crash leaves

  @Test func claims_left_by_a_crash_are_found_with_kind_and_time() throws {
    let files = LinuxFileSystem()
    let path = try root.drop("x", as: "rows.csv", into: .dataset)
    guard case .claimed(let claimed) = try claim().take(try settled(path)) else {
      Issue.record("not claimed")
      return
    }
    try files.makeFolder(root.inbox.claimed.appending("d-20261121T074804Z-00000001"))  // stopped before the rename
    try files.makeFolder(root.inbox.claimed.appending("something else"))
    #expect(try ClaimedDrop.list(root.inbox, files) == [claimed])
    #expect(try files.names(in: root.inbox.claimed).map(\.string) == [claimed.id.text, "something else"])
  }

  @Test func a_claim_is_closed_when_its_drop_has_moved_on() throws {
    let files = LinuxFileSystem()
    let path = try root.drop("x", as: "rows.csv", into: .dataset)
    guard case .claimed(let claimed) = try claim().take(try settled(path)) else {
      Issue.record("not claimed")
      return
    }
    #expect(throws: SystemError(.directoryNotEmpty, "remove the folder", claimed.folder)) { try claimed.close(files) }
    try files.rename(claimed.path, to: root.workspace.staging.appending("rows.csv"))
    try claimed.close(files)
    #expect(try files.names(in: root.inbox.claimed).isEmpty)
  }

  /// Kills the claim before each of its calls in turn; what starts afterwards finds the drop in exactly one place, whole.
  @Test(arguments: [false, true], [false, true])
  func wherever_a_claim_is_stopped_the_drop_is_in_one_place(isMounted: Bool, isFolder: Bool) throws {
    var points = 0
    for k in 1...200 {
      let root = try TemporaryRoot()
      let expected = isFolder ? ["a.csv": "12345", "deep/b.csv": "678"] : ["": "12345"]
      for (member, text) in expected {
        try root.folder.write(text, to: isFolder ? "inbox/datasets/reviews/\(member)" : "inbox/datasets/reviews")
      }
      let path = root.inbox.folder(of: .dataset).appending("reviews")
      let files = FaultyFileSystem(mount: isMounted ? root.inbox.folder(of: .dataset) : nil)
      let sighting = try #require(try InboxScanner(layout: root.inbox, fileSystem: LinuxFileSystem()).sight(path))
      let drop = SettledDrop(
        path: path, kind: .dataset, status: sighting.status, summary: sighting.summary, firstSeen: Timestamp(nanoseconds: 0))
      files.stop(at: k)
      let claim = Claim(layout: root.inbox, fileSystem: files, clock: clock.clock, random: { 1 }, openForWriting: { _ in .no })
      let outcome = try? claim.take(drop)
      let wasStopped = files.hasFailed

      let recovered = try ClaimedDrop.list(root.inbox, LinuxFileSystem())
      #expect(recovered.count <= 1)
      if case .claimed(let claimed) = outcome { #expect(recovered.first?.path == claimed.path) }
      let place = recovered.first?.path ?? path
      for (member, text) in expected {
        let file = member.isEmpty ? place : place.pushing(FilePath(member))
        #expect(try LinuxFileSystem().contents(of: file) == Array(text.utf8), "stopped at call \(k)")
      }
      if let kind = recovered.first?.kind { #expect(kind == .dataset) }
      // Nothing else is left: no second copy, no hidden folder, no claim without a drop.
      let marks = recovered.isEmpty ? 0 : 1
      let left = try root.folder.contents()
      #expect(left.count == expected.count + marks, "stopped at call \(k): \(left)")
      #expect(try LinuxFileSystem().names(in: root.inbox.claimed).count == recovered.count)
      #expect(try LinuxFileSystem().names(in: root.inbox.folder(of: .dataset)).count == 1 - recovered.count)
      if !wasStopped { break }
      points += 1
    }
    #expect(points >= (isMounted ? 12 : 5), "the claim was stopped at \(points) points only")
  }

  /// Each call fails once and the claim cleans up behind itself.
  @Test(arguments: [false, true])
  func a_failing_call_never_loses_a_drop(isMounted: Bool) throws {
    var failures = 0
    for k in 1...200 {
      let root = try TemporaryRoot()
      let path = try root.drop("12345", as: "rows.csv", into: .dataset)
      let files = FaultyFileSystem(mount: isMounted ? root.inbox.folder(of: .dataset) : nil)
      let sighting = try #require(try InboxScanner(layout: root.inbox, fileSystem: LinuxFileSystem()).sight(path))
      let drop = SettledDrop(path: path, kind: .dataset, status: sighting.status, firstSeen: Timestamp(nanoseconds: 0))
      files.fail(.noSpace, at: k)
      let claim = Claim(layout: root.inbox, fileSystem: files, clock: clock.clock, random: { 1 }, openForWriting: { _ in .no })
      let outcome = Result { try claim.take(drop) }
      guard files.hasFailed else { break }
      failures += 1
      if case .failure(let error) = outcome { #expect((error as? SystemError)?.code == .noSpace) }
      let recovered = try ClaimedDrop.list(root.inbox, LinuxFileSystem())
      let place = recovered.first?.path ?? path
      #expect(try LinuxFileSystem().contents(of: place) == Array("12345".utf8))
      #expect(try LinuxFileSystem().names(in: root.inbox.folder(of: .dataset)).count == 1 - recovered.count)
      #expect(try LinuxFileSystem().names(in: root.inbox.claimed).count == recovered.count)
    }
    #expect(failures > 4)
  }
}
