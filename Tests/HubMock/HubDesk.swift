import Platform
import StrictJSON

/// What the mock answers to one request: a plain value, made anew for each.
struct HubDesk {
  let repositories: [MockRepository]
  let trouble: HubMock.Trouble
  let tokens: [String: Set<String>]
  let store: String

  /// What a request changes.
  enum Effect {
    case rangeWasRefused, addressHasExpired
    case cut(String)
    case treeWasRead(String)
  }

  func answer(_ request: MockRequest) -> MockReply {
    if request.isToStore { return fromStore(request) }
    if request.path == "/api/whoami-v2" { return whoami(request) }
    if let token = request.token, tokens[token] == nil {
      return no(401, nil, "Invalid credentials in Authorization header")
    }
    guard let place = place(of: request) else { return no(404, nil, "Sorry, we can't find the page you are looking for.") }
    if let former = place.former {
      let target = request.pathAndQuery.replacing(former, with: place.repository.id)
      return MockReply(307, [("Location", target)])
    }
    if let refusal = refusal(place, request) { return refusal }
    guard let commit = place.repository.commit(named: place.revision) else {
      return no(404, "RevisionNotFound", "Invalid rev id: \(place.revision)")
    }
    switch place.kind {
    case .info: return info(place.repository, commit)
    case .tree: return tree(place, commit, request)
    case .file(let path): return file(place.repository, commit, path, request)
    }
  }

  func effects(of request: MockRequest, _ reply: MockReply) -> [Effect] {
    var effects: [Effect] = []
    if reply.status == 416, trouble.refusedRanges > 0 { effects.append(.rangeWasRefused) }
    if request.isToStore, reply.status == 403, trouble.expiredAddresses > 0 { effects.append(.addressHasExpired) }
    if request.method == "GET", reply.status == 200 || reply.status == 206, let path = servedPath(request) { effects.append(.cut(path)) }
    if let place = place(of: request), case .tree = place.kind, reply.status == 200, !reply.headers.contains(where: { $0.0 == "Link" }) {
      effects.append(.treeWasRead(place.repository.id))
    }
    return effects
  }

  // MARK: places

  private struct Place {
    enum Kind {
      case info, tree
      case file(String)
    }
    var repository: MockRepository
    var kind: Kind
    var revision: String
    var former: String?
  }

  private func place(of request: MockRequest) -> Place? {
    for repository in repositories {
      for id in [repository.id] + repository.formerIDs {
        let former = id == repository.id ? nil : id
        let api = "/api/\(repository.kind.rawValue)s/\(id)"
        let pages = repository.kind == .dataset ? "/datasets/\(id)" : "/\(id)"
        if request.path == api { return Place(repository: repository, kind: .info, revision: "main", former: former) }
        if let rest = after("\(api)/revision/", request.path) {
          return Place(repository: repository, kind: .info, revision: rest, former: former)
        }
        if let rest = after("\(api)/tree/", request.path) {
          return Place(repository: repository, kind: .tree, revision: revision(of: rest, in: repository).name, former: former)
        }
        if let rest = after("\(pages)/resolve/", request.path) {
          let (name, path) = revision(of: rest, in: repository)
          return Place(repository: repository, kind: .file(path), revision: name, former: former)
        }
      }
    }
    return nil
  }

  private func after(_ prefix: String, _ path: String) -> String? { path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil }

  /// A branch may have a slash in its name, `refs/pr/1`.
  private func revision(of rest: String, in repository: MockRepository) -> (name: String, path: String) {
    for name in repository.references.keys where rest == name || rest.hasPrefix(name + "/") {
      return (name, String(rest.dropFirst(name.count + 1)))
    }
    let parts = rest.split(separator: "/", maxSplits: 1).map(String.init)
    return (parts.first ?? "", parts.count > 1 ? parts[1] : "")
  }

  private func refusal(_ place: Place, _ request: MockRequest) -> MockReply? {
    let repository = place.repository
    let isLetIn = request.token.map { tokens[$0]?.contains(repository.id) == true } ?? false
    if repository.isPrivate, !isLetIn {
      return request.token == nil
        ? no(401, "RepoNotFound", "Invalid username or password.") : no(404, "RepoNotFound", "Repository not found")
    }
    if repository.isDisabled { return no(403, nil, "Access to this resource is disabled.") }
    if repository.gated != nil, !isLetIn, case .file = place.kind {
      let words =
        "Access to \(repository.kind.rawValue) \(repository.id) is restricted and you are not in the authorized list."
      return no(request.token == nil ? 401 : 403, "GatedRepo", words)
    }
    return nil
  }

  private func no(_ status: Int, _ code: String?, _ words: String) -> MockReply {
    let node: JSONNode = ["error": JSONNode(.string(words))]
    let headers = [code.map { ("X-Error-Code", $0) }, ("X-Error-Message", words), ("Content-Type", "application/json")].compactMap(\.self)
    return MockReply(status, headers, body: node.text().utf8)
  }

  private func json(_ node: JSONNode, _ headers: [(String, String)] = []) -> MockReply {
    MockReply(200, [("Content-Type", "application/json; charset=utf-8")] + headers, body: node.text().utf8)
  }

  // MARK: answers

  private func whoami(_ request: MockRequest) -> MockReply {
    guard let token = request.token, tokens[token] != nil else { return no(401, nil, "Invalid username or password.") }
    return json(["type": "user", "id": "1", "name": "tester", "fullname": "Tester", "orgs": [], "auth": ["type": "access_token"]])
  }

