import Platform

/// Now, on both clocks: waiting is counted on the one that only goes forward, the age of files on the other.
package struct Moment: Sendable, Equatable {
  /// Nanoseconds since 1970.
  package var wall: Int64
  /// Nanoseconds since some moment of the past.
  package var monotonic: Int64

  package init(wall: Int64, monotonic: Int64) {
    self.wall = wall
    self.monotonic = monotonic
  }

  package init(_ clock: WallClock) { self.init(wall: clock.now(), monotonic: clock.monotonic()) }
}
