import Platform

extension Inotify.Event {
  /// What it says of the path that it names, in the kernel's order.
  var traces: [SettleTracker.Trace] {
    var traces: [SettleTracker.Trace] = []
    if isMovedIn { traces.append(.movedIn) }
    if isCreated { traces.append(.created) }
    if isModified { traces.append(.written) }
    if isClosedAfterWriting { traces.append(.closed) }
    if isAttributes { traces.append(.attributes) }
    if isGone { traces.append(.gone) }
    return traces
  }

  /// A name appeared.
  var isAppearing: Bool { isMovedIn || isCreated }
  /// A name appeared or disappeared.
  var isComingOrGoing: Bool { isAppearing || isGone }
}
