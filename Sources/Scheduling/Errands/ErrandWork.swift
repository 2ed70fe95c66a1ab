import Catalogue
import Domain
import Engines

/// What the agent does for one kind of errand, before its worker and after it. Wired by the roof, one a kind.
///
/// Every call may come again for the same errand: after a crash of the agent or of the worker it begins anew.
package protocol ErrandWork: Sendable {
  /// Looks whether it can be done, and writes `order.json` for the worker.
  ///
  /// - Throws: `Problem` where it cannot be done: the errand ends in error.
  func begin(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandStart

  /// The worker did its work: registers and publishes what it made.
  func conclude(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandResult

  /// The work was cut off (cancelled, failed, its worker died): removes what is half-made, or leaves what a later start goes on with.
  func abandon(_ errand: ErrandRecord, in folder: ErrandLayout) async throws

  /// It is over, and the catalogue and `status.json` say so: tells others. After a crash in between it is not called again.
  func ended(_ errand: ErrandRecord, in folder: ErrandLayout) async throws

  /// Whether the problem passes by itself, so that the errand waits and is tried again.
  func isPassing(_ problem: Problem) -> Bool
}

extension ErrandWork {
  package func ended(_ errand: ErrandRecord, in folder: ErrandLayout) async throws {}

  package func isPassing(_ problem: Problem) -> Bool { Problem.machineTroubles.contains(problem.code) }
}

package enum ErrandStart: Sendable {
  case worker(WorkerCall, threads: Int?)
  /// There is nothing to do: what it was to make is here.
  case done(ErrandResult)
}
