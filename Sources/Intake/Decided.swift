import Catalogue
import Domain

/// What is to become of a drop, ready for the catalogue.
struct Judged: Sendable {
  let drop: ClaimedDrop
  let entry: Catalogue.Entry
  /// Claimed anew on behalf of this drop: comes in after it.
  var next: ClaimedDrop?
}

/// A drop whose fate stands in the catalogue and is to be carried out.
struct Decided: Sendable {
  let drop: ClaimedDrop
  let receipt: Receipt
  var next: ClaimedDrop?
}

/// A drop with which something went wrong that is no verdict on it.
struct Postponed: Sendable {
  let drop: ClaimedDrop
  let error: any Error
}
