/// Memory for one piece of work after the other. What was in it is gone when it grows.
struct GrowingScratch: ~Copyable {
  private(set) var capacity = 256
  private var base = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)

  deinit { base.deallocate() }

  /// At least so many bytes.
  mutating func room(for count: Int) -> UnsafeMutablePointer<UInt8> {
    if capacity < count {
      base.deallocate()
      capacity = max(count, 2 * capacity)
      base = .allocate(capacity: capacity)
    }
    return base
  }
}
