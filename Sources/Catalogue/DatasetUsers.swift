import Domain

/// What is not over and needs a version of a dataset.
package struct DatasetUsers: Sendable, Equatable {
  package var jobs: [JobID] = []
  package var errands: [ErrandID] = []

  package init(jobs: [JobID] = [], errands: [ErrandID] = []) {
    self.jobs = jobs
    self.errands = errands
  }

  package var isEmpty: Bool { jobs.isEmpty && errands.isEmpty }
  package var isOne: Bool { jobs.count + errands.count == 1 }

  /// For people: the first three by name, and how many more.
  package var list: String {
    let names = jobs.map { "'\($0)'" } + errands.map { "'\($0)'" }
    return names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
  }

  /// For people: "a job", "errands", "jobs and errands".
  package var kinds: String {
    if jobs.isEmpty { return isOne ? "an errand" : "errands" }
    return errands.isEmpty ? (isOne ? "a job" : "jobs") : "jobs and errands"
  }
}
