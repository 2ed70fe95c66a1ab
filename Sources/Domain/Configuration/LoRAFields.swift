import StrictJSON

/// `training.lora_target_modules`: a word, or a list of names of modules.
package enum LoRATargets: FieldValue {
  /// Every linear layer but the head.
  case allLinear
  /// Those of attention.
  case attention
  case modules([String])

  package static var kindTitle: String { "\"all-linear\", \"attention\" or a list of names of modules" }
  package static var schemaType: String? { nil }

  package init?(node: JSONNode) {
    switch node.string {
    case "all-linear": self = .allLinear
    case "attention": self = .attention
    default:
      guard let names = [String](node: node), !names.isEmpty else { return nil }
      self = .modules(names)
    }
  }

  package var node: JSONNode {
    switch self {
    case .allLinear: "all-linear"
    case .attention: "attention"
    case .modules(let names): names.node
    }
  }

  package static func complaint(about node: JSONNode) -> String {
    if let word = node.string { return "\"\(word)\" is not allowed; it must be \(kindTitle)" }
    return "this is \(node.kindName), but it must be \(kindTitle)"
  }
}

/// `training.lora_config`: LoRA's settings as one object, with the names that PEFT's LoraConfig has.
enum LoRAConfigObject {
  /// PEFT's names and the fields that they are here.
  private static let fields = [
    "r": "lora_r", "lora_alpha": "lora_alpha", "lora_dropout": "lora_dropout", "target_modules": "lora_target_modules",
    "use_rslora": "use_rslora",
  ]
  /// Members that may stand there with one value.
  private static let fixed: [String: JSONNode] = ["bias": "none", "task_type": "CAUSAL_LM", "peft_type": "LORA", "use_dora": false]

  /// The training section with the object's members in its place, as if they stood there themselves.
  static func spread(_ training: JSONObject, _ source: ConfigSource) -> (JSONObject, [Finding]) {
    guard let (key, node) = ["lora_config", "lora"].lazy.compactMap({ key in training[key].map { (key, $0) } }).first,
      let object = node.object
    else { return (training, []) }
    var members = training.members.filter { $0.key != key }
    var findings: [Finding] = []
    for member in object.members {
      if let field = fields[member.key] {
        members.append(.init(key: field, keyByte: member.keyByte, node: member.node))
        continue
      }
      let line = source.line(ofByte: member.keyByte), path = "training.\(key).\(member.key)"
      if let value = fixed[member.key] {
        if member.node != value { findings.append(Finding(.error, path, "only \(value.text()) is built", line: line)) }
      } else {
        let known = (Array(fields.keys) + fixed.keys).sorted().joined(separator: ", ")
        findings.append(Finding(.error, path, "no such field; known here: \(known)", line: line))
      }
    }
    return (JSONObject(members), findings)
  }
}
