/// A wish to stop, made by one task and awaited by another. Made once; a later wish changes nothing.
package final class StopRequest: Sendable {
  private let wishes: AsyncStream<Void>
  private let sink: AsyncStream<Void>.Continuation

  package init() {
    (wishes, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  package func make() {
    sink.yield()
    sink.finish()
  }

  /// Returns when the wish was made; also when the waiting task is cancelled, which `Task.isCancelled` tells.
  package func wait() async {
    for await _ in wishes { return }
  }
}
