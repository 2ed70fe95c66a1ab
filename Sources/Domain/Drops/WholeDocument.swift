import StrictJSON

/// Whether a file's content shows by itself that nothing more will come.
///
/// A JSON object or array ends with the bracket that opened it: no shorter piece of it is valid. That cannot be said of lines
/// (.jsonl, .csv) or of text, where every piece looks whole; and a file called .json that holds JSON lines begins with
/// an object that is complete after the first line. So where lines may come (datasets), only an array counts.
package enum WholeDocument {
  /// Larger files are not read for it: they wait like all others.
  package static let maximumBytes = 1 << 20

  /// Whether it is worth reading a file of that name in the folder of that kind (nil: the inbox itself).
  package static func mayShow(name: String, kind: DropKind?, bytes: Int) -> Bool {
    kind != .model && name.lowercased().hasSuffix(".json") && bytes > 1 && bytes <= maximumBytes
  }

  package static func shows(_ bytes: [UInt8], name: String, kind: DropKind?) -> Bool {
    guard let node = try? JSONParser.parse(bytes, repeatedKeys: .keepLast) else { return false }
    if node.array != nil { return true }
    guard node.object != nil else { return false }
    if name.lowercased().hasSuffix(DatasetSidecar.ending) { return true }
    switch kind {
    case .config, .job, .request: return true
    case .dataset, .model: return false
    case nil: return ContentKind.kind(of: node).map { $0 != .dataset } ?? false
    }
  }
}
