import Platform

/// Seconds of a run, from its first worker's start, those of interruptions left out.
struct RunWatch {
  /// What earlier workers had taken when they wrote the checkpoint that this one goes on from.
  let before: Double
  /// When this worker began, on the monotonic clock.
  let began: Int64
  let clock: WallClock

  var seconds: Double { before + Double(clock.monotonic() - began) / 1e9 }
}
