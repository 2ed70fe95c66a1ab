import Platform
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

struct FileSystemTests {
  let folder: TemporaryFolder
  let files = LinuxFileSystem()

  init() throws { folder = try TemporaryFolder() }

  @Test func each_mode_of_opening_does_what_it_says() throws {
    let path = folder.path.appending("a")
    func write(_ text: String, _ mode: OpenMode) throws {
      let file = try files.open(path, mode)
      var text = text
      try text.withUTF8 { try files.writeAll(file, UnsafeRawBufferPointer($0)) }
      try files.close(file)
    }
    #expect(throws: SystemError(.noSuchFileOrDirectory, "open for reading", path)) { try files.open(path, .reading) }
    try write("12345", .creating)
    #expect(throws: SystemError(.fileExists, "open for writing", path)) { try files.open(path, .creating) }
    try write("67", .appending)
    #expect(try files.contents(of: path) == Array("1234567".utf8))
    try write("X", .readingAndWriting)
    #expect(try files.contents(of: path) == Array("X234567".utf8))
    try write("new", .writing)
    #expect(try files.contents(of: path) == Array("new".utf8))
    #expect(throws: SystemError(.notDirectory, "open for reading", path)) { try files.open(path, .folder) }
  }

  @Test func a_file_can_be_cut_and_read_from_the_middle() throws {
    let path = try folder.write("0123456789", to: "a")
    let file = try files.open(path, .readingAndWriting)
    try files.truncate(file, to: 6)
    try files.seek(file, to: 4)
    var chunk = [UInt8](repeating: 0, count: 10)
    #expect(try files.readChunk(file, &chunk) == 2)
    #expect(Array(chunk[..<2]) == Array("45".utf8))
    #expect(try files.readChunk(file, &chunk) == 0)
    #expect(try files.status(of: file).size == 6)
    try files.close(file)
  }

  @Test func a_status_says_what_a_path_is() throws {
    let path = try folder.write("12345", to: "a")
    let linked = folder.path.appending("b")
    try SpecialFiles.makeHardLink(path, linked)
    try SpecialFiles.makeSymbolicLink(folder.path.appending("link"), to: path)
    try SpecialFiles.makePipe(folder.path.appending("pipe"))
    let status = try files.status(path)
    #expect(status.kind == .file)
    #expect(status.size == 5)
    #expect(status.links == 2)
    #expect(try files.status(linked).inode == status.inode)
    #expect(try files.status(folder.path).kind == .folder)
    #expect(try files.status(folder.path.appending("link")).kind == .symlink)
    #expect(try files.status(folder.path.appending("pipe")).kind == .other)
    #expect(try files.statusIfPresent(folder.path.appending("nothing")) == nil)
    #expect(abs(status.changed - WallClock.system.now()) < 60_000_000_000)
  }

