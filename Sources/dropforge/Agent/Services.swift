import Domain
import Intake
import Logging
import Platform
import Scheduling
import ServiceLifecycle
import UnixSignals
import Watching

/// Jobs. Stops when every worker has left its checkpoint.
struct SchedulerService: Service {
  let scheduler: Scheduler

  func run() async throws {
    await withGracefulShutdownHandler {
      await scheduler.run()
    } onGracefulShutdown: {
      scheduler.shutDown()
    }
  }
}

/// Work in the background that is no job. Stops when every worker has ended.
struct ErrandsService: Service {
  let errands: Errands

  func run() async throws {
    await withGracefulShutdownHandler {
      await errands.run()
    } onGracefulShutdown: {
      errands.shutDown()
    }
  }
}

/// Drops, from their claim to their receipt.
struct IntakeService: Service {
  let intake: Intake

  func run() async throws {
    await withGracefulShutdownHandler {
      await intake.run()
    } onGracefulShutdown: {
      intake.shutDown()
    }
  }
}

/// What was downloaded, on its way to those who read it.
struct DownloadsService: Service {
  let downloaded: Mailbox<ClaimedDrop>
  let intake: Intake

  func run() async throws {
    await withGracefulShutdownHandler {
      while let drops = await downloaded.take(atMost: 64) {
        for drop in drops { intake.receive(drop) }
      }
    } onGracefulShutdown: {
      downloaded.close()
    }
  }
}

/// The inbox: what has settled is claimed and handed to the intake, in groups where many settle at once.
struct WatchService: Service {
  let watcher: InboxWatcher
  let claim: Claim
  let intake: Intake
  let log: Logger

  private static let groupSize = 256

  func run() async throws {
    let settled = Mailbox<SettledDrop>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await cancelWhenGracefulShutdown { try await watcher.run() } }
      group.addTask {
        for await drop in watcher.drops { settled.put(drop) }
        settled.close()
      }
      group.addTask {
        while let drops = await settled.take(atMost: Self.groupSize) { await take(drops) }
      }
      try await group.waitForAll()
    }
  }

  private func take(_ drops: [SettledDrop]) async {
    for (drop, outcome) in zip(drops, claim.take(drops)) {
      switch outcome {
      case .success(.claimed(let claimed)): intake.receive(claimed)
      case .success(.changed): await watcher.offerAgain(drop.path)
      case .success(.gone): break
      case .failure(let error):
        await watcher.offerAgain(drop.path)
        log.error("a drop could not be claimed; it stays in the inbox", metadata: ["path": "\(drop.path)", "error": "\(error)"])
      }
    }
  }
}

/// SIGHUP: the inbox is looked through now. For file systems that send no events, as `systemctl reload` or from a script.
struct HangUpService: Service {
  let watcher: InboxWatcher
  let log: Logger

  func run() async throws {
    for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
      log.notice("SIGHUP: the inbox is looked through")
      await watcher.rescan()
    }
  }
}
