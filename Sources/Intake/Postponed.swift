import Domain

/// A drop with which something went wrong that is no verdict on it.
struct Postponed: Sendable {
  let drop: ClaimedDrop
  let error: any Error
}
