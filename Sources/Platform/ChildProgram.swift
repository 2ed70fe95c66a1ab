import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Runs a program with files in memory as its standard streams, for so many seconds at most. Its group is killed when it takes longer.
package struct ChildProgram: Sendable {
  package struct Run: Equatable, Sendable {
    /// What it exited with, or 128 and the signal that ended it.
    package var status: Int32
    package var output: String
    package var errors: String
  }

  /// Why there is no result, as the end of a sentence.
  package struct Failure: Error, Equatable {
    package var what: String
    init(_ what: String) { self.what = what }
  }

  private let words: [String]
  private let folder: FilePath

  package init(_ words: [String], folder: FilePath) {
    self.words = words
    self.folder = folder
  }

  /// - Throws: `Failure` where it cannot be started, or takes too long.
  package func run(input: [UInt8], timeout: Double) throws(Failure) -> Run {
    guard let program = words.first else { throw Failure("it names no program") }
    // Unnamed files: whatever is written there is gone with the descriptors, and no pipe can fill up.
    var streams: [Int32] = []
    defer { for stream in streams { close(stream) } }
    for _ in 0..<3 { streams.append(try Self.unnamedFile()) }
    try Self.write(input, to: streams[0])
    lseek(streams[0], 0, SEEK_SET)
    let child = try start(program, streams)
    let status = try wait(child, program, timeout)
    return Run(status: status, output: Self.text(streams[1]), errors: Self.text(streams[2]))
  }

  private func start(_ program: String, _ streams: [Int32]) throws(Failure) -> pid_t {
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let child = folder.withPlatformString { cl_spawn(&arguments, $0, streams[0], streams[1], streams[2]) }
    guard child > 0 else { throw Failure("'\(program)' cannot be started: \(String(cString: strerror(-child)))") }
    return child
  }

  private func wait(_ child: pid_t, _ program: String, _ timeout: Double) throws(Failure) -> Int32 {
    var status: Int32 = 0
    let polls = max(1, Int(timeout / 0.005))
    for _ in 0..<polls {
      if waitpid(child, &status, WNOHANG) == child {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
      }
      usleep(5_000)
    }
    kill(-child, SIGKILL)
    waitpid(child, &status, 0)
    throw Failure("'\(program)' took longer than \(Int(timeout)) seconds")
  }

  private static func unnamedFile() throws(Failure) -> Int32 {
    let file = cl_memory_file("child")
    guard file >= 0 else { throw Failure("no memory for what it reads and writes: \(String(cString: strerror(errno)))") }
    return file
  }

  private static func write(_ bytes: [UInt8], to file: Int32) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, bytes.count - done) }
      guard count > 0 else { throw Failure("its input cannot be written: \(String(cString: strerror(errno)))") }
      done += count
    }
  }

  /// At most a few megabytes: a number a line is less.
  private static func text(_ file: Int32) -> String {
    lseek(file, 0, SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: 4 << 20)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
      if count <= 0 { break }
      done += count
    }
    return String(decoding: bytes[..<done], as: UTF8.self)
  }
}