  private func info(_ repository: MockRepository, _ commit: (sha: String, files: [String: MockRepository.File])) -> MockReply {
    let siblings = commit.files.keys.sorted().map { JSONNode(.object(["rfilename": JSONNode(.string($0))])) }
    var object: JSONObject = [
      "_id": "0", "id": JSONNode(.string(repository.id)), "sha": JSONNode(.string(commit.sha)),
      "private": JSONNode(.bool(repository.isPrivate)),
      "gated": repository.gated.map { JSONNode(.string($0)) } ?? false, "disabled": JSONNode(.bool(repository.isDisabled)),
      "downloads": 0, "likes": 0, "tags": [], "siblings": JSONNode(.array(siblings)), "lastModified": "2026-11-21T00:00:00.000Z",
      "createdAt": "2026-11-21T00:00:00.000Z",
    ]
    if let card = repository.card { object["cardData"] = card }
    return json(JSONNode(.object(object)))
  }

  private func tree(
    _ place: Place, _ commit: (sha: String, files: [String: MockRepository.File]), _ request: MockRequest
  ) -> MockReply {
    var entries: [JSONNode] = []
    var folders: Set<String> = []
    for (path, file) in commit.files.sorted(by: { $0.key < $1.key }) {
      let parts = path.split(separator: "/").map(String.init)
      for count in 1..<max(1, parts.count) {
        let folder = parts[..<count].joined(separator: "/")
        if folders.insert(folder).inserted {
          entries.append([
            "type": "directory", "path": JSONNode(.string(folder)), "oid": JSONNode(.string(MockRepository.blobHash(Array(folder.utf8)))),
            "size": 0,
          ])
        }
      }
      entries.append(entry(path, file))
    }
    for path in trouble.strangePaths { entries.append(entry(path, MockRepository.File("strange"))) }
    let first = request.query["cursor"].flatMap { Int($0) } ?? 0
    let page = entries.dropFirst(first).prefix(trouble.pageSize)
    var headers: [(String, String)] = []
    if first + page.count < entries.count {
      let host = request.headers["host"] ?? ""
      let plain = request.pathAndQuery.replacing(#/&?cursor=\d+/#, with: "")
      headers.append(("Link", "<http://\(host)\(plain)\(plain.contains("?") ? "&" : "?")cursor=\(first + page.count)>; rel=\"next\""))
    }
    return json(JSONNode(.array(Array(page))), headers)
  }

  private func entry(_ path: String, _ file: MockRepository.File) -> JSONNode {
    var object: JSONObject = [
      "type": "file", "oid": JSONNode(.string(file.oid)), "size": JSONNode(integerLiteral: file.bytes.count),
      "path": JSONNode(.string(path)),
    ]
    if file.isLarge {
      object["lfs"] = [
        "oid": JSONNode(.string(file.sha256)), "size": JSONNode(integerLiteral: file.bytes.count),
        "pointerSize": JSONNode(integerLiteral: file.pointer.utf8.count),
      ]
    }
    return JSONNode(.object(object))
  }

  private func file(
    _ repository: MockRepository, _ commit: (sha: String, files: [String: MockRepository.File]), _ path: String, _ request: MockRequest
  ) -> MockReply {
    guard let file = commit.files[path] else {
      return no(404, "EntryNotFound", "Entry not found")
    }
    let known = [("X-Repo-Commit", commit.sha), ("Accept-Ranges", "bytes")]
    guard !file.isLarge else {
      let address = "\(store)/\(file.sha256)?name=\(MockRequest.quoted(path).replacing("/", with: "%2F"))&signature=s"
      return MockReply(
        302,
        known + [
          ("X-Linked-Etag", "\"\(file.sha256)\""), ("X-Linked-Size", "\(file.bytes.count)"), ("ETag", "\"\(file.oid)\""),
          ("Location", address),
        ])
    }
    return bytes(of: file, path, known + [("ETag", "\"\(file.oid)\"")], request)
  }

  private func fromStore(_ request: MockRequest) -> MockReply {
    if request.token != nil || request.headers["authorization"] != nil {
      return MockReply(400, [], body: "Only one auth mechanism allowed; only the signature is.".utf8)
    }
    if trouble.expiredAddresses > 0 { return MockReply(403, [], body: "Request has expired".utf8) }
    let hash = String(request.path.dropFirst())
    for repository in repositories {
      for commit in repository.commits {
        if let (path, file) = commit.files.first(where: { $0.value.isLarge && $0.value.sha256 == hash }) {
          return bytes(of: file, path, [("ETag", "\"\(MockRepository.blobHash(Array(hash.utf8)))\""), ("Accept-Ranges", "bytes")], request)
        }
      }
    }
    return MockReply(404)
  }

  private func bytes(of file: MockRepository.File, _ path: String, _ headers: [(String, String)], _ request: MockRequest) -> MockReply {
    if trouble.compressed.contains(path) {
      return MockReply(200, headers + [("Content-Encoding", "gzip")], body: StoredGzip.bytes(of: file.bytes))
    }
    var all = file.bytes
    if trouble.wrong.contains(path), !all.isEmpty { all[all.count / 2] ^= 0xFF }
    guard let range = request.range, !trouble.ignoresRange, request.method == "GET" else { return MockReply(200, headers, slice: all[...]) }
    if trouble.refusedRanges > 0 || range.first >= all.count {
      return MockReply(416, headers + [("Content-Range", "bytes */\(all.count)")])
    }
    let last = min(range.last ?? all.count - 1, all.count - 1)
    return MockReply(
      206, headers + [("Content-Range", "bytes \(range.first)-\(last)/\(all.count)")], slice: all[range.first...max(range.first, last)])
  }

  private func servedPath(_ request: MockRequest) -> String? {
    if request.isToStore { return request.query["name"] }
    if case .file(let path)? = place(of: request)?.kind { return path }
    return nil
  }
}
