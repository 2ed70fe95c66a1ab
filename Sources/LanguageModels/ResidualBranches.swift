import Kernels

/// What the branches of a residual stream need: the buffers of their gradients, its width, and the branches' own dropout.
struct ResidualBuffers {
  /// (N, width): the gradient of a branch, after its dropout.
  let dbranch: ArenaSlot
  /// (N, width), bf16.
  let roundedDx: ArenaSlot
  let width: Int
  let dropout: Double
}

/// A workspace whose layers add branches, each behind a dropout, to a residual stream.
protocol ResidualBranches {
  var arena: Arena { get }
  var plan: WorkspacePlan { get }
  var residual: ResidualBuffers { get }
}

extension ResidualBranches {
  func rounded(_ slot: ArenaSlot) -> UnsafeMutablePointer<UInt16> { arena.pointer(slot, as: UInt16.self) }

  func dropout(_ probability: Double, _ input: PassInput, _ site: UInt32) -> Dropout? {
    input.dropout.flatMap { Dropout(probability: probability, key: $0, site: site) }
  }

  /// The gradient that goes into a branch: dx behind the branch's dropout.
  func branch(_ dx: UnsafeMutablePointer<Float>, _ input: PassInput, _ site: UInt32) -> UnsafeMutablePointer<Float> {
    guard let dropout = dropout(residual.dropout, input, site) else { return dx }
    let dbranch = arena.floats(residual.dbranch)
    dropout.apply(dbranch, dx, count: input.rows * residual.width, on: plan.team)
    return dbranch
  }

  /// The gradient that goes into a branch, exact and rounded: the norm before has rounded dx, a dropout between changes it once more.
  func roundedBranch(
    _ dx: UnsafeMutablePointer<Float>, _ input: PassInput, _ site: UInt32
  ) -> (exact: UnsafeMutablePointer<Float>, rounded: UnsafeMutablePointer<UInt16>) {
    let dbranch = branch(dx, input, site), roundedDx = rounded(residual.roundedDx)
    if dbranch != dx {
      Conversion.floatToBFloat16(roundedDx, dbranch, count: input.rows * residual.width, on: plan.team)
    }
    return (dbranch, roundedDx)
  }
}
