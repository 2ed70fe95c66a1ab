import Domain

/// A drop whose fate stands in the catalogue and is to be carried out.
struct Decided: Sendable {
  let drop: ClaimedDrop
  let receipt: Receipt
  var next: ClaimedDrop?
}

extension Decided {
  /// It became something that jobs can use from now on.
  var isStored: Bool { receipt.status == .accepted && (receipt.kind == .dataset || receipt.kind == .model) }
}
