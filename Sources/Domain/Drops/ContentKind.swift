import StrictJSON

/// Tells a loose JSON file's kind from its content: a file that was dropped into `inbox/` itself.
package enum ContentKind {
  /// nil: it cannot be told.
  package static func kind(of node: JSONNode) -> DropKind? {
    guard let object = node.object else { return node.array == nil ? nil : .dataset }
    let keys = Set(object.keys)
    if keys.contains("action") { return .request }
    if keys.contains("dataset") && (keys.contains("config") || keys.contains("name")) { return .job }
    // What only job files have: a config beside it makes one, though the dataset was forgotten or is made by the config.
    if keys.contains("config"), !keys.isDisjoint(with: ["engine", "overrides", "priority", "after", "sweep"]) { return .job }
    if keys.contains("dataset_path") || object["config"]?.object?["datasetPath"] != nil { return .job }
    if object["training"]?.object != nil || object["config"]?.object?["training"] != nil { return .config }
    if object.members.count(where: { $0.node.array != nil }) == 1 { return .dataset }
    return nil
  }
}
