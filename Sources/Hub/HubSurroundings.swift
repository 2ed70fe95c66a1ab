import Domain
import Platform
import SystemPackage

/// What the environment says of the Hub and of the way there, as Hugging Face's own client reads it.
package struct HubSurroundings: Sendable {
  private let variables: [String: String]
  private let order: DownloadOrder?

  /// - Parameter variables: the process's environment.
  package init(variables: [String: String], order: DownloadOrder? = nil) {
    self.variables = variables.filter { !$0.value.isEmpty }
    self.order = order
  }

  package static let usualEndpoint = "https://huggingface.co"

  /// Without a slash at its end.
  package var endpoint: String {
    var text = order?.endpoint ?? variables["HF_ENDPOINT"] ?? Self.usualEndpoint
    while text.hasSuffix("/") { text.removeLast() }
    return text
  }

  /// `HF_HUB_OFFLINE`: nothing is asked of any network.
  package var isOffline: Bool { ["1", "ON", "YES", "TRUE"].contains((variables["HF_HUB_OFFLINE"] ?? "").uppercased()) }

  /// Seconds for an answer about a file, and for its bytes.
  var etagTimeout: Double { seconds("HF_HUB_ETAG_TIMEOUT") }
  var downloadTimeout: Double { seconds("HF_HUB_DOWNLOAD_TIMEOUT") }

  private func seconds(_ name: String) -> Double { variables[name].flatMap(Double.init).flatMap { $0 > 0 ? $0 : nil } ?? 10 }

  /// Where servers' certificates are checked against; nil: the system's.
  package var certificates: String? { ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"].lazy.compactMap { variables[$0] }.first }

  /// Not left to libcurl, which reads `http_proxy` in small letters only.
  func proxy(for url: String) -> String? {
    let scheme = url.hasPrefix("https:") ? "https" : "http"
    return ["\(scheme)_proxy", "\(scheme.uppercased())_PROXY", "all_proxy", "ALL_PROXY"].lazy.compactMap { variables[$0] }.first
  }

  var noProxy: String { variables["no_proxy"] ?? variables["NO_PROXY"] ?? "" }

  /// The token, in the order of Hugging Face's client after the agent's own setting; nil: none, or none is to be used.
  ///
  /// - Throws: `Problem` where the agent's settings name a file that cannot be read, or that others can read.
  package func token(_ files: some FileSystem) throws -> String? {
    if let path = order?.tokenFile { return try token(in: FilePath(path), files) }
    if ["1", "ON", "YES", "TRUE"].contains((variables["HF_HUB_DISABLE_IMPLICIT_TOKEN"] ?? "").uppercased()) { return nil }
    for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
      if let token = Self.cleaned(variables[name] ?? "") { return token }
    }
    guard let path = tokenPath, let bytes = try? files.contents(of: path, limit: 64 << 10) else { return nil }
    return Self.cleaned(String(decoding: bytes, as: UTF8.self))
  }

  /// `HF_TOKEN_PATH`, `$HF_HOME/token`, `$XDG_CACHE_HOME/huggingface/token`, `~/.cache/huggingface/token`.
  private var tokenPath: FilePath? {
    if let path = variables["HF_TOKEN_PATH"] { return FilePath(path) }
    if let home = variables["HF_HOME"] { return FilePath(home).appending("token") }
    let cache = variables["XDG_CACHE_HOME"].map { FilePath($0) } ?? variables["HOME"].map { FilePath($0).appending(".cache") }
    return cache?.appending("huggingface").appending("token")
  }

  private func token(in path: FilePath, _ files: some FileSystem) throws -> String? {
    do throws(SystemError) {
      let bytes = try files.contents(of: path, limit: 64 << 10)
      return Self.cleaned(String(decoding: bytes, as: UTF8.self))
    } catch {
      throw Problem(
        "hub.token-file", "the file with the Hub's token cannot be read", at: .init(file: path.string, field: "hub_token_file"),
        mend:
          "Put the token there in one line, owned by the agent's user and closed to others (chmod 600), or take \"hub_token_file\" out of dropforge.json.",
        cause: error.description)
    }
  }

  /// Without white space and line ends around it; nil where nothing is left. A line end inside would be a second header.
  private static func cleaned(_ text: String) -> String? {
    let token = text.filter { !$0.isWhitespace && $0.isASCII }
    return token.isEmpty ? nil : token
  }
}
