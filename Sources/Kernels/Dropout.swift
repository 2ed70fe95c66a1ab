import CKernels

/// Dropout without state: whether an element is dropped is a function of seed, step, site and element, so that backward repeats
/// forward's mask, and a resumed run an undisturbed one. Philox4x32-7 (Salmon et al., SC11), 16 bits a decision.
package struct Dropout: Sendable {
  /// What all sites of a micro-batch share.
  package struct Key: Sendable, Hashable {
    package let seed: UInt64
    /// Counts micro-batches over the whole run: no two may share one.
    package let step: UInt32

    package init(seed: UInt64, step: UInt32) {
      self.seed = seed
      self.step = step
    }

    /// For a piece of the micro-batch that goes through the layers by itself: decisions of its own, the first piece those of the whole.
    /// Pieces are numbered in the seed, spread by the golden ratio so that neighbouring seeds do not meet.
    package func piece(_ number: Int) -> Key {
      Key(seed: seed &+ UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15, step: step)
    }
  }

  /// Elements whose decisions are drawn together: work on a site is cut at multiples of it.
  package static let run = Int(CK_DROPOUT_RUN)

  var constants: ck_dropout

  /// Nil for probability 0: nothing to do. A kept element is scaled by the inverse of the probability to keep, as it is after
  /// rounding to 1/65536, so that the expectation stays exact.
  package init?(probability: Double, key: Key, site: UInt32) {
    precondition(probability >= 0 && probability < 1, "a dropout probability lies in [0, 1), not \(probability)")
    let threshold = UInt32((probability * 65_536).rounded())
    if threshold == 0 { return nil }
    precondition(threshold < 65_536, "a dropout probability of \(probability) keeps nothing")
    constants = ck_dropout(
      key: key.seed, site: site, step: key.step, threshold: threshold, scale: 65_536 / Float(65_536 - threshold))
  }

  /// y = x with elements dropped; y may be x. The same call on a gradient is the backward pass.
  package func apply(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: ThreadTeam.elementBlock) { block in
      inRegion(y + block.lowerBound, x + block.lowerBound, count: block.count, first: block.lowerBound)
    }
  }

  /// The same inside a task; `first` is the number of x[0] within the site, a multiple of `run`.
  @inline(__always)
  func inRegion(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int, first: Int) {
    withUnsafePointer(to: constants) { ck_dropout_apply(y, x, count, UInt64(first), $0) }
  }
}
