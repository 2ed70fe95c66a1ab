import Platform
import SystemPackage
import TestSupport
import Testing

/// What the kernel tells of each way in which a file can come: the rules of the watcher stand on it.
@Suite(.timeLimit(.minutes(20)))
struct InotifyTests {
  /// Watches a folder and does something in it: the events of it, as `CREATE name`, equal ones in a row once.
  private func events(
    in folder: TemporaryFolder? = nil, before: (TemporaryFolder) throws -> Void = { _ in }, _ body: (TemporaryFolder) throws -> Void
  ) async throws -> [String] {
    let folder = try folder ?? TemporaryFolder()
    let inbox = try folder.makeFolder("inbox")
    try before(folder)
    let inotify = try Inotify()
    defer { inotify.stop() }
    _ = try inotify.watch(inbox)
    try body(folder)
    let files = LinuxFileSystem()
    if !files.isFolder(inbox) { return try await collect(inotify, until: { $0.isIgnored }) }
    try files.makeFolder(inbox.appending("the end"))
    return try await collect(inotify, until: { $0.name == Array("the end".utf8) })
  }

  private func collect(_ inotify: Inotify, until isLast: (Inotify.Event) -> Bool) async throws -> [String] {
    var told: [String] = []
    for await batch in inotify.batches {
      for event in batch {
        if isLast(event) { return told }
        let what = event.traceNames.joined(separator: "+")
        let line = what + (event.isFolder ? "/ " : " ") + String(decoding: event.name, as: UTF8.self)
        if told.last != line { told.append(line) }
      }
    }
    return told
  }

  private let files = LinuxFileSystem()

  @Test func writing_in_place() async throws {
    let told = try await events { try $0.write("text", to: "inbox/a") }
    #expect(told == ["CREATE a", "MODIFY a", "CLOSE_WRITE a"])
  }

  @Test func renaming_in_and_over() async throws {
    let told = try await events(before: { try $0.write("text", to: "a") }) { folder in
      try files.rename(folder.path.appending("a"), to: folder.path.pushing("inbox/a"))
      try folder.write("more", to: "b")
      try files.rename(folder.path.appending("b"), to: folder.path.pushing("inbox/a"))
    }
    #expect(told == ["MOVED_TO a"])
  }

  @Test func renaming_inside() async throws {
    let told = try await events { folder in
      try folder.write("text", to: "inbox/a.part")
      try files.rename(folder.path.pushing("inbox/a.part"), to: folder.path.pushing("inbox/a"))
    }
    #expect(told == ["CREATE a.part", "MODIFY a.part", "CLOSE_WRITE a.part", "GONE a.part", "MOVED_TO a"])
  }

  @Test func a_hard_link_gives_its_creation_only() async throws {
    let told = try await events(before: { try $0.write("text", to: "a") }) { folder in
      try SpecialFiles.makeHardLink(folder.path.appending("a"), folder.path.pushing("inbox/a"))
    }
    #expect(told == ["CREATE a"])
  }

  @Test func an_unnamed_file_linked_in_gives_its_creation_only() async throws {
    let told = try await events { try SpecialFiles.writeUnnamedThenLink([1, 2, 3], to: $0.path.pushing("inbox/a")) }
    // What is written before it has a name is told of the folder's file "#<inode>", if at all.
    #expect(told.filter { $0.hasSuffix(" a") } == ["CREATE a"])
  }

  @Test func links_and_pipes_give_their_creation_only() async throws {
    let told = try await events { folder in
      try SpecialFiles.makeSymbolicLink(folder.path.pushing("inbox/link"), to: "/nothing")
      try SpecialFiles.makePipe(folder.path.pushing("inbox/pipe"))
    }
    #expect(told == ["CREATE link", "CREATE pipe"])
  }

  @Test func writing_through_another_link_gives_nothing() async throws {
    let told = try await events(before: { folder in
      try folder.write("text", to: "inbox/a")
      try SpecialFiles.makeHardLink(folder.path.pushing("inbox/a"), folder.path.appending("b"))
    }) { folder in
      try folder.write("other text", to: "b")
    }
    #expect(told.isEmpty)
  }

  @Test func a_tree_moved_in_gives_one_event_for_all_of_it() async throws {
    let told = try await events(before: { try $0.write("x", to: "tree/deep/a") }) { folder in
      try files.rename(folder.path.appending("tree"), to: folder.path.pushing("inbox/tree"))
    }
    #expect(told == ["MOVED_TO/ tree"])
  }

