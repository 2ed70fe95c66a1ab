import Domain
import Engines
import Synchronization
import TestSupport
import Testing

@testable import Scheduling

/// A disk or a memory that runs out.
struct MachineRoomTests {
  private var policy: RoomPolicy {
    var settings = AgentSettings()
    (settings.leastFreeDisk, settings.leastFreeMemory) = (2, 1)
    return RoomPolicy(settings)
  }

  private func room(disk: Int?, memory: Int?) -> MachineRoom {
    MachineRoom(freeDisk: disk.map { $0 << 20 }, availableMemory: memory.map { $0 << 20 })
  }

  @Test func what_is_not_known_stops_nothing() {
    #expect(policy.shortage(in: room(disk: nil, memory: nil)) == nil)
    #expect(policy.shortage(in: room(disk: 2, memory: 1)) == nil)
    #expect(policy.shortage(in: room(disk: 1, memory: 5)) == RoomShortage(kind: .disk, left: 1 << 20))
    #expect(policy.shortage(in: room(disk: 9, memory: 0)) == RoomShortage(kind: .memory, left: 0))
  }

  /// Going on is not to bring back what the job was stopped for: it took 6 MiB itself.
  @Test func a_job_goes_on_when_there_is_room_for_what_it_took() {
    let hold = policy.hold(for: .init(kind: .memory, left: 0), after: room(disk: nil, memory: 6))
    #expect(!policy.ends(hold, in: room(disk: nil, memory: 7)) && policy.ends(hold, in: room(disk: nil, memory: 8)))
    let disk = policy.hold(for: .init(kind: .disk, left: 0), after: room(disk: 0, memory: nil))
    #expect(!policy.ends(disk, in: room(disk: 3, memory: nil)) && policy.ends(disk, in: room(disk: 4, memory: nil)))
  }

  @Test(arguments: [
    (MachineRoom(freeDisk: 1 << 20, availableMemory: 1 << 40), PendingReason.waitingForRoom),
    (MachineRoom(freeDisk: 1 << 40, availableMemory: 1 << 20), PendingReason.waitingForMemory),
  ])
  func a_running_job_is_stopped_with_a_checkpoint_and_goes_on_by_itself(short: MachineRoom, reason: PendingReason) async throws {
    let office = try await Office()
    let plenty = MachineRoom(freeDisk: 1 << 40, availableMemory: 1 << 40)
    let now = Mutex(plenty)
    let runs = Mutex(0)
    let engine = FakeEngine { work in
      let isFirst = runs.withLock {
        $0 += 1; return $0 == 1
      }
      return isFirst ? await FakeTraining.untilStopped(work) : await FakeTraining.run(work)
    }
    try await office.live(engine: engine, room: { now.withLock { $0 } }) { life in
      let id = try await life.submit("tiny")
      _ = try await life.status(id) { $0.state == .training }
      now.withLock { $0 = short }
      let waiting = try await life.status(id) { $0.state == .pending && $0.reason == reason.sentence }
      #expect(waiting.problem == nil)
      // Another that comes now waits too, and for the same.
      let other = try await life.submit("other")
      _ = try await life.status(other) { $0.reason == reason.sentence }
      now.withLock { $0 = plenty }
      #expect(try await life.end(of: id).state == .completed)
      #expect(try await life.end(of: other).state == .completed)
      #expect(runs.withLock { $0 } == 3)
    }
  }
}
