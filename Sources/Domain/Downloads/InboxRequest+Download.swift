import StrictJSON

extension InboxRequest {
  static let downloadKeys = ["source", "name", "config", "split", "revision", "files", "max_rows", "max_bytes", "max_seconds"]

  /// `{"action": "download", "source": "hf:OWNER/NAME", …}`: the fields are a sidecar's, and `name` is what it is to be called.
  static func download(_ object: JSONObject, _ source: ConfigSource) -> (InboxRequest?, [Finding]) {
    var fields = DatasetSidecar()
    var findings = fields.overlay(object, path: "", source: source, others: ["action", "name", "comment", "schema", "$schema"])
    func refuse(_ field: String, _ message: String) {
      findings.append(Finding(.error, field, message, line: source.line(of: field, in: object)))
    }
    let name = object["name"]?.string
    if object["name"] != nil, name?.isEmpty != false { refuse("name", "must be what it is to be called") }
    if fields.source == nil {
      refuse(
        "source",
        "this field is missing; it says where from: hf:OWNER/NAME, hf-model:OWNER/NAME, or one of \(DatasetPreset.names.joined(separator: ", "))"
      )
    }
    guard findings.errors.isEmpty, let wish = fields.download(called: name) else { return (nil, findings) }
    switch wish {
    case .success(let wish): return (.download(wish), findings)
    case .failure(let complaint):
      refuse(complaint.field, complaint.message)
      return (nil, findings)
    }
  }
}

/// The drop that asked for a download, so that it can be told how it ended.
package struct DownloadAsker: Codable, Sendable, Equatable {
  package var drop: DropID
  /// The file's name as it was dropped.
  package var name: String
  package var kind: DropKind
  package var receivedAt: Timestamp
  package var size: Int
  package var sha256: String?
  /// Where it is kept, relative to the root.
  package var path: String

  package init(drop: DropID, name: String, kind: DropKind, receivedAt: Timestamp, size: Int, sha256: String?, path: String) {
    self.drop = drop
    self.name = name
    self.kind = kind
    self.receivedAt = receivedAt
    self.size = size
    self.sha256 = sha256
    self.path = path
  }
}

/// The body of a download's errand.
package struct DownloadErrand: Codable, Sendable, Equatable {
  package var wish: DownloadWish
  package var asker: DownloadAsker

  package init(wish: DownloadWish, asker: DownloadAsker) {
    self.wish = wish
    self.asker = asker
  }
}
