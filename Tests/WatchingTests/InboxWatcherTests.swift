import Domain
import Platform
import SystemPackage
import TestSupport
import Testing
import Watching

/// The real kernel, real files, short settle times. Each test ends when the drop that it waits for comes.
@Suite(.timeLimit(.minutes(20)))
struct InboxWatcherTests {
  @Test func a_file_renamed_into_a_folder_is_delivered() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      let path = try watched.root.drop("a\n1\n", as: "rows.csv", into: .dataset)
      let drop = await watched.next()
      #expect(drop?.path == path)
      #expect(drop?.kind == .dataset)
      #expect(drop?.size == 4)
      #expect(drop?.refusal == nil)
      #expect(await watched.watcher.waiting.isEmpty)
    }
  }

  @Test(arguments: [DropKind?.none] + DropKind.allCases.map(Optional.some))
  func every_folder_of_the_inbox_is_watched(kind: DropKind?) async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      let path = try watched.root.drop("{}", as: "a.json", into: kind)
      let drop = await watched.next()
      #expect(drop?.path == path)
      #expect(drop?.kind == kind)
    }
  }

  @Test func a_file_written_in_place_is_delivered_when_it_has_settled() async throws {
    try await Watched.run(settleSeconds: 0.1) { watched in
      let path = watched.folder(.dataset).appending("rows.csv")
      let files = LinuxFileSystem()
      let file = try files.open(path, .writing)
      try write("a\n", file)
      try write("1\n", file)
      try files.close(file)
      let closed = WallClock.system.monotonic()
      let drop = await watched.next()
      #expect(WallClock.system.monotonic() - closed >= 100_000_000)
      #expect(drop?.path == path)
      #expect(drop?.size == 4)
    }
  }

  @Test func a_file_held_open_is_delivered_after_it_is_closed() async throws {
    try await Watched.run(settleSeconds: 0.05) { watched in
      let held = watched.folder(.dataset).appending("held.csv")
      let files = LinuxFileSystem()
      let file = try files.open(held, .writing)
      try write("half", file)
      // Written later, settled long before the other is closed.
      try watched.root.folder.write("whole", to: "inbox/datasets/other.csv")
      #expect(await watched.next()?.displayName == "other.csv")
      await watched.watcher.rescan()
      #expect(await watched.watcher.waiting.map(\.path) == [held])
      try write(" and half", file)
      try files.close(file)
      let drop = await watched.next()
      #expect(drop?.path == held)
      #expect(drop?.size == 13)
    }
  }

  @Test func a_job_file_written_in_place_shows_that_it_is_whole() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      try watched.root.folder.write(#"{"name": "a", "#, to: "inbox/jobs/half.json")
      try watched.root.folder.write(#"{"name": "a", "dataset": "b", "config": "c"}"#, to: "inbox/jobs/whole.json")
      #expect(await watched.next()?.displayName == "whole.json")
      #expect(await watched.watcher.waiting.map(\.path.displayName) == ["half.json"])
    }
  }

  @Test func what_came_while_nobody_watched_is_found_at_the_start() async throws {
    let root = try TemporaryRoot()
    try root.folder.write("old", to: "inbox/datasets/old.csv")
    try root.folder.write("old", to: "inbox/models/qwen/config.json")
    try await Watched.run(settleSeconds: 0.05, root: root) { watched in
      #expect(Set(await watched.next(2).map(\.displayName)) == ["old.csv", "qwen"])
    }
  }

  @Test func a_hard_link_and_an_unnamed_file_linked_in_are_delivered() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      let source = try watched.root.folder.write("linked", to: "elsewhere.csv")
      let target = watched.folder(.dataset).appending("linked.csv")
      try SpecialFiles.makeHardLink(source, target)
      #expect(await watched.next()?.path == target)

      let name = watched.folder(.dataset).appending("unnamed.csv")
      try SpecialFiles.writeUnnamedThenLink([1, 2, 3, 4, 5], to: name)
      let drop = await watched.next()
      #expect(drop?.path == name)
      #expect(drop?.size == 5)
    }
  }

  @Test func links_and_pipes_are_delivered_with_their_refusal() async throws {
    try await Watched.run { watched in
      try SpecialFiles.makeSymbolicLink(watched.folder(.dataset).appending("link.csv"), to: "/etc/hostname")
      #expect(await watched.next()?.refusal?.code == "drop.symlink")
      try SpecialFiles.makePipe(watched.folder(.dataset).appending("pipe.csv"))
      #expect(await watched.next()?.refusal?.code == "drop.special-file")
    }
  }

  @Test func a_new_version_renamed_over_a_delivered_file_is_delivered_too() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      try watched.root.drop("one", as: "rows.csv", into: .dataset)
      #expect(await watched.next()?.size == 3)
      try watched.root.drop("three", as: "rows.csv", into: .dataset)
      #expect(await watched.next()?.size == 5)
    }
  }

  @Test func temporary_names_are_passed_over_until_their_rename() async throws {
    try await Watched.run(settleSeconds: 0.02) { watched in
      try watched.root.folder.write("half", to: "inbox/datasets/rows.csv.part")
      try watched.root.folder.write("half", to: "inbox/datasets/.rows.csv.Xy3kQz")
      try watched.root.folder.write("x", to: "inbox/datasets/.DS_Store")
      try watched.root.folder.write("last", to: "inbox/datasets/last.csv")
      #expect(await watched.next()?.displayName == "last.csv")
      let folder = watched.folder(.dataset)
      try LinuxFileSystem().rename(folder.appending("rows.csv.part"), to: folder.appending("rows.csv"))
      #expect(await watched.next()?.displayName == "rows.csv")
    }
  }

  @Test func a_name_that_is_not_utf8_is_delivered_with_its_bytes() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      let name = try #require(FilePath.Component(bytes: [0xC3, 0x28, 0x2E, 0x63, 0x73, 0x76]))
      let path = watched.folder(.dataset).appending(name)
      let elsewhere = try watched.root.folder.write("x", to: "elsewhere")
      try LinuxFileSystem().rename(elsewhere, to: path)
      let drop = await watched.next()
      #expect(drop?.path.lastComponent?.bytes == [0xC3, 0x28, 0x2E, 0x63, 0x73, 0x76])
      #expect(drop?.displayName == "\u{FFFD}(.csv")
    }
  }

  // MARK: folders

  @Test func a_folder_moved_in_is_delivered_with_everything_in_it() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      try watched.root.folder.write("{}", to: "elsewhere/qwen/config.json")
      try watched.root.folder.write("12345", to: "elsewhere/qwen/deep/model.safetensors")
      try LinuxFileSystem().rename(
        watched.root.folder.path.appending("elsewhere").appending("qwen"), to: watched.folder(.model).appending("qwen"))
      let drop = await watched.next()
      #expect(drop?.kind == .model)
      #expect(drop?.summary?.files == 2)
      #expect(drop?.size == 7)
    }
  }

  @Test func a_folder_copied_in_is_delivered_once_and_whole() async throws {
    try await Watched.run(settleSeconds: 0.15) { watched in
      for index in 0..<20 { try watched.root.folder.write("x", to: "inbox/datasets/reviews/part-\(index % 4)/deep/\(index).csv") }
      let drop = await watched.next()
      #expect(drop?.displayName == "reviews")
      #expect(drop?.summary?.files == 20)
      try watched.root.drop("x", as: "last.csv", into: .dataset)
      #expect(await watched.next()?.displayName == "last.csv")
    }
  }

  @Test func a_file_renamed_inside_a_dropped_folder_lets_it_settle() async throws {
    try await Watched.run(settleSeconds: 0.05) { watched in
      let part = try watched.root.folder.write("x", to: "inbox/datasets/reviews/deep/a.csv.part")
      try watched.root.folder.write("x", to: "inbox/datasets/other.csv")
      #expect(await watched.next()?.displayName == "other.csv")
      #expect(await watched.watcher.waiting.map(\.reason) == [.unfinishedMember("deep/a.csv.part")])
      try LinuxFileSystem().rename(part, to: part.removingLastComponent().appending("a.csv"))
      #expect(await watched.next()?.displayName == "reviews")
    }
  }

  /// A watch that is added to a new folder says nothing of what was made in it before: measured, 300 such trees made at once
  /// showed none of their files to a watcher that did not look after it had added the watch.
  @Test func trees_made_at_once_are_all_found_with_their_files() async throws {
    try await Watched.run(settleSeconds: 0.2) { watched in
      let root = watched.root
      let makers = 8
      try await withThrowingTaskGroup(of: Void.self) { group in
        for maker in 0..<makers {
          group.addTask {
            for index in 0..<10 { try root.folder.write("x", to: "inbox/datasets/tree-\(maker)-\(index)/a/b/c/file.csv") }
          }
        }
        try await group.waitForAll()
      }
      let drops = await watched.next(makers * 10)
      #expect(Set(drops.map(\.displayName)).count == makers * 10)
      #expect(drops.allSatisfy { $0.summary?.files == 1 })
    }
  }

  // MARK: many

  @Test func each_of_many_files_is_delivered_exactly_once() async throws {
    try await Watched.run(settleSeconds: 0.3) { watched in
      for index in 0..<300 {
        if index % 2 == 0 {
          try watched.root.drop("x", as: "\(index).csv", into: .dataset)
        } else {
          try watched.root.folder.write("x", to: "inbox/datasets/\(index).csv")
        }
      }
      let names = await watched.next(300).map(\.displayName)
      #expect(Set(names).count == 300)
      // Nothing comes a second time: what comes next is what is dropped next.
      await watched.watcher.rescan()
      try watched.root.drop("x", as: "last.csv", into: .dataset)
      #expect(await watched.next()?.displayName == "last.csv")
    }
  }

  private func write(_ text: String, _ file: FileDescriptor) throws {
    var text = text
    try text.withUTF8 { try LinuxFileSystem().writeAll(file, UnsafeRawBufferPointer($0)) }
  }
}
