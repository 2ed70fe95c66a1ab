import Kernels

/// Keys and values of the tokens seen so far, for decoding step by step.
package final class KeyValueCache {
  package let batch: Int
  /// Most tokens a sequence.
  package let capacity: Int
  /// Numbers of a token's keys: keyValueHeads · headSize.
  package let width: Int
  /// Tokens in the cache, the same number for each sequence: shorter prompts are padded on the left.
  package internal(set) var length = 0

  private let arena: Arena
  private let keySlots: [ArenaSlot]
  private let valueSlots: [ArenaSlot]
  private let maskSlots: [ArenaSlot]

  package init(_ dimensions: ModelDimensions, batch: Int, capacity: Int) throws(ArenaError) {
    self.batch = batch
    self.capacity = capacity
    width = dimensions.keyValueHeadCount * dimensions.headSize
    var layout = ArenaLayout()
    let count = batch * capacity * width
    keySlots = (0..<dimensions.layerCount).map { _ in layout.floats(count) }
    valueSlots = (0..<dimensions.layerCount).map { _ in layout.floats(count) }
    maskSlots = (0..<dimensions.layerCount).map { _ in layout.floats(batch * capacity * dimensions.maskHeadCount) }
    arena = try Arena(layout)
  }

  package static func byteCount(_ dimensions: ModelDimensions, batch: Int, capacity: Int) -> Int {
    4 * dimensions.layerCount * batch * capacity
      * (2 * dimensions.keyValueHeadCount * dimensions.headSize + dimensions.maskHeadCount)
  }

  /// (batch, capacity, width)
  func keys(_ layer: Int) -> CausalAttention.Heads {
    CausalAttention.Heads(arena.floats(keySlots[layer]), rowStride: width, batchStride: capacity * width)
  }

  func values(_ layer: Int) -> CausalAttention.Heads {
    CausalAttention.Heads(arena.floats(valueSlots[layer]), rowStride: width, batchStride: capacity * width)
  }

  /// (batch, maskHeads, capacity): filled by the architecture that has such a mask.
  func masks(_ layer: Int) -> UnsafeMutablePointer<Float> { arena.floats(maskSlots[layer]) }

  /// Copies keys and values (batch, length, width) of new tokens behind those of the layer.
  func append(_ keys: CausalAttention.Heads, _ values: CausalAttention.Heads, layer: Int, length new: Int) {
    precondition(length + new <= capacity, "a cache for \(capacity) tokens cannot take \(length + new)")
    let allKeys = arena.floats(keySlots[layer]), allValues = arena.floats(valueSlots[layer])
    for b in 0..<batch {
      for t in 0..<new {
        let place = (b * capacity + length + t) * width
        (allKeys + place).update(from: keys.base + b * keys.batchStride + t * keys.rowStride, count: width)
        (allValues + place).update(from: values.base + b * values.batchStride + t * values.rowStride, count: width)
      }
    }
  }
}
