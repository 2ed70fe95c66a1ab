/// What a head says of each row beside its loss, (rows) each, 0 for rows without target: for methods whose loss depends on more
/// than a row's own target, and for their metrics.
package struct HeadLook {
  /// Mean over the vocabulary.
  package let meanLogits: UnsafeMutablePointer<Float>
  /// Of the distribution, in nats.
  package let entropies: UnsafeMutablePointer<Float>
  /// 1 where the target is the most likely token.
  package let hits: UnsafeMutablePointer<UInt8>

  package init(meanLogits: UnsafeMutablePointer<Float>, entropies: UnsafeMutablePointer<Float>, hits: UnsafeMutablePointer<UInt8>) {
    self.meanLogits = meanLogits
    self.entropies = entropies
    self.hits = hits
  }
}
