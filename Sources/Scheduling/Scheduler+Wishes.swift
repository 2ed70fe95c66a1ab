import Catalogue
import Domain
import Logging
import Platform

/// What users want of jobs: files in their control folders, and requests of the inbox.
extension Scheduler {
  func takeControlWords() async throws {
    for sweep in try await catalogue.openSweeps() {
      let folder = layout.workspace.sweep(sweep).control
      for word in try controls.words(in: folder) {
        if let record = try await catalogue.sweep(called: sweep.text) { _ = try await wish(word.wish, for: record) }
        try controls.clear(word, in: folder)
        log.notice("control", metadata: ["sweep": "\(sweep)", "word": "\(word.rawValue)"])
      }
    }
    for job in try await catalogue.openJobs() {
      let folder = layout.workspace.job(job.id).control
      for word in try controls.words(in: folder) {
        switch word {
        case .cancel: try await catalogue.want(.cancel, for: job.id)
        case .pause: try await catalogue.want(.pause, for: job.id)
        case .resume: _ = try await resume(job)
        }
        try controls.clear(word, in: folder)
        log.notice("control", metadata: ["job": "\(job.id)", "word": "\(word.rawValue)"])
      }
    }
  }

  /// Carries out a request of the inbox.
  package func carryOut(_ request: InboxRequest) async throws -> SchedulerAnswer {
    switch request {
    case .rescan, .deleteConfig, .renameConfig, .evaluate, .cancelErrand, .tokenize, .dataset, .deleteTokenization, .download:
      return .refused(Problem("request.not-a-job", "this request is not the scheduler's", mend: "Report this fault."))
    case .cancel(let name):
      if let sweep = try await catalogue.sweep(meantBy: name) { return try await wish(.cancel, for: sweep) }
      return try await withOpenJob(name, to: "cancel") { job in
        try await self.catalogue.want(.cancel, for: job.id)
        return "Job '\(job.id)' is being cancelled."
      }
    case .pause(let name):
      if let sweep = try await catalogue.sweep(meantBy: name) { return try await wish(.pause, for: sweep) }
      return try await withOpenJob(name, to: "pause") { job in
        try await self.catalogue.want(.pause, for: job.id)
        return "Job '\(job.id)' is being paused."
      }
    case .resume(let name):
      if let sweep = try await catalogue.sweep(meantBy: name) { return try await wish(nil, for: sweep) }
      return try await withOpenJob(name, to: "resume") { job in
        try await self.resume(job) ? "Job '\(job.id)' goes on." : "Job '\(job.id)' is not paused: it is \(job.state.rawValue)."
      }
    }
  }

  private func withOpenJob(_ name: String, to verb: String, _ body: (JobRecord) async throws -> String) async throws -> SchedulerAnswer {
    guard let job = try await catalogue.job(called: name) else {
      return .refused(
        Problem(
          "job.unknown", "there is no job '\(name)'", at: .init(field: "job"),
          mend: "`dropforge status` lists the jobs; give a job's identifier or name."))
    }
    guard !job.state.isFinal else {
      return .refused(
        Problem(
          "job.over", "the job '\(job.id)' is over: it is \(job.state.rawValue)", at: .init(field: "job"),
          mend: "There is nothing to \(verb). Drop the job file again for another run."))
    }
    let message = try await body(job)
    wake()
    return .carriedOut(message)
  }

  func resume(_ job: JobRecord) async throws -> Bool {
    try await catalogue.want(nil, for: job.id)
    guard job.state == .paused else { return false }
    try await catalogue.transition(job.id, from: .paused, to: .pending, reason: "resumed by the user", at: now)
    try await announce(job.id)
    return true
  }
}

extension ControlWord {
  /// nil: to go on.
  fileprivate var wish: JobRecord.Wish? {
    switch self {
    case .cancel: .cancel
    case .pause: .pause
    case .resume: nil
    }
  }
}
