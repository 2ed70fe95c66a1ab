import Catalogue
import Domain
import Engines
import Logging
import Platform

/// A disk or a memory that runs out stops a job with a checkpoint, before it is a crash; when there is room it goes on by itself.
extension Scheduler {
  private var roomPolicy: RoomPolicy { RoomPolicy(settings) }

  /// Looks every few seconds while a job runs or waits for room. Ends with the scheduler.
  func watchRoom() async {
    while !isShuttingDown {
      lookForRoom()
      await pause(seconds: settings.retrySeconds)
    }
  }

  /// One look. Of the jobs that run, the one that started last gives way, one at a time.
  func lookForRoom() {
    if running.isEmpty, roomHolds.isEmpty, !isShort { return }
    let now = room()
    let freed = roomHolds.filter { roomPolicy.ends($0.value, in: now) }.map(\.key)
    for id in freed { roomHolds[id] = nil }
    let shortage = roomPolicy.shortage(in: now)
    if !freed.isEmpty || (isShort && shortage == nil) { wake() }
    isShort = shortage != nil
    guard let shortage, stoppingForRoom.isEmpty, let id = running.last, stoppingFor[id] == nil else { return }
    log.warning("a job is stopped for want of room", metadata: ["job": "\(id)", "left": "\(shortage.left)", "of": "\(shortage.kind)"])
    stoppingForRoom[id] = shortage
    stops[id]?.make()
  }

  /// Why a pending job does not start now, though nothing else is missing.
  func shortage(for job: JobRecord) -> PendingReason? {
    guard job.state == .pending else { return nil }
    if let hold = roomHolds[job.id] { return hold.kind == .disk ? .waitingForRoom : .waitingForMemory }
    guard let shortage = roomPolicy.shortage(in: room()) else { return nil }
    isShort = true  // looked at again until it is over
    return shortage.reason
  }

  /// Its worker has ended with a checkpoint: the job waits until there is room for it.
  func hold(_ id: JobID, _ shortage: RoomShortage) async throws {
    roomHolds[id] = roomPolicy.hold(for: shortage, after: room())
    try await goOnLater(id, shortage.reason.sentence)
  }
}
