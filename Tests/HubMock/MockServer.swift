import Platform
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// HTTP/1.1 on a port of 127.0.0.1, one thread a connection: as much of it as a client of the Hub needs.
final class MockServer: Sendable {
  typealias Handler = @Sendable (MockRequest) -> MockReply

  let port: Int
  private let listener: Int32
  private let handler: Handler
  private let isToStore: Bool
  /// Bytes of bodies a second; 0: as fast as it goes.
  private let pace: @Sendable () -> Int
  private let connections = Mutex<Set<Int32>>([])
  private let isOver = Mutex(false)

  private final class Task {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  init(port wanted: Int = 0, isToStore: Bool, pace: @escaping @Sendable () -> Int, handler: @escaping Handler) throws {
    self.handler = handler
    self.isToStore = isToStore
    self.pace = pace
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = in_port_t(wanted).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 256) == 0 && getsockname(listener, address, &length) == 0
      }
    }
    guard bound else { throw MockFailure(what: "no port of 127.0.0.1 is to be had: \(String(cString: strerror(errno)))") }
    self.listener = listener
    port = Int(in_port_t(bigEndian: address.sin_port))
    Self.start { [weak self] in
      while let server = self {
        let connection = accept(server.listener, nil, nil)
        if server.isOver.withLock(\.self) { break }
        guard connection >= 0 else { continue }
        server.connections.withLock { _ = $0.insert(connection) }
        Self.start { server.serve(connection) }
      }
    }
  }

  deinit { close(listener) }

  /// Ends the listener and every connection.
  func stop() {
    isOver.withLock { $0 = true }
    shutdown(listener, Int32(SHUT_RDWR))
    connections.withLock { for connection in $0 { shutdown(connection, Int32(SHUT_RDWR)) } }
  }

  private static func start(_ run: @escaping () -> Void) {
    var thread = pthread_t()
    let task = Unmanaged.passRetained(Task(run))
    let failure = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Task>.fromOpaque(argument!).takeRetainedValue().run()  // the argument is `task` below
        return nil
      }, task.toOpaque())
    precondition(failure == 0, "no thread")
    pthread_detach(thread)
  }

  private func serve(_ connection: Int32) {
    defer {
      connections.withLock { _ = $0.remove(connection) }
      close(connection)
    }
    var yes: Int32 = 1
    setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    var pending: [UInt8] = []
    while let request = read(connection, &pending) {
      if !send(handler(request), isHead: request.method == "HEAD", to: connection) { return }
    }
  }

  private func read(_ connection: Int32, _ pending: inout [UInt8]) -> MockRequest? {
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
      if let end = pending.firstRange(of: Array("\r\n\r\n".utf8)) {
        let head = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
        pending.removeSubrange(..<end.upperBound)
        return Self.request(head, isToStore: isToStore)
      }
      let count = recv(connection, &chunk, chunk.count, 0)
      if count <= 0 || pending.count > 1 << 20 { return nil }
      pending += chunk[..<count]
    }
  }

  private static func request(_ head: String, isToStore: Bool) -> MockRequest? {
    let lines = head.split(separator: "\r\n")
    let words = (lines.first ?? "").split(separator: " ")
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return MockRequest(method: String(words[0]), target: String(words[1]), headers: headers, isToStore: isToStore)
  }

  /// False where the connection is to end.
  private func send(_ reply: MockReply, isHead: Bool, to connection: Int32) -> Bool {
    var lines = ["HTTP/1.1 \(reply.status) \(Self.phrase(reply.status))", "Connection: keep-alive"]
    if !reply.headers.contains(where: { $0.0.lowercased() == "content-length" }) { lines.append("Content-Length: \(reply.body.count)") }
    lines += reply.headers.map { "\($0.0): \($0.1)" }
    guard send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)[...], to: connection) else { return false }
    if isHead { return true }
    let body = reply.cutAfter.map { reply.body.prefix($0) } ?? reply.body
    var rest = body
    while !rest.isEmpty {
      let pace = pace()
      let piece = rest.prefix(pace > 0 ? max(1, pace / 50) : 1 << 20)
      guard send(piece, to: connection) else { return false }
      rest = rest.dropFirst(piece.count)
      if pace > 0 { usleep(20_000) }
      if isOver.withLock(\.self) { return false }
    }
    return body.count == reply.body.count
  }

  private func send(_ bytes: ArraySlice<UInt8>, to connection: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func phrase(_ status: Int) -> String {
    [
      200: "OK", 206: "Partial Content", 302: "Found", 307: "Temporary Redirect", 401: "Unauthorized", 403: "Forbidden",
      404: "Not Found", 416: "Range Not Satisfiable", 429: "Too Many Requests",
    ][status] ?? "Answer"
  }
}

/// Why there is no mock.
package struct MockFailure: Error, CustomStringConvertible {
  let what: String
  package var description: String { what }
}
