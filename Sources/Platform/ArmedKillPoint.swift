import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A kill point that a test has set for this process.
final class ArmedKillPoint: Sendable {
  let point: KillPoint
  private let mark: String?
  private let left: Atomic<Int>

  private init(_ point: KillPoint, after count: Int, mark: String?) {
    self.point = point
    self.mark = mark
    left = Atomic(count)
  }

  /// A name that is none ends the program: a test that misspells it must not pass.
  static func fromEnvironment() -> ArmedKillPoint? {
    guard let text = getenv(KillPoint.variable).map({ String(cString: $0) }), !text.isEmpty else { return nil }
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard let point = KillPoint(rawValue: parts[0]), let count = parts.count == 1 ? 1 : Int(parts[1]), count > 0 else {
      let names = KillPoint.allCases.map(\.rawValue).joined(separator: ", ")
      let complaint = Array("\(KillPoint.variable): '\(text)' is no kill point; there are \(names), and :n for the n-th time\n".utf8)
      _ = write(STDERR_FILENO, complaint, complaint.count)
      exit(64)
    }
    return ArmedKillPoint(point, after: count, mark: getenv(KillPoint.markVariable).map { String(cString: $0) })
  }

  func pass() {
    guard left.subtract(1, ordering: .relaxed).newValue == 0 else { return }
    if let mark {
      let file = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard file >= 0 else { return }
      close(file)
    }
    kill(getpid(), SIGKILL)
    while true { pause() }  // the signal is on its way to every thread; this one must not go a step further
  }
}
