import CCurl
import Domain
import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// A connection that is kept between requests: one a thread. Follows no redirect by itself, because whether the token goes along is
/// decided at each (`HubSession`).
final class HTTPConnection {
  private let easy: OpaquePointer
  private let surroundings: HubSurroundings

  /// Bytes handed over at a time: libcurl's largest.
  private static let bufferSize = 512 << 10
  /// Of an answer that is not streamed: the listing of a thousand files is 300 kB.
  static let bodyLimit = 32 << 20

  private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// To be called once before the first thread, as libcurl wants it.
  static func prepare() throws {
    guard isReady else {
      throw Problem("hub.library", "libcurl cannot be used", mend: "Install it anew: sudo apt-get install libcurl4.")
    }
  }

  init(_ surroundings: HubSurroundings) throws {
    try Self.prepare()
    guard let easy = curl_easy_init() else {
      throw Problem("hub.library", "libcurl gives no connection", mend: "Look whether memory is free, and try again.")
    }
    self.easy = OpaquePointer(easy)
    self.surroundings = surroundings
  }

  deinit { curl_easy_cleanup(UnsafeMutableRawPointer(easy)) }

  /// Receives an answer's bytes.
  ///
  /// - Parameters:
  ///   - accept: called once with the answer's head before its first byte: true streams the bytes to `take`, false keeps them as the
  ///     answer's body.
  ///   - isStopped: asked about once a second and at each piece.
  func perform(
    _ request: HTTPRequest, isStopped: @escaping () -> Bool, accept: @escaping (HTTPResponse) throws -> Bool = { _ in false },
    take: @escaping (UnsafeRawBufferPointer) throws -> Void = { _ in }
  ) throws(HTTPFailure) -> HTTPResponse {
    let handle = UnsafeMutableRawPointer(easy)
    let exchange = Exchange(isStopped: isStopped, accept: accept, take: take)
    exchange.response.url = request.url
    curl_easy_reset(handle)
    var lines: UnsafeMutablePointer<curl_slist>?
    for line in request.headers { lines = curl_slist_append(lines, line) }
    defer { curl_slist_free_all(lines) }
    var words = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    let code = words.withUnsafeMutableBytes { buffer in
      configure(handle, request, lines, exchange, errors: buffer.baseAddress)
      return withExtendedLifetime(exchange) { curl_easy_perform(handle) }
    }
    exchange.response.status = ccurl_status(handle)
    if let error = exchange.failure { throw .receiver(error) }
    if code == CURLE_OK {
      if let error = exchange.beginIfEmpty() { throw .receiver(error) }
      return exchange.response
    }
    if exchange.wasStopped || isStopped() { throw .stopped }
    let said = String(decoding: words.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw .connection(
      words: said.isEmpty ? String(cString: curl_easy_strerror(code)) : said, isPassing: !Self.lasting.contains(code.rawValue),
      isCertificate: [CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE].map(\.rawValue).contains(code.rawValue))
  }

  /// What another attempt meets again.
  private static let lasting: Set<UInt32> = Set(
    [CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE].map(\.rawValue))

  private func configure(
    _ handle: UnsafeMutableRawPointer, _ request: HTTPRequest, _ lines: UnsafeMutablePointer<curl_slist>?, _ exchange: Exchange,
    errors: UnsafeMutableRawPointer?
  ) {
    func number(_ option: CURLoption, _ value: Int) { _ = ccurl_set_number(handle, option, value) }
    func text(_ option: CURLoption, _ value: String) { _ = ccurl_set_text(handle, option, value) }
    text(CURLOPT_URL, request.url)
    text(CURLOPT_PROTOCOLS_STR, "http,https")
    text(CURLOPT_USERAGENT, "dropforge/\(DropforgeVersion.text)")
    number(CURLOPT_FOLLOWLOCATION, 0)
    number(CURLOPT_NOSIGNAL, 1)  // threads: a resolver that takes too long must not raise a signal
    number(CURLOPT_BUFFERSIZE, Self.bufferSize)
    number(CURLOPT_CONNECTTIMEOUT_MS, Int(request.timeout * 1_000))
    number(CURLOPT_LOW_SPEED_LIMIT, 1)
    number(CURLOPT_LOW_SPEED_TIME, max(1, Int(request.timeout.rounded(.up))))
    number(CURLOPT_NOBODY, request.method == .head ? 1 : 0)
    number(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    number(CURLOPT_TCP_KEEPALIVE, 1)
    // HTTP/2 would put all of a thread's requests on one connection, which it has anyway; HTTP/1.1 is the faster for large bodies.
    number(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    // What is compressed though we ask for identity is unpacked: what is stored are the file's own bytes.
    text(CURLOPT_ACCEPT_ENCODING, "gzip")
    let proxy = surroundings.proxy(for: request.url)
    text(CURLOPT_PROXY, proxy ?? "")
    text(CURLOPT_NOPROXY, surroundings.noProxy)
    if let file = surroundings.certificates { text(CURLOPT_CAINFO, file) }
    _ = ccurl_set_list(handle, CURLOPT_HTTPHEADER, lines)
    _ = ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errors)
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA] { _ = ccurl_set_pointer(handle, option, context) }
    _ = ccurl_set_sink(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      Exchange.of(context).head(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    _ = ccurl_set_sink(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      Exchange.of(context).body(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    number(CURLOPT_NOPROGRESS, 0)
    _ = ccurl_set_progress(handle) { context, _, _, _, _ in Exchange.of(context).look() }
  }
}

/// A request under way, as libcurl's callbacks see it.
private final class Exchange {
  var response = HTTPResponse()
  private(set) var failure: (any Error)?
  private(set) var wasStopped = false
  private var isStreamed: Bool?
  private let isStopped: () -> Bool
  private let accept: (HTTPResponse) throws -> Bool
  private let take: (UnsafeRawBufferPointer) throws -> Void

  init(
    isStopped: @escaping () -> Bool, accept: @escaping (HTTPResponse) throws -> Bool,
    take: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) {
    self.isStopped = isStopped
    self.accept = accept
    self.take = take
  }

  /// The context is the exchange that `perform` keeps alive while libcurl runs.
  static func of(_ context: UnsafeMutableRawPointer?) -> Exchange { Unmanaged<Exchange>.fromOpaque(context!).takeUnretainedValue() }

  func head(_ bytes: UnsafeRawBufferPointer) -> Int {
    let line = String(decoding: bytes, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      // Each answer of a connection begins anew: that of a 100 is none.
      response.headers = []
      response.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].drop(while: \.isWhitespace)
      var kept = value
      while kept.last?.isWhitespace == true { kept = kept.dropLast() }
      response.headers.append((line[..<colon].lowercased(), String(kept)))
    }
    return bytes.count
  }

  func body(_ bytes: UnsafeRawBufferPointer) -> Int {
    do {
      if isStreamed == nil { isStreamed = try accept(response) }
      if isStreamed == true {
        try take(bytes)
      } else {
        guard response.body.count + bytes.count <= HTTPConnection.bodyLimit else { return 0 }
        response.body += bytes
      }
      return look() == 0 ? bytes.count : 0
    } catch {
      failure = error
      return 0
    }
  }

  /// An answer without a byte has a head that is to be looked at, too.
  func beginIfEmpty() -> (any Error)? {
    guard isStreamed == nil else { return nil }
    do {
      isStreamed = try accept(response)
      return nil
    } catch {
      return error
    }
  }

  func look() -> Int32 {
    if isStopped() { wasStopped = true }
    return wasStopped ? 1 : 0
  }
}
