import Platform
import SystemPackage
import TestSupport
import Testing

@testable import DatasetFormats

/// Files that are written past the page cache: what comes out is what went in, whatever the file system makes of it.
struct BlockFileTests {
  /// Three whole blocks past the first megabyte, one that is no page, one more, and a patch at the start.
  private func write(_ fileSystem: any FileSystem, to path: FilePath) throws -> [UInt8] {
    let file = try BlockFile(path, fileSystem)
    let buffers = BufferPair(byteCount: 1 << 20)
    var expected: [UInt8] = []
    for (number, count) in [1 << 20, 1 << 20, 1 << 20, 1 << 20, 5_000, 1 << 20, 77].enumerated() {
      try file.turn()
      let block = UnsafeMutableRawBufferPointer(rebasing: buffers.next()[..<count])
      for index in block.indices { block[index] = UInt8(truncatingIfNeeded: index &* 31 &+ number) }
      expected += Array(block)
      file.submit(UnsafeRawBufferPointer(block))
    }
    try file.finish(patch: (Array("patch".utf8), 3))
    expected.replaceSubrange(3..<8, with: Array("patch".utf8))
    return expected
  }

  @Test func what_is_written_past_the_cache_is_what_was_meant() throws {
    let folder = try TemporaryFolder()
    let files = LinuxFileSystem()
    let path = folder.path.appending("blocks")
    let expected = try write(files, to: path)
    #expect(try files.contents(of: path) == expected)
  }

  @Test(arguments: [2, 3, 4])
  func a_file_system_that_takes_the_flag_and_not_the_write_gets_it_through_the_cache(_ at: Int) throws {
    let folder = try TemporaryFolder()
    let files = FaultyFileSystem()
    files.fail(.invalidArgument, at: at, of: [.write])
    let path = folder.path.appending("blocks")
    do {
      let expected = try write(files, to: path)
      #expect(try LinuxFileSystem().contents(of: path) == expected)
    } catch {
      // Where the file system has no way past the cache, such an error is one.
      let file = try LinuxFileSystem().open(path, .writing)
      #expect(!LinuxFileSystem().passByCache(file, true))
      try LinuxFileSystem().close(file)
    }
  }

  @Test func a_disk_that_fills_up_is_told_by_the_next_turn_or_the_end() throws {
    let folder = try TemporaryFolder()
    let files = FaultyFileSystem()
    files.fail(.noSpace, at: 3, of: [.write])
    #expect(throws: SystemError(.noSpace, "write")) { try write(files, to: folder.path.appending("blocks")) }
  }
}
