import Domain

/// The Hub's addresses (huggingface_hub, constants.py and hf_api.py).
struct HubURL: Sendable {
  let endpoint: String
  let source: HubSource

  private var api: String { "\(endpoint)/api/\(source.kind == .dataset ? "datasets" : "models")/\(source.repository)" }

  func info(revision: String) -> String { "\(api)/revision/\(Self.quoted(revision))" }

  func tree(revision: String) -> String { "\(api)/tree/\(Self.quoted(revision))?recursive=true&expand=false" }

  func file(_ path: String, revision: String) -> String {
    let place = source.kind == .dataset ? "\(endpoint)/datasets/\(source.repository)" : "\(endpoint)/\(source.repository)"
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).map { Self.quoted(String($0)) }
    return "\(place)/resolve/\(Self.quoted(revision))/\(segments.joined(separator: "/"))"
  }

  /// Percent-encoded, a slash as well: RFC 3986's unreserved characters stay.
  static func quoted(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Scheme, host and port of an address: what a token belongs to. nil where it has none of http and https.
  static func origin(of url: String) -> String? {
    for (scheme, port) in [("https://", "443"), ("http://", "80")] where url.lowercased().hasPrefix(scheme) {
      let rest = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
      let host = rest.split(separator: "@", omittingEmptySubsequences: false).last.map { $0.lowercased() } ?? ""
      // A colon after the brackets of an IPv6 address, or the only one.
      let afterBracket = host.lastIndex(of: "]").map { host[$0...] } ?? host[...]
      return scheme + (afterBracket.contains(":") ? host : "\(host):\(port)")
    }
    return nil
  }

  /// Where a `Location` or a `Link` leads from the address that named it; nil where it is no http address.
  static func resolved(_ reference: String, from base: String) -> String? {
    if origin(of: reference) != nil { return reference }
    guard let origin = origin(of: base), let scheme = base.firstRange(of: "://") else { return nil }
    if reference.hasPrefix("//") { return base[..<scheme.lowerBound] + ":" + reference }
    if reference.contains("://") { return nil }
    if reference.hasPrefix("/") { return origin + reference }
    let path = base[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
    guard let slash = path.lastIndex(of: "/") else { return origin + "/" + reference }
    return base[..<slash] + "/" + reference
  }

  /// The address of the next page: `Link: <url>; rel="next"` (RFC 8288).
  static func next(inLink header: String) -> String? {
    for link in header.split(separator: ",") {
      guard let open = link.firstIndex(of: "<"), let close = link.firstIndex(of: ">"), open < close else { continue }
      let parameters = link[link.index(after: close)...].lowercased().filter { $0 != " " && $0 != "\"" }
      if parameters.split(separator: ";").contains("rel=next") { return String(link[link.index(after: open)..<close]) }
    }
    return nil
  }
}
