/// `workspace/status.json`: the agent at a glance.
package struct AgentStatus: Codable, Sendable, Equatable {
  package struct JobLine: Codable, Sendable, Equatable {
    package var id: JobID
    package var state: JobState
    package var progress: Double
    package var loss: Double?
    package var eta: Double?
    package var reason: String?
    package init(id: JobID, state: JobState, progress: Double, loss: Double?, eta: Double?, reason: String?) {
      self.id = id
      self.state = state
      self.progress = progress
      self.loss = loss
      self.eta = eta
      self.reason = reason
    }
  }

  /// Work in the background that is no job.
  package struct ErrandLine: Codable, Sendable, Equatable {
    package var id: ErrandID
    package var state: ErrandState
    package var progress: Double?
    package var eta: Double?
    package var reason: String?
    package init(_ status: ErrandStatus) {
      (id, state, progress, eta, reason) = (status.id, status.state, status.progress, status.eta, status.reason)
    }
  }

  package struct Failure: Codable, Sendable, Equatable {
    package var at: Timestamp
    package var what: String
    package init(at: Timestamp, what: String) {
      self.at = at
      self.what = what
    }
  }

  package struct Disk: Codable, Sendable, Equatable {
    package var freeBytes: Int
    package var totalBytes: Int
    /// Of deleted datasets that can be restored; nil: none.
    package var trashBytes: Int?
    enum CodingKeys: String, CodingKey {
      case freeBytes = "free_bytes"
      case totalBytes = "total_bytes"
      case trashBytes = "trash_bytes"
    }
    package init(freeBytes: Int, totalBytes: Int, trashBytes: Int? = nil) {
      self.freeBytes = freeBytes
      self.totalBytes = totalBytes
      self.trashBytes = trashBytes
    }
  }

  package var schema = "dropforge.agent/1"
  package var version: String
  package var pid: Int
  package var since: Timestamp
  /// Renewed at least every 15 seconds while the agent lives.
  package var heartbeat: Timestamp
  package var state: String
  package var running: [JobLine]
  package var queue: [JobLine]
  /// Those that are not over.
  package var errands: [ErrandLine]
  package var datasets: Int
  package var jobs: Int
  /// Drops that are being read or wait in the inbox: the first hundred of them by name.
  package var drops: [String]
  /// How many they are.
  package var openDrops: Int
  package var disk: Disk
  package var lastErrors: [Failure]

  enum CodingKeys: String, CodingKey {
    case schema, version, pid, since, heartbeat, state, running, queue, errands, datasets, jobs, drops, disk
    case openDrops = "open_drops"
    case lastErrors = "last_errors"
  }

  /// Ten thousand names twice a second help nobody who reads them.
  private static let namedDrops = 100

  /// - Parameter drops: all of them.
  package init(
    version: String, pid: Int, since: Timestamp, heartbeat: Timestamp, state: String, running: [JobLine], queue: [JobLine],
    errands: [ErrandLine] = [], datasets: Int, jobs: Int, drops: [String], disk: Disk, lastErrors: [Failure]
  ) {
    self.version = version
    self.pid = pid
    self.since = since
    self.heartbeat = heartbeat
    self.state = state
    self.running = running
    self.queue = queue
    self.errands = errands
    self.datasets = datasets
    self.jobs = jobs
    self.drops = Array(drops.prefix(Self.namedDrops))
    openDrops = drops.count
    self.disk = disk
    self.lastErrors = lastErrors
  }
}

/// The product's version, one place.
package enum DropforgeVersion {
  package static let text = "0.1.0"
}
