import Dispatch
import Platform

/// SHA-256 of a stream on a thread of its own, so that the thread that reads rows does not wait for it: the hash takes
/// longer than the reading (1.9 GB/s against 2 and more), and most machines have a second core.
package final class HashLane: @unchecked Sendable {  // because `hash` is touched on the serial queue only, or after `settle()`
  private let queue = DispatchQueue(label: "sha256")
  private var hash: SHA256? = SHA256()
  /// What was submitted since the last turn, and what before it.
  private var current = DispatchGroup()
  private var earlier = DispatchGroup()

  private struct Block: @unchecked Sendable {  // because whoever submits it leaves the bytes alone until two turns later
    let bytes: UnsafeRawBufferPointer
  }

  /// Whoever owns the bytes settles the lane before it frees them.
  package init() {}

  package func submit(_ bytes: UnsafeRawBufferPointer) {
    let block = Block(bytes: bytes)
    queue.async(group: current) { self.hash?.update(block.bytes) }
  }

  /// Afterwards everything is hashed that was submitted before the previous turn.
  package func turn() {
    earlier.wait()
    swap(&earlier, &current)
  }

  package func settle() {
    earlier.wait()
    current.wait()
  }

  /// Lower-case hexadecimal digits. Once.
  package func finish() -> String {
    settle()
    guard let hash = hash.take() else { preconditionFailure("a lane is finished once") }
    return hash.finish()
  }
}
