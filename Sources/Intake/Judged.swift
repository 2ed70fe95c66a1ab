import Catalogue
import Domain

/// What is to become of a drop, ready for the catalogue.
struct Judged: Sendable {
  let drop: ClaimedDrop
  let entry: Catalogue.Entry
  /// Claimed anew on behalf of this drop: comes in after it.
  var next: ClaimedDrop?
}
