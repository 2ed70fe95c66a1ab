/// How quick the line is, told from the first moment of a transfer: with the connections, the redirects and the store that the rest of it has.
/// A plain value that is told what has come; whoever brings the bytes ends the trial when it says so.
///
/// Not one request by itself: stores limit each connection, and a download has several, so that one tells of a time many times too long.
struct LineTrial: Sendable {
  /// Seconds from the first byte. Of those the first quarter does not count where the trial lasts for them: a connection begins slowly.
  let seconds: Double
  /// Bytes that suffice. What is no more than this is not worth a trial.
  let bytes: Int

  /// Bytes and seconds of a look.
  private struct Look {
    var bytes: Int
    var at: Double
  }
  /// The last look at which nothing had come; the first behind the quarter; the last.
  private var empty: Look?
  private var warm: Look?
  private var last: Look?

  init(seconds: Double = 1, bytes: Int = 8 << 20) {
    self.seconds = seconds
    self.bytes = bytes
  }

  /// Takes in that so many bytes have come since the trial began, so many seconds ago.
  ///
  /// - Returns: whether it is enough.
  mutating func note(_ count: Int, after elapsed: Double) -> Bool {
    let look = Look(bytes: count, at: elapsed)
    guard count > 0 else {
      empty = look
      return false
    }
    let begun = empty?.at ?? 0
    last = look
    if warm == nil, elapsed - begun >= seconds / 4 { warm = look }
    return elapsed - begun >= seconds || count >= bytes
  }

  /// Bytes a second; nil: too little has come to tell.
  var rate: Double? {
    guard let last else { return nil }
    let first = empty ?? Look(bytes: 0, at: 0)
    // Half of the trial behind the slow start is long enough to tell by.
    if let warm, last.at - warm.at >= seconds / 2, last.bytes > warm.bytes { return Double(last.bytes - warm.bytes) / (last.at - warm.at) }
    return last.at > first.at ? Double(last.bytes) / (last.at - first.at) : nil
  }

  /// Seconds that the rate was measured over.
  var measured: Double {
    guard let last else { return 0 }
    return last.at - (empty?.at ?? 0)
  }
}
