import StrictJSON

/// A tool that the config describes: a model learns to call it; nothing here ever runs it.
package struct ToolDefinition: Sendable, Equatable {
  package var name: String
  package var description: String
  /// JSON Schema of its arguments.
  package var parameters: JSONObject

  /// As `{"name", "description", "parameters"}`, or the same within `{"type": "function", "function": {…}}`.
  package init?(_ node: JSONNode) {
    let object = node["function"]?.object ?? node.object
    guard let object, let name = object["name"]?.string, !name.isEmpty else { return nil }
    self.name = name
    description = object["description"]?.string ?? ""
    parameters = object["parameters"]?.object ?? JSONObject()
  }

  /// In the form that chat templates read.
  package var node: JSONNode {
    [
      "type": "function",
      "function": [
        "name": JSONNode(.string(name)), "description": JSONNode(.string(description)), "parameters": JSONNode(.object(parameters)),
      ],
    ]
  }

  /// The tools of a config; none for `[]` and `{}`.
  package static func all(_ tools: JSONNode) -> [ToolDefinition] { (tools.array ?? []).compactMap { ToolDefinition($0) } }

  /// What is wrong with a config's `tools`.
  static func findings(_ tools: JSONNode, _ source: ConfigSource) -> [Finding] {
    if let object = tools.object {
      return object.members.isEmpty
        ? [] : [Finding(.error, "tools", "must be a list of tools, but this is an object", line: source.line(ofByte: tools.byte))]
    }
    guard let list = tools.array else {
      return [Finding(.error, "tools", "must be a list of tools, but this is \(tools.kindName)", line: source.line(ofByte: tools.byte))]
    }
    var findings: [Finding] = []
    var names: Set<String> = []
    for (index, node) in list.enumerated() {
      let field = "tools[\(index + 1)]"
      let line = source.line(ofByte: node.byte)
      guard let tool = ToolDefinition(node) else {
        findings.append(Finding(.error, field, "a tool is an object with \"name\", \"description\" and \"parameters\"", line: line))
        continue
      }
      if !names.insert(tool.name).inserted {
        findings.append(Finding(.error, field, "the tool \"\(tool.name)\" stands here twice", line: line))
      }
      if let kind = node["type"]?.string, kind != "function" {
        findings.append(
          Finding(.warning, field, "tools of the type \"\(kind)\" are described to the model and never run here", line: line))
      }
    }
    return findings
  }
}
