import ArgumentParser
import Domain
import Platform
import SystemPackage

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "logs", abstract: "A job's log.")

  @OptionGroup var root: RootOption
  @Argument(help: "A job's identifier or name.") var job: String
  @Flag(name: .shortAndLong, help: "Go on as it grows, until the job ends.") var follow = false

  func run() async throws {
    try await reporting {
      let layout = try root.existing()
      let reader = StatusReader(layout)
      let id = try reader.job(called: job).id
      let files = LinuxFileSystem()
      let path = layout.workspace.job(id).log
      var offset = 0
      while true {
        let isOver = try reader.job(id)?.state.isFinal ?? true
        offset = try printFrom(offset, path, files)
        if !follow || isOver { return }
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  /// Prints what stands behind `offset`, and returns the new end. A log that was cut back (the run was taken up again from
  /// a checkpoint) is printed from there.
  private func printFrom(_ offset: Int, _ path: FilePath, _ files: LinuxFileSystem) throws -> Int {
    guard files.exists(path) else { return 0 }
    let file = try files.open(path, .reading)
    return try files.closing(file) { () throws(SystemError) in
      let size = try files.status(of: file).size
      let start = min(offset, size)
      try files.seek(file, to: start)
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      var end = start
      while true {
        let count = try files.readChunk(file, &chunk)
        if count == 0 { return end }
        end += count
        Terminal.write(String(decoding: chunk[..<count], as: UTF8.self))
      }
    }
  }
}
