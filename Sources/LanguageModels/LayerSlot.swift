import Kernels

/// How the activations of a layer come to its backward pass. The residual stream before each layer is f32 and kept always.
package enum ActivationKeeping: Sendable, Hashable {
  /// Kept as forward left them.
  case floats
  /// Kept in bf16: half the memory; with products in bf16, which round them anyway.
  case rounded
  /// Made again from the residual stream: a third more time, and memory that hardly grows with the number of layers.
  case recomputed
}

/// A buffer of a layer that backward wants. In a training pass each layer has one for itself, in f32 or rounded to bf16 behind a
/// working buffer that all share; otherwise the working buffer serves all.
struct LayerSlot {
  /// (layers, count) where each layer keeps its own in f32, (count) otherwise.
  private let working: ArenaSlot
  private let stride: Int
  /// (layers, count) of bf16.
  private let kept: ArenaSlot?
  private let count: Int

  /// - isExact: kept in f32 where others are rounded: the residual stream between branches, and the factors of norms.
  /// - isResidual: kept in f32 even where others are made again: what they are made from.
  init(_ layout: inout ArenaLayout, floats count: Int, layers: Int, _ plan: WorkspacePlan, isExact: Bool = false, isResidual: Bool = false)
  {
    self.count = (count + 31) / 32 * 32
    let keeping: ActivationKeeping = isResidual || (isExact && plan.keeping == .rounded) ? .floats : plan.keeping
    let keepsFloats = plan.isTraining && keeping == .floats
    working = layout.floats(keepsFloats ? self.count * layers : self.count)
    stride = keepsFloats ? self.count : 0
    kept = plan.isTraining && keeping == .rounded ? layout.reserve(UInt16.self, self.count * layers) : nil
  }

  /// The layer's floats: what forward writes, and what backward reads after `restore`.
  func at(_ layer: Int, in arena: Arena) -> UnsafeMutablePointer<Float> { arena.floats(working) + layer * stride }

  /// The same memory for integers, which are as wide; only of buffers that are never rounded.
  func indices(_ layer: Int, in arena: Arena) -> UnsafeMutablePointer<Int32> {
    arena.pointer(working, as: Int32.self) + layer * stride
  }

  /// Where the layer's numbers lie rounded, for who puts them there and takes them from there itself.
  func rounded(_ layer: Int, in arena: Arena) -> UnsafeMutablePointer<UInt16> {
    guard let kept else { preconditionFailure("a buffer that is not rounded was asked for its rounded numbers") }
    return arena.pointer(kept, as: UInt16.self) + layer * count
  }

  /// Puts the first `count` floats of the layer away, where the working buffer is shared.
  func keep(_ layer: Int, in arena: Arena, on team: ThreadTeam) {
    guard let kept else { return }
    Conversion.floatToBFloat16(arena.pointer(kept, as: UInt16.self) + layer * count, arena.floats(working), count: count, on: team)
  }

  func restore(_ layer: Int, in arena: Arena, on team: ThreadTeam) {
    guard let kept else { return }
    Conversion.bfloat16ToFloat(arena.floats(working), arena.pointer(kept, as: UInt16.self) + layer * count, count: count, on: team)
  }
}
