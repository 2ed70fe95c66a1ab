import Foundation
import SystemPackage
import TestSupport

/// Where a root lies: an ordinary folder, or a small disk of its own.
protocol Place: AnyObject, Sendable {
  /// The folder as this test sees it.
  var path: FilePath { get }
  /// The same folder as the agent sees it.
  var inside: FilePath { get }
  /// What stands before a program's own words so that it runs there.
  var prefix: [String] { get }
}

extension TemporaryFolder: Place {
  var inside: FilePath { path }
  var prefix: [String] { [] }
}

/// A file system of a few megabytes in a user and mount namespace of its own (no privileges needed), where also the kernel's
/// limits for a user can be set. A sleeping process keeps it; it ends with the last reference.
final class SmallDisk: Place {
  let inside: FilePath
  private let keeper: Process
  private let folder: TemporaryFolder

  init(megabytes: Int) throws {
    folder = try TemporaryFolder()
    inside = folder.path
    keeper = Process()
    let output = Pipe()
    keeper.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    keeper.arguments = [
      "--user", "--map-root-user", "--mount", "sh", "-c",
      "mount -t tmpfs -o size=\(megabytes)m none \"$0\" && echo ready && exec sleep 600",
      folder.path.string,
    ]
    keeper.standardOutput = output
    try keeper.run()
    guard output.fileHandleForReading.availableData == Data("ready\n".utf8) else {
      throw NoNamespace()
    }
  }

  struct NoNamespace: Error, CustomStringConvertible {
    var description: String {
      "This kernel gives no user namespaces to this user, which this test needs for a small disk: sysctl kernel.unprivileged_userns_clone=1, or run it as root."
    }
  }

  deinit { kill(keeper.processIdentifier, SIGKILL) }

  var path: FilePath { FilePath("/proc/\(keeper.processIdentifier)/root").pushing(FilePath(root: nil, inside.components)) }

  var prefix: [String] {
    ["/usr/bin/nsenter", "--target=\(keeper.processIdentifier)", "--user", "--mount", "--preserve-credentials", "--wd=/"]
  }

  /// Runs a line of shell there, as its root.
  func run(_ line: String) async throws {
    let ended = try await Programs.run(FilePath(prefix[0]), Array(prefix.dropFirst()) + ["/bin/sh", "-c", line])
    guard ended.code == 0 else { throw ShellFailed(line: line, errors: ended.errors) }
  }

  struct ShellFailed: Error {
    let line: String
    let errors: String
  }
}
