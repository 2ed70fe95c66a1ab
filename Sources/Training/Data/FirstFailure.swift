import Synchronization

/// The first error that one of several threads met.
final class FirstFailure: Sendable {
  private let first = Mutex<(any Error)?>(nil)

  var error: (any Error)? { first.withLock { $0 } }

  func note(_ error: any Error) {
    first.withLock { if $0 == nil { $0 = error } }
  }
}
