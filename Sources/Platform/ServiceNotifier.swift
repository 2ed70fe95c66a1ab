#if canImport(Glibc)
  import Glibc
#endif

/// sd_notify(3) by hand: one datagram to the socket that systemd names. Without systemd every call is a no-op.
package struct ServiceNotifier: Sendable {
  private let socketPath: [UInt8]?
  /// How often systemd expects a sign of life, in seconds; nil where it does not watch.
  package let watchdogSeconds: Double?

  package init(environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) {
    socketPath = environment("NOTIFY_SOCKET").map { Array($0.utf8) }
    let mine = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
    watchdogSeconds = mine ? environment("WATCHDOG_USEC").flatMap(Double.init).map { $0 / 1e6 } : nil
  }

  package func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
  package func status(_ status: String) { send("STATUS=\(status)") }
  package func stopping() { send("STOPPING=1\nSTATUS=stopping: workers write their checkpoints") }
  package func alive() { send("WATCHDOG=1") }
  /// Asks for more time to stop, in seconds.
  package func extend(seconds: Double) { send("EXTEND_TIMEOUT_USEC=\(Int(seconds * 1e6))") }

  /// False where there is no socket, or the datagram could not be sent.
  @discardableResult
  package func send(_ message: String) -> Bool {
    var address = sockaddr_un()
    guard var path = socketPath, !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    if path[0] == UInt8(ascii: "@") { path[0] = 0 }  // the abstract namespace
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let bytes = Array(message.utf8)
    let sent = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
    return sent == bytes.count
  }
}
