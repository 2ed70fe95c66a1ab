import StrictJSON

/// What two configs differ in, field by field, with every default filled in: what a reader wants to know of two runs.
package struct ConfigDifference: Codable, Sendable, Equatable {
  package struct Line: Codable, Sendable, Equatable {
    package var field: String
    /// As JSON; nil: the field is not set.
    package var left: String?
    package var right: String?
    /// Whether the file says it itself; else the value is the default.
    package var isSaidLeft: Bool
    package var isSaidRight: Bool

    enum CodingKeys: String, CodingKey {
      case field, left, right
      case isSaidLeft = "is_said_left"
      case isSaidRight = "is_said_right"
    }
  }

  package var schema = "dropforge.config-difference/1"
  package var left: String
  package var right: String
  package var lines: [Line]

  package init(_ left: JSONNode, called leftName: String, _ right: JSONNode, called rightName: String) {
    self.left = leftName
    self.right = rightName
    let (one, other) = (Self.fields(of: left), Self.fields(of: right))
    let (saidOne, saidOther) = (Self.said(in: left), Self.said(in: right))
    let order = one.map(\.path) + other.map(\.path).filter { path in !one.contains { $0.path == path } }
    lines = order.compactMap { path in
      let a = one.first { $0.path == path }?.value, b = other.first { $0.path == path }?.value
      guard a != b, path != "schema" else { return nil }
      return Line(
        field: path, left: a?.text(), right: b?.text(), isSaidLeft: saidOne.contains(path), isSaidRight: saidOther.contains(path))
    }
  }

  /// "training.learning_rate   1e-4 -> 2e-5 (default)", a line each.
  package var text: String {
    if lines.isEmpty { return "\(left) and \(right) train alike: no field differs." }
    let width = lines.map(\.field.count).max() ?? 0
    return lines.map { line in
      func side(_ text: String?, _ isSaid: Bool) -> String { (text ?? "not set") + (text == nil || isSaid ? "" : " (default)") }
      let field = line.field + String(repeating: " ", count: width - line.field.count)
      return "\(field)  \(side(line.left, line.isSaidLeft)) -> \(side(line.right, line.isSaidRight))"
    }.joined(separator: "\n")
  }

  private static func fields(of node: JSONNode) -> [(path: String, value: JSONNode)] {
    let resolved = Configuration.decode(node, source: .none).0.node
    return (resolved.object?.members ?? []).flatMap { member -> [(String, JSONNode)] in
      guard member.key != "tools", let section = member.node.object else { return [(member.key, member.node)] }
      return section.members.map { ("\(member.key).\($0.key)", $0.node) }
    }
  }

  /// The fields that the file itself names, under their own keys.
  private static func said(in node: JSONNode) -> Set<String> {
    let root = node["config"]?.object ?? node.object ?? JSONObject()
    let paths = root.members.flatMap { member -> [String] in
      guard let section = member.node.object, member.key != "tools" else { return [member.key] }
      return section.keys.map { key in
        let path = "\(member.key).\(key)"
        return Configuration.field(at: path)?.path ?? path
      }
    }
    return Set(paths)
  }
}
