#if canImport(Glibc)
  import Glibc
#endif

/// The named steps between a drop's arrival and its receipt, and between a job's start and its end, at which a test can have
/// this very process killed: each is an instant after which the disk, the catalogue and the other process must be enough to
/// go on from. docs/watching.md describes the two environment variables.
///
/// A point that is passed costs a load and a branch where the variable is not set.
package enum KillPoint: String, CaseIterable, Sendable {
  // A drop in the agent, in the order in which it comes by.
  case claimPrepared = "claim-prepared"
  case claimMoved = "claim-moved"
  case claimDurable = "claim-durable"
  case originalDurable = "original-durable"
  case attemptNoted = "attempt-noted"
  case workerEnded = "worker-ended"
  case sidecarClaimedAnew = "sidecar-claimed-anew"
  case requestCarriedOut = "request-carried-out"
  case decided
  case versionMoved = "version-moved"
  case filesPlaced = "files-placed"
  case storedNoted = "stored-noted"
  case viewsPublished = "views-published"
  case receiptPublished = "receipt-published"
  case finishNoted = "finish-noted"
  case claimRemoved = "claim-removed"

  // Any file that a reader may see, in both programs.
  case publishWritten = "publish-written"
  case publishRenamed = "publish-renamed"

  // A drop in the worker.
  case ingestBegun = "ingest-begun"
  case ingestRead = "ingest-read"
  case ingestWhole = "ingest-whole"
  case modelExtracted = "model-extracted"
  case modelInspected = "model-inspected"

  // A job in the agent.
  case jobPinned = "job-pinned"
  case jobOrdered = "job-ordered"
  case jobPreparing = "job-preparing"
  case jobReturned = "job-returned"
  case jobReported = "job-reported"
  case jobEnded = "job-ended"

  // A job in the worker.
  case tokensWritten = "tokens-written"
  case checkpointMade = "checkpoint-made"
  case checkpointMoved = "checkpoint-moved"
  case finalModelMade = "final-model-made"
  case finalModelMoved = "final-model-moved"
  case summaryPublished = "summary-published"

  // A download in the worker.
  case downloadPlanned = "download-planned"
  case downloadSaved = "download-saved"
  // And in the agent, when its files have become a drop.
  case downloadClaimed = "download-claimed"

  // An errand in the agent.
  case errandRunning = "errand-running"
  case errandOrdered = "errand-ordered"
  case errandReturned = "errand-returned"
  case errandConcluded = "errand-concluded"
  case errandEnded = "errand-ended"

  /// What the environment says: `<point>` or `<point>:<n>`, the n-th time that this process comes by (1 where left out).
  package static let variable = "DROPFORGE_KILL_AT"
  /// A path: only the process that can create it dies, so that a point kills once however often programs are started again.
  package static let markVariable = "DROPFORGE_KILL_MARK"

  /// Where the mark is made: a process that shuts itself in must still reach it. nil where no kill is asked for.
  package static var markFolder: String? {
    guard armed != nil, let mark = getenv(markVariable) else { return nil }
    return String(cString: mark).split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
  }

  /// Ends this process by SIGKILL where a test asked for it at this point.
  @inline(__always)
  package static func pass(_ point: KillPoint) {
    if let armed, armed.point == point { armed.pass() }
  }

  private static let armed: ArmedKillPoint? = ArmedKillPoint.fromEnvironment()
}
