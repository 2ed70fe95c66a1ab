import Domain
import StrictJSON

/// What the Hub says of a revision of a repository.
struct HubRevision: Sendable, Equatable {
  /// 40 hexadecimal digits.
  var commit: String
  /// The front matter of its README.md, as the Hub has read it: `configs`, `license`, `dataset_info`.
  var card: JSONNode?
}

/// A file of a repository.
struct HubFile: Sendable, Equatable {
  var path: String
  var size: Int
  /// SHA-256 where the file is large (LFS), else git's blob SHA-1.
  var hash: String
}

/// What is known of a file before its bytes.
struct HubFileHead: Sendable, Equatable {
  var etag: String
  /// nil where the server compresses what it sends, and so says another size.
  var size: Int?
  /// Where its bytes are: the Hub itself, or a store that is told of in a redirect, whose address may expire.
  var location: String
}

extension HubSession {
  func revision(_ name: String) throws -> HubRevision {
    let response = try ask(
      .get, client.urls.info(revision: name), about: .revision(name), timeout: client.surroundings.downloadTimeout)
    let node = try json(response, of: "the repository")
    if node["disabled"]?.bool == true { throw Problem(hubDisabled: client) }
    guard let commit = node["sha"]?.string, Self.isCommit(commit) else { throw Problem(hubNonsense: "it names no commit", client) }
    return HubRevision(commit: commit, card: node["cardData"])
  }

  static func isCommit(_ text: String) -> Bool { text.utf8.count == 40 && ContentHash.Kind(of: text) != nil }

  /// Every file of a commit, over all pages.
  func files(of commit: String) throws -> [HubFile] {
    var files: [HubFile] = []
    var page: String? = client.urls.tree(revision: commit)
    var seen: Set<String> = []
    while let url = page {
      // A server whose pages lead in a circle, or elsewhere with the token.
      guard seen.insert(url).inserted, HubURL.origin(of: url) == HubURL.origin(of: client.endpoint) else {
        throw Problem(hubNonsense: "its list of files leads to \(url)", client)
      }
      let response = try ask(.get, url, about: .revision(commit), timeout: client.surroundings.downloadTimeout)
      guard let entries = try json(response, of: "the list of files").array else {
        throw Problem(hubNonsense: "its list of files is none", client)
      }
      for entry in entries where entry["type"]?.string == "file" { files.append(try file(entry)) }
      page = response["link"].flatMap(HubURL.next).flatMap { HubURL.resolved($0, from: url) }
    }
    return files
  }

  private func file(_ entry: JSONNode) throws -> HubFile {
    guard let path = entry["path"]?.string, let size = entry["lfs"]?["size"]?.int ?? entry["size"]?.int, size >= 0,
      let hash = entry["lfs"]?["oid"]?.string ?? entry["oid"]?.string, let kind = ContentHash.Kind(of: hash),
      (kind == .sha256) == (entry["lfs"]?.object != nil)
    else { throw Problem(hubNonsense: "an entry of its list of files has no path, size or hash: \(entry.text().prefix(200))", client) }
    guard RepositoryPath.isSafe(path) else { throw Problem(hubPath: path, client) }
    return HubFile(path: path, size: size, hash: hash.lowercased())
  }

  /// HEAD of a file at a commit.
  func head(_ path: String, at commit: String) throws -> HubFileHead {
    let url = client.urls.file(path, revision: commit)
    let response = try ask(.head, url, about: .file(path), timeout: client.surroundings.etagTimeout)
    if let served = response["x-repo-commit"], served.lowercased() != commit {
      throw Problem(hubNonsense: "asked for \(path) at the commit \(commit), it serves that of \(served)", client)
    }
    guard let etag = (response["x-linked-etag"] ?? response["etag"]).map(Self.plain), !etag.isEmpty else {
      throw Problem(hubNonsense: "it gives \(path) no ETag", client)
    }
    let isPlain = response["content-encoding"] == nil && !response.isRedirect
    let size = response["x-linked-size"].flatMap { Int($0) } ?? (isPlain ? response["content-length"].flatMap { Int($0) } : nil)
    let location = response.isRedirect ? response["location"].flatMap { HubURL.resolved($0, from: response.url) } : response.url
    return HubFileHead(etag: etag, size: size, location: location ?? url)
  }

  /// Without `W/` and quotes.
  private static func plain(_ etag: String) -> String {
    var text = etag[...]
    if text.hasPrefix("W/") { text = text.dropFirst(2) }
    return text.filter { $0 != "\"" }.lowercased()
  }

  private func json(_ response: HTTPResponse, of what: String) throws -> JSONNode {
    do throws(JSONSyntaxError) {
      return try JSONParser.parse(response.body, repeatedKeys: .keepLast)
    } catch {
      throw Problem(hubNonsense: "what it says of \(what) is no JSON: \(error.message)", client)
    }
  }
}