  @Test func a_tree_made_inside_gives_its_top_only() async throws {
    let told = try await events { try $0.write("x", to: "inbox/a/b/c/file") }
    #expect(told == ["CREATE/ a"])
  }

  @Test func removing_gives_the_name() async throws {
    let told = try await events(before: { try $0.write("x", to: "inbox/a") }) { try files.removeFile($0.path.pushing("inbox/a")) }
    #expect(told == ["GONE a"])
  }

  @Test func the_end_of_the_folder_is_told() async throws {
    let told = try await events { try files.removeTree($0.path.appending("inbox")) }
    #expect(told == ["SELF "])
  }

  @Test func a_renamed_folder_tells_and_its_watch_goes_with_it() async throws {
    let folder = try TemporaryFolder()
    let inbox = try folder.makeFolder("inbox")
    let inotify = try Inotify()
    defer { inotify.stop() }
    let watch = try inotify.watch(inbox)
    let moved = folder.path.appending("moved")
    try files.rename(inbox, to: moved)
    try folder.write("x", to: "moved/a")
    // The same folder, the same watch; another at the old path, another watch.
    #expect(try inotify.watch(moved) == watch)
    try folder.makeFolder("inbox")
    #expect(try inotify.watch(inbox) != watch)
    let told = try await collect(inotify, until: { $0.isClosedAfterWriting })
    #expect(told == ["SELF ", "CREATE a", "MODIFY a"])
  }

  @Test func names_keep_their_bytes() async throws {
    let folder = try TemporaryFolder()
    let inotify = try Inotify()
    defer { inotify.stop() }
    _ = try inotify.watch(folder.path)
    let name = try #require(FilePath.Component(bytes: [0xC3, 0x28, 0xFF]))
    try files.makeFolder(folder.path.appending(name))
    var batches = inotify.batches.makeAsyncIterator()
    let event = try #require(await batches.next()?.first)
    #expect(event.name == [0xC3, 0x28, 0xFF])
    #expect(event.component == name)
    #expect(event.isCreated && event.isFolder && !event.isGone && !event.isOverflow)
  }

  @Test func a_file_cannot_be_watched_nor_what_is_not_there() throws {
    let folder = try TemporaryFolder()
    let inotify = try Inotify()
    defer { inotify.stop() }
    let file = try folder.write("x", to: "a")
    #expect(throws: SystemError(.notDirectory, "watch the folder", file)) { try inotify.watch(file) }
    #expect(throws: SystemError(.noSuchFileOrDirectory, "watch the folder", folder.path.appending("b"))) {
      try inotify.watch(folder.path.appending("b"))
    }
  }

  @Test func stopping_ends_the_stream_and_may_be_said_again() async throws {
    let folder = try TemporaryFolder()
    let inotify = try Inotify()
    inotify.stop()
    var batches = inotify.batches.makeAsyncIterator()
    #expect(await batches.next() == nil)
    inotify.stop()
    // The descriptors are closed with the last reference: a late call meets no other file's number.
    _ = try inotify.watch(folder.path)
  }

  @Test func unwatching_silences_a_folder() async throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("a")
    try folder.makeFolder("b")
    let inotify = try Inotify()
    defer { inotify.stop() }
    let watch = try inotify.watch(folder.path.appending("a"))
    _ = try inotify.watch(folder.path.appending("b"))
    inotify.unwatch(watch)
    try folder.write("x", to: "a/quiet")
    try folder.write("x", to: "b/loud")
    #expect(try await collect(inotify, until: { $0.isClosedAfterWriting }) == ["SELF ", "CREATE loud", "MODIFY loud"])
  }
}

extension Inotify.Event {
  fileprivate var traceNames: [String] {
    var names: [String] = []
    if isMovedIn { names.append("MOVED_TO") }
    if isCreated { names.append("CREATE") }
    if isModified { names.append("MODIFY") }
    if isClosedAfterWriting { names.append("CLOSE_WRITE") }
    if isAttributes { names.append("ATTRIB") }
    if isGone { names.append("GONE") }
    if isWatchGone { names.append("SELF") }
    if isOverflow { names.append("OVERFLOW") }
    return names
  }
}
