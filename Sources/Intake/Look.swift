import Domain

/// What a first look at a drop showed.
struct Look: Sendable {
  enum Outcome: Sendable {
    /// Its fate stands already.
    case decided(Receipt)
    case sorted(DropSorter.Sorted)
  }

  let drop: ClaimedDrop
  let sorted: Result<Outcome, any Error>

  /// Neither decided already nor for a worker, which comes to it later.
  var isToBeJudged: Bool {
    guard case .success(.sorted(let sorted)) = sorted else { return false }
    if case .foreign = sorted { return false }
    return true
  }

  func isSmallJSON(otherThan one: DropSorter.JSONKind) -> Bool {
    if case .success(.sorted(.json(let kind, _))) = sorted { return kind != one }
    return false
  }
}
