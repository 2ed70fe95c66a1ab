import Domain

/// Which job runs next: a plain decision over what is known, without clock or disk.
package struct SchedulePolicy: Sendable, Equatable {
  /// Jobs that train at the same time.
  package var runningLimit: Int

  package init(runningLimit: Int) { self.runningLimit = runningLimit }

  /// A job that is not over, as far as the decision needs it. The list is in the order in which jobs are to run.
  package struct OpenJob: Sendable, Equatable {
    package var id: JobID
    package var state: JobState
    package var wanted: Wish?
    /// What it waits for; nil: it could run.
    package var missing: PendingReason?
    /// Why it never can: the job before it failed.
    package var impossible: Problem?
    /// Taken up again after an interruption: it goes before jobs that have not started.
    package var wasStarted: Bool

    package init(
      id: JobID, state: JobState, wanted: Wish? = nil, missing: PendingReason? = nil, impossible: Problem? = nil,
      wasStarted: Bool = false
    ) {
      self.id = id
      self.state = state
      self.wanted = wanted
      self.missing = missing
      self.impossible = impossible
      self.wasStarted = wasStarted
    }
  }

  package enum Wish: Sendable, Equatable { case cancel, pause }

  package enum Decision: Sendable, Equatable {
    case start(JobID)
    /// Ask the job's worker to stop; what becomes of the job then is the wish.
    case stop(JobID, Wish)
    /// No worker runs: the wish can be carried out at once.
    case carryOut(JobID, Wish)
    case explain(JobID, PendingReason)
    /// It ends without having run.
    case giveUp(JobID, Problem)
  }

  package func decide(_ jobs: [OpenJob]) -> [Decision] {
    var decisions: [Decision] = []
    var free = runningLimit - jobs.count(where: { $0.state.isRunning })
    var ahead = jobs.count(where: { $0.state.isRunning })
    let ready = jobs.filter { $0.state == .pending && $0.wanted == nil && $0.missing == nil && $0.impossible == nil }
    let inOrder = ready.filter(\.wasStarted) + ready.filter { !$0.wasStarted }
    for job in jobs {
      if let wish = job.wanted {
        if job.state.isRunning {
          decisions.append(.stop(job.id, wish))
        } else if !(job.state == .paused && wish == .pause) {
          decisions.append(.carryOut(job.id, wish))
        }
      } else if job.state == .pending, let problem = job.impossible {
        decisions.append(.giveUp(job.id, problem))
      } else if job.state == .pending, let missing = job.missing {
        decisions.append(.explain(job.id, missing))
      }
    }
    for job in inOrder {
      if free > 0 {
        decisions.append(.start(job.id))
        free -= 1
      } else {
        decisions.append(.explain(job.id, .queued(behind: ahead)))
      }
      ahead += 1
    }
    return decisions
  }
}
