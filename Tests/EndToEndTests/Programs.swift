import Domain
import Foundation
import Platform
import StrictJSON
import Subprocess
import SystemPackage
import TestSupport

/// The real programs, beside this test's own.
enum Programs {
  static let folder: FilePath = {
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return FilePath(link ?? "").removingLastComponent()
  }()

  static var dropforge: FilePath { folder.appending("dropforge") }

  struct Ended {
    var code: Int32
    var output: String
    var errors: String
  }

  /// Runs `dropforge` with these words to its end.
  static func run(_ words: [String], environment: [String: String] = [:]) async throws -> Ended {
    try await run(dropforge, words, environment: environment)
  }

  static func run(_ program: FilePath, _ words: [String], environment: [String: String] = [:], folder: FilePath? = nil) async throws
    -> Ended
  {
    var changes: [Subprocess.Environment.Key: String?] = ["DROPFORGE_ROOT": nil]
    for (key, value) in environment { if let key = Subprocess.Environment.Key(rawValue: key) { changes[key] = value } }
    let result = try await Subprocess.run(
      .path(program), arguments: Arguments(words), environment: .inherit.updating(changes), workingDirectory: folder,
      output: .string(limit: 8 << 20), error: .string(limit: 1 << 20))
    return Ended(code: code(result.terminationStatus), output: result.standardOutput, errors: result.standardError)
  }

  static func code(_ status: TerminationStatus) -> Int32 {
    switch status {
    case .exited(let code): code
    case .signaled(let signal): -signal
    }
  }
}

/// What takes longer than it ever should. Generous: a busy machine must not fail a test.
struct TookTooLong: Error, CustomStringConvertible {
  let what: String
  var description: String { "\(what) did not happen within \(Int(Patience.seconds)) seconds" }
}

enum Patience {
  static let seconds = 600.0

  /// Asks again and again until there is an answer. These tests watch real programs: there is nothing to be told by.
  static func wait<Answer>(for what: String, seconds: Double = seconds, _ ask: () throws -> Answer?) async throws -> Answer {
    let start = WallClock.system.monotonic()
    while true {
      if let answer = try ask() { return answer }
      if Double(WallClock.system.monotonic() - start) / 1e9 > seconds { throw TookTooLong(what: what) }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
