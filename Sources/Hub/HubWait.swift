import Domain

/// A wait before a request is made once more.
struct HubWait: Sendable, Equatable {
  /// What went wrong with it.
  var problem: Problem
  var seconds: Double
  var until: Timestamp

  /// "http://hub cannot be reached (Connection refused); it is tried again at 07:48:03 UTC"
  var sentence: String { "\(problem.inBrief); it is tried again at \(until.timeOfDay)" }
}
