import Domain
import Engines
import Foundation
import Platform
import StrictJSON
import SystemPackage

/// Reads JSON files that an agent publishes, a thousand times a second, as fast as a program of a user's ever would, and
/// keeps what was not whole.
struct PublishedReader: Sendable {
  struct Report: Sendable {
    var reads = 0
    var looks = 0
    var seconds = 0.0
    /// Path and first bytes of each file that was no JSON when it was read.
    var halves: [String] = []
  }

  let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  /// Until the stop is made. The agent's own status is read at each look, the other files one after the other.
  func run(until stop: StopRequest) async -> Report {
    var report = Report()
    var paths: [FilePath] = []
    var next = 0
    let clock = ContinuousClock()
    let start = clock.now
    var due = start
    while !stop.isMade {
      if report.looks % 500 == 0 { paths = published() }
      report.looks += 1
      read(layout.workspace.status, &report)
      for _ in 0..<min(4, paths.count) {
        read(paths[next % paths.count], &report)
        next += 1
      }
      due += .milliseconds(1)
      if clock.now < due { try? await clock.sleep(until: due) } else { await Task.yield() }
    }
    report.seconds = Double((clock.now - start) / .milliseconds(1)) / 1_000
    return report
  }

  private func read(_ path: FilePath, _ report: inout Report) {
    guard let bytes = try? files.contents(of: path) else { return }  // moved or replaced between the look and the read
    report.reads += 1
    do throws(JSONSyntaxError) {
      _ = try JSONParser.parse(bytes)
    } catch {
      report.halves.append("\(layout.relative(path)): \(error): \(String(decoding: bytes.prefix(80), as: UTF8.self))")
    }
  }

  private func published() -> [FilePath] {
    [layout.inbox.receipts, layout.workspace.folder].flatMap { folder in
      ((try? files.walk(folder)) ?? []).map { folder.pushing($0.path) }
    }.filter { PublishedFiles.isPublished(layout.relative($0)) }
  }
}
