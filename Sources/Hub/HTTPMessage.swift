import Domain

/// What is asked of a server.
struct HTTPRequest: Sendable {
  enum Method: Sendable { case get, head }

  var method = Method.get
  var url: String
  /// `Name: value` lines.
  var headers: [String] = []
  /// Seconds in which a connection must stand, and after which a silent server is given up.
  var timeout: Double
}

/// What a server answered.
struct HTTPResponse: Sendable {
  var status = 0
  /// Names in lower case.
  var headers: [(name: String, value: String)] = []
  /// The URL that answered.
  var url = ""
  /// What came with it, where it was small and not streamed.
  var body: [UInt8] = []

  /// The last header of that name, which is to be in lower case.
  subscript(name: String) -> String? { headers.last { $0.name == name }?.value }

  var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) && self["location"] != nil }

  /// `bytes 0-99/1000` of a 206, `bytes */1000` of a 416.
  var contentRange: (first: Int?, size: Int?)? {
    guard let text = self["content-range"], text.hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    return (parts[0].split(separator: "-").first.flatMap { Int($0) }, Int(parts[1]))
  }
}

/// Why there is no answer, or not all of it.
enum HTTPFailure: Error {
  /// What libcurl says, and whether another attempt may do better.
  case connection(words: String, isPassing: Bool, isCertificate: Bool)
  /// The download is to stop.
  case stopped
  /// The receiver of the bytes refused them: its own error.
  case receiver(any Error)
}