  @Test func names_come_sorted_by_their_bytes_and_whole() throws {
    for name in ["b", "B", "a", "10", "9", "é", "z"] { try folder.write("", to: name) }
    let odd = try #require(FilePath.Component(bytes: [0x61, 0xFF]))
    try files.writeInPlace([], to: folder.path.appending(odd))
    let names = try files.names(in: folder.path)
    #expect(names.map(\.bytes) == names.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) })
    #expect(names.filter { $0 != odd }.map(\.string) == ["10", "9", "B", "a", "b", "z", "é"])
    #expect(names.contains(odd))
    #expect(throws: SystemError(.noSuchFileOrDirectory, "list the folder", folder.path.appending("nothing"))) {
      try files.names(in: folder.path.appending("nothing"))
    }
  }

  @Test func a_rename_that_may_not_replace_does_not() throws {
    let from = try folder.write("new", to: "a")
    let to = try folder.write("old", to: "b")
    #expect(throws: SystemError(.fileExists, "rename", from, to: to)) { try files.renameWithoutReplacing(from, to: to) }
    #expect(try folder.contents() == ["a": "new", "b": "old"])
    try files.rename(from, to: to)
    #expect(try folder.contents() == ["b": "new"])
  }

  @Test func a_disk_has_space() throws {
    let space = try files.space(at: folder.path)
    #expect(space.total > 0)
    #expect(space.free <= space.total)
    #expect(!FileSystemType.isRemote(folder.path))
  }

  // MARK: trees

  @Test func folders_are_made_with_those_above_them() throws {
    let deep = folder.path.pushing("a/b/c")
    try files.makeFolders(deep)
    try files.makeFolders(deep)
    #expect(files.isFolder(deep))
    let file = try folder.write("x", to: "file")
    #expect(throws: SystemError(.fileExists, "make the folder", file)) { try files.makeFolders(file) }
    #expect(throws: SystemError(.notDirectory, "make the folder", file.appending("b"))) { try files.makeFolders(file.appending("b")) }
    // A link to a folder is as good as one: an inbox may lie on a larger disk.
    let link = folder.path.appending("link")
    try SpecialFiles.makeSymbolicLink(link, to: deep)
    try files.makeFolders(link)
    try files.makeFolders(link.appending("d"))
    #expect(files.isFolder(deep.appending("d")))
  }

  @Test func a_tree_is_removed_and_links_are_not_followed() throws {
    try folder.write("x", to: "keep/me")
    try folder.write("x", to: "tree/a/b")
    try SpecialFiles.makeSymbolicLink(folder.path.pushing("tree/link"), to: folder.path.appending("keep"))
    try files.removeTree(folder.path.appending("tree"))
    #expect(try folder.contents() == ["keep/me": "x"])
    #expect(!files.exists(folder.path.appending("tree")))
    try files.removeTree(folder.path.appending("tree"))
    try files.removeTree(folder.path.pushing("keep/me"))
    #expect(try folder.contents().isEmpty)
  }

  @Test func a_walk_lists_every_file_in_a_fixed_order() throws {
    for name in ["b", "a/z", "a/b/c", "c/d"] { try folder.write(name, to: name) }
    try SpecialFiles.makeSymbolicLink(folder.path.pushing("a/link"), to: "/nothing")
    let found = try files.walk(folder.path)
    #expect(found.map(\.path) == ["a/b/c", "a/link", "a/z", "b", "c/d"])
    #expect(found.map(\.status.kind) == [.file, .symlink, .file, .file, .file])
    #expect(found.map(\.status.size)[0] == 5)
  }

  @Test func contents_beyond_the_limit_are_refused() throws {
    let path = try folder.write("12345", to: "a")
    #expect(try files.contents(of: path, limit: 5) == Array("12345".utf8))
    #expect(throws: SystemError(.fileTooLarge, "read", path)) { try files.contents(of: path, limit: 4) }
    #expect(try files.contents(of: try folder.write("", to: "empty")).isEmpty)
  }

  @Test func a_file_that_has_no_size_is_read_to_its_end() throws {
    // Files of the kernel say 0 bytes and have content.
    #expect(try !files.contents(of: "/proc/self/status").isEmpty)
  }

  // MARK: memory and hashes

  @Test func a_file_as_memory() throws {
    let path = try folder.write("0123456789", to: "a")
    let mapped = try MappedFile(path)
    #expect(Array(mapped.bytes) == Array("0123456789".utf8))
    try files.removeFile(path)
    #expect(mapped.bytes[9] == UInt8(ascii: "9"))
    #expect(try MappedFile(try folder.write("", to: "empty")).bytes.isEmpty)
    #expect(throws: SystemError(.noSuchFileOrDirectory, "open for reading", path)) { try MappedFile(path) }
  }

  /// FIPS 180-4's examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func hashes_are_those_of_the_standard(text: String, hash: String) throws {
    #expect(SHA256.hash(text.utf8) == hash)
    let path = try folder.write(text, to: "a")
    let (sha256, bytes) = try files.sha256(of: path)
    #expect(sha256 == hash)
    #expect(bytes == text.utf8.count)
  }

  @Test func a_hash_does_not_depend_on_the_pieces() throws {
    let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    var hash = SHA256()
    for piece in [1, 63, 64, 65, 999_807] { hash.update(million.prefix(piece)) }
    #expect(hash.finish() == expected)
    #expect(try files.sha256(of: try folder.write(million, to: "a")).sha256 == expected)
    let failing = FaultyFileSystem()
    failing.fail(.ioError, at: 1, of: [.read])
    #expect(throws: SystemError(.ioError, "read")) { try failing.sha256(of: folder.path.appending("a")) }
    #expect(failing.calls.last?.operation == .close)
  }

  @Test func bytes_are_written_as_digits() { #expect([UInt8]([0, 1, 0x7F, 0xAB, 0xFF]).hexadecimal == "00017fabff") }

  @Test func names_can_be_made_of_any_bytes() {
    #expect(FilePath.Component(bytes: [0xFF, 0x61])?.bytes == [0xFF, 0x61])
    #expect(FilePath.Component(bytes: []) == nil)
    #expect(FilePath.Component(bytes: [0x61, 0x2F, 0x62]) == nil)
    #expect(FilePath.Component(bytes: [0x61, 0x00]) == nil)
  }

  // MARK: errors

  @Test func an_error_says_what_happened_to_what() {
    let error = SystemError(.noSpace, "rename", "/a/b", to: "/c")
    #expect(error.description == "rename '/a/b' to '/c': No space left on device")
    #expect(error.mend == "Free space on the disk; work goes on by itself then.")
    #expect(SystemError(.permissionDenied, "open for reading", "/a").description == "open for reading '/a': Permission denied")
    #expect(SystemError(.ioError, "fsync").description == "fsync: Input/output error")
    let mends: [(Errno, String?)] = [
      (.diskQuotaExceeded, "The disk quota is used up: delete files or have the quota raised."),
      (.permissionDenied, "Give the agent's user the right to it: chmod or chown the path named."),
      (.notPermitted, "Give the agent's user the right to it: chmod or chown the path named."),
      (.readOnlyFileSystem, "The file system is mounted read-only: remount it for writing."),
      (.tooManyOpenFiles, "Too many files are open: raise LimitNOFILE in the service's unit, or ulimit -n."),
      (.ioError, "The disk reported a failure: look at the system's log (journalctl -k) before anything else."),
      (.noSuchFileOrDirectory, nil),
    ]
    for (code, mend) in mends { #expect(SystemError(code, "x").mend == mend) }
  }

  @Test func a_failing_file_system_fails_where_it_is_told_to() throws {
    let failing = FaultyFileSystem()
    failing.fail(.noSpace, at: 2, of: [.makeFolder])
    try failing.makeFolder(folder.path.appending("a"))
    #expect(throws: SystemError(.noSpace, "makeFolder", folder.path.appending("b"))) { try failing.makeFolder(folder.path.appending("b")) }
    try failing.makeFolder(folder.path.appending("b"))
    failing.stop(at: 1)
    for _ in 0..<3 { #expect(throws: SystemError.self) { try failing.makeFolder(folder.path.appending("c")) } }
    #expect(try failing.names(in: folder.path).map(\.string) == ["a", "b"])
    let mounted = FaultyFileSystem(mount: folder.path.appending("a"))
    let (from, to) = (folder.path.appending("b"), folder.path.appending("a").appending("b"))
    #expect(throws: SystemError(.improperLink, "rename", from, to: to)) { try mounted.renameWithoutReplacing(from, to: to) }
  }
}
