/// Jinja's filters: what stands after `|`. Values are not escaped here, so `safe` changes nothing.
enum TemplateFilters {
  static let names: Set<String> = [
    "trim", "tojson", "length", "count", "join", "upper", "lower", "title", "capitalize", "replace", "default", "d", "string", "safe",
    "list",
    "items", "dictsort", "first", "last", "reverse", "sort", "unique", "map", "select", "reject", "selectattr", "rejectattr", "int",
    "float",
    "abs", "round", "sum", "min", "max", "indent", "attr", "wordcount",
  ]

  static func apply(_ name: String, to value: TemplateValue, _ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    switch name {
    case "trim":
      return .string(TemplateText.strip(value.text, try call.string(try call.bound(["chars"])[0], "chars"), left: true, right: true))
    case "upper": return .string(value.text.uppercased())
    case "lower": return .string(value.text.lowercased())
    case "title": return .string(TemplateText.titled(value.text, afterMarks: true))
    case "capitalize": return .string(TemplateText.capitalized(value.text))
    case "string": return .string(value.text)
    case "safe": return value
    case "wordcount": return .integer(value.text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.count)
    case "indent": return try indent(value, call)
    case "replace":
      let values = try call.bound(["old", "new", "count"])
      guard let old = values[0], let new = values[1] else { throw call.error("\"replace\" needs two strings") }
      return .string(TemplateText.replace(value.text, old.text, new.text, most: try call.integer(values[2], "count")))
    case "default", "d":
      let values = try call.bound(["default_value", "boolean"])
      let isReplaced = value.isUndefined || ((values[1]?.isTrue ?? false) && !value.isTrue)
      return isReplaced ? values[0] ?? .string("") : value
    case "tojson": return try json(value, call)
    case "int", "float", "abs", "round": return try number(name, value, call)
    case "attr":
      guard let attribute = try call.string(try call.bound(["name"])[0], "name") else { throw call.error("\"attr\" needs a name") }
      if case .dictionary(let dictionary) = value {
        return TemplateMethods.method(attribute, of: dictionary).map { .callable($0) }
          ?? .undefined("a mapping has no attribute '\(attribute)'")
      }
      return try call.interpreter.attribute(attribute, of: value, call.place)
    default: return try TemplateFilters.list(name, value, call)
    }
  }

  private static func indent(_ value: TemplateValue, _ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    let values = try call.bound(["width", "first", "blank"])
    let indent: String =
      if case .string(let text)? = values[0] { text } else {
        String(repeating: " ", count: max(0, try call.integer(values[0], "width") ?? 4))
      }
    let (first, blank) = (values[1]?.isTrue ?? false, values[2]?.isTrue ?? false)
    let lines = value.text.split(separator: "\n", omittingEmptySubsequences: false)
    let indented = lines.enumerated().map { index, line in
      (index == 0 ? first : blank || !line.isEmpty) ? indent + line : String(line)
    }
    return .string(indented.joined(separator: "\n"))
  }

  private static func json(_ value: TemplateValue, _ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    // transformers': tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False)
    let values = try call.bound(["ensure_ascii", "indent", "separators", "sort_keys"])
    var indent: String?
    switch values[1] {
    case .string(let text)?: indent = text
    case let width: indent = try call.integer(width, "indent").map { String(repeating: " ", count: max(0, $0)) }
    }
    var json = TemplateJSON(indent: indent)
    json.escapesNonASCII = values[0]?.isTrue ?? false
    json.sortsKeys = values[3]?.isTrue ?? false
    if case .list(let separators)? = values[2] {
      guard separators.count == 2 else { throw call.error("\"tojson\" needs two separators") }
      json.itemSeparator = separators[0].text
      json.keySeparator = separators[1].text
    }
    switch json.text(of: value) {
    case .success(let text): return .string(text)
    case .failure(let error): throw call.error("\(error.typeName) has no form in JSON")
    }
  }

  private static func number(_ name: String, _ value: TemplateValue, _ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    switch name {
    case "int":
      let values = try call.bound(["default", "base"])
      if let whole = value.wholeNumber { return .integer(whole) }
      if let number = value.number, number.isFinite, abs(number) < 9e18 { return .integer(Int(number)) }
      let text = TemplateText.strip(value.text, nil, left: true, right: true)
      if let whole = Int(text, radix: try call.integer(values[1], "base") ?? 10) { return .integer(whole) }
      if let number = Double(text), number.isFinite, abs(number) < 9e18 { return .integer(Int(number)) }
      return values[0] ?? .integer(0)
    case "float":
      let standard = try call.bound(["default"])[0]
      if let number = value.number { return .float(number) }
      return Double(TemplateText.strip(value.text, nil, left: true, right: true)).map { .float($0) } ?? standard ?? .float(0)
    case "abs":
      if let whole = value.wholeNumber { return .integer(Int(clamping: whole.magnitude)) }
      guard let number = value.number else { throw call.error("\"abs\" needs a number, not \(value.typeName)") }
      return .float(abs(number))
    default:
      let values = try call.bound(["precision", "method"])
      guard let number = value.number else { throw call.error("\"round\" needs a number, not \(value.typeName)") }
      let precision = try call.integer(values[0], "precision") ?? 0
      let method = try call.string(values[1], "method") ?? "common"
      guard let rule: FloatingPointRoundingRule = ["common": .toNearestOrEven, "ceil": .up, "floor": .down][method],
        (0...15).contains(precision)
      else { throw call.error("\"round\" knows \"common\", \"ceil\" and \"floor\", to 0 to 15 places") }
      var scale = 1.0
      for _ in 0..<precision { scale *= 10 }
      return .float((number * scale).rounded(rule) / scale)
    }
  }
}
