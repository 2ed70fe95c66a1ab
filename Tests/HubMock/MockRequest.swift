/// A request as it came.
package struct MockRequest: Sendable, Equatable {
  package var method: String
  /// As written: path and query; from a proxy's client the whole address.
  package var target: String
  /// Names in lower case.
  package var headers: [String: String]
  /// It came to the second port: the store, which is no part of the Hub.
  package var isToStore: Bool

  package var range: (first: Int, last: Int?)? {
    guard let text = headers["range"], text.hasPrefix("bytes=") else { return nil }
    let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = Int(parts[0]) else { return nil }
    return (first, Int(parts[1]))
  }

  package var token: String? {
    headers["authorization"].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
  }

  /// Percent signs resolved.
  package var path: String {
    Self.decoded(pathAndQuery.split(separator: "?", omittingEmptySubsequences: false).first.map(String.init) ?? "")
  }

  /// Without scheme and host, which a proxy is told.
  var pathAndQuery: String {
    guard target.hasPrefix("http://"), let slash = target.dropFirst(7).firstIndex(of: "/") else { return target }
    return String(target[slash...])
  }

  package var query: [String: String] {
    guard let mark = target.firstIndex(of: "?") else { return [:] }
    let pairs = target[target.index(after: mark)...].split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
    return Dictionary(
      pairs.map { (String($0[0]), $0.count > 1 ? Self.decoded(String($0[1])) : "") }, uniquingKeysWith: { _, last in last })
  }

  static func decoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func quoted(_ path: String) -> String {
    path.utf8.map { byte in
      let isPlain = byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      if isPlain || (byte < 128 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)) {
        return String(UnicodeScalar(byte))
      }
      return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}

/// What is answered.
package struct MockReply: Sendable {
  package var status: Int
  package var headers: [(String, String)]
  package var body: ArraySlice<UInt8>
  /// The connection ends after so many bytes of the body.
  var cutAfter: Int?

  package init(_ status: Int, _ headers: [(String, String)] = [], body: some Collection<UInt8> = []) {
    self.status = status
    self.headers = headers
    self.body = Array(body)[...]
  }

  init(_ status: Int, _ headers: [(String, String)], slice: ArraySlice<UInt8>) {
    (self.status, self.headers, self.body) = (status, headers, slice)
  }
}
