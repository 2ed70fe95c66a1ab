/// How far an errand is, as its worker says it: a few times a second at most.
package struct ErrandProgress: Codable, Sendable, Equatable {
  package enum Unit: String, Codable, Sendable { case rows, bytes }

  /// What it does within its work: `tokenizing`, `counting`, `verifying`.
  package var phase: String
  /// Of `total`, in `unit`; nil: the total is not known.
  package var done: Int
  package var total: Int?
  package var unit: Unit
  /// For people, where there is more to say: "part 3 of 8".
  package var note: String?
  /// Why nothing goes on at this moment, and until when; nil: it does.
  package var waits: String?
  /// What of `done` this worker has done itself: the pace and the time left follow from it. nil: all of it, nothing lay there before.
  package var gained: Int?
  /// What it will take, told once before it begins.
  package var estimate: TimeEstimate?

  package init(
    phase: String, done: Int, total: Int?, unit: Unit, note: String? = nil, waits: String? = nil, gained: Int? = nil,
    estimate: TimeEstimate? = nil
  ) {
    self.phase = phase
    self.done = done
    self.total = total
    self.unit = unit
    self.note = note
    self.waits = waits
    self.gained = gained
    self.estimate = estimate
  }
}

/// What an errand has made.
package struct ErrandResult: Codable, Sendable, Equatable {
  /// Where it lies, relative to the root.
  package var path: String?
  /// One sentence for people.
  package var message: String

  package init(path: String?, message: String) {
    self.path = path
    self.message = message
  }
}
