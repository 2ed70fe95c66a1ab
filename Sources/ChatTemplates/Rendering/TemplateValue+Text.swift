extension TemplateValue {
  /// `str(value)`, as a template prints it.
  var text: String {
    switch self {
    case .undefined: ""
    case .string(let string): string
    default: representation
    }
  }

  /// `repr(value)`: as it stands within a printed list.
  var representation: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "None"
    case .bool(let bool): bool ? "True" : "False"
    case .integer(let integer): String(integer)
    case .float(let float): Self.python(float)
    case .string(let string): Self.quoted(string)
    case .list(let elements): "[" + elements.map(\.representation).joined(separator: ", ") + "]"
    case .dictionary(let dictionary):
      "{" + dictionary.entries.map { Self.quoted($0.key) + ": " + $0.value.representation }.joined(separator: ", ") + "}"
    case .object: "<object>"
    case .callable(let callable): "<function \(callable.name)>"
    }
  }

  /// Python writes an exponent from 1e16 on, Swift from 2^54 on; the digits are the same shortest ones.
  static func python(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let text = "\(value)"
    guard abs(value) >= 1e16, !text.contains("e") else { return text }
    let sign = value < 0 ? "-" : ""
    let digits = text.filter { ("0"..."9").contains($0) }.dropLast()  // without the 0 after the point
    let exponent = digits.count - 1
    var fraction = digits.dropFirst()
    while fraction.last == "0" { fraction = fraction.dropLast() }
    return sign + digits.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e+\(exponent)"
  }

  private static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView()
    result.append(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case quote, "\\":
        result.append("\\")
        result.append(scalar)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        result.append(contentsOf: "\\x\(hex(scalar.value, 2))".unicodeScalars)
      case _ where scalar.value > 0x7F && !isPrintable(scalar):
        let escape =
          scalar.value <= 0xFF
          ? "\\x\(hex(scalar.value, 2))" : scalar.value <= 0xFFFF ? "\\u\(hex(scalar.value, 4))" : "\\U\(hex(scalar.value, 8))"
        result.append(contentsOf: escape.unicodeScalars)
      default: result.append(scalar)
      }
    }
    result.append(quote)
    return String(result)
  }

  static func hex(_ value: UInt32, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// Python's `str.isprintable`: neither "other" nor a separator.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator: false
    default: true
    }
  }

  /// Python's `==`.
  static func areEqual(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): true
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.list(let left), .list(let right)): left.count == right.count && zip(left, right).allSatisfy { areEqual($0, $1) }
    case (.dictionary(let left), .dictionary(let right)):
      left.entries.count == right.entries.count
        && left.entries.allSatisfy { entry in right[entry.key].map { areEqual(entry.value, $0) } ?? false }
    case (.object(let left), .object(let right)): left === right
    default:
      if let left = left.wholeNumber, let right = right.wholeNumber {
        left == right
      } else if let left = left.number, let right = right.number {
        left == right
      } else {
        false
      }
    }
  }

  /// Whether the first comes before the second; nil where Python would not compare them.
  static func isLess(_ left: TemplateValue, _ right: TemplateValue) -> Bool? {
    switch (left, right) {
    case (.string(let left), .string(let right)):
      return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
    case (.list(let left), .list(let right)):
      for (a, b) in zip(left, right) where !areEqual(a, b) { return isLess(a, b) }
      return left.count < right.count
    default:
      guard let left = left.number, let right = right.number else { return nil }
      return left < right
    }
  }
}

/// `json.dumps` with the separators, the order and the indent that Python has.
struct TemplateJSON {
  var indent: String?
  var itemSeparator: String
  var keySeparator = ": "
  var escapesNonASCII = false
  var sortsKeys = false

  init(indent: String? = nil) {
    self.indent = indent
    itemSeparator = indent == nil ? ", " : ","
  }

  /// nil with the type's name where the value has no JSON form.
  func text(of value: TemplateValue, level: Int = 0) -> Result<String, NoForm> {
    switch value {
    case .none: return .success("null")
    case .bool(let bool): return .success(bool ? "true" : "false")
    case .integer(let integer): return .success(String(integer))
    case .float(let float):
      return .success(float.isNaN ? "NaN" : float.isInfinite ? (float < 0 ? "-Infinity" : "Infinity") : TemplateValue.python(float))
    case .string(let string): return .success(quoted(string))
    case .list(let elements):
      return list(elements, "[", "]", level) { text(of: $0, level: level + 1) }
    case .dictionary(let dictionary):
      let entries =
        sortsKeys
        ? dictionary.entries.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) } : dictionary.entries
      return list(entries, "{", "}", level) { entry in
        text(of: entry.value, level: level + 1).map { quoted(entry.key) + keySeparator + $0 }
      }
    case .undefined, .object, .callable: return .failure(NoForm(typeName: value.typeName))
    }
  }

  struct NoForm: Error { var typeName: String }

  private func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, _ level: Int, text: (Element) -> Result<String, NoForm>
  ) -> Result<String, NoForm> {
    if elements.isEmpty { return .success(open + close) }
    var parts: [String] = []
    for element in elements {
      switch text(element) {
      case .success(let part): parts.append(part)
      case .failure(let error): return .failure(error)
      }
    }
    guard let indent else { return .success(open + parts.joined(separator: itemSeparator) + close) }
    let outer = "\n" + String(repeating: indent, count: level)
    let inner = outer + indent
    return .success(open + inner + parts.joined(separator: itemSeparator + inner) + outer + close)
  }

  private func quoted(_ string: String) -> String {
    var output = String.UnicodeScalarView()
    output.append("\"")
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": output.append(contentsOf: "\\\"".unicodeScalars)
      case "\\": output.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": output.append(contentsOf: "\\n".unicodeScalars)
      case "\r": output.append(contentsOf: "\\r".unicodeScalars)
      case "\t": output.append(contentsOf: "\\t".unicodeScalars)
      case "\u{8}": output.append(contentsOf: "\\b".unicodeScalars)
      case "\u{C}": output.append(contentsOf: "\\f".unicodeScalars)
      case _ where scalar.value < 0x20 || (escapesNonASCII && scalar.value > 0x7E && scalar.value != 0x7F):
        for unit in String(scalar).utf16 { output.append(contentsOf: "\\u\(TemplateValue.hex(UInt32(unit), 4))".unicodeScalars) }
      default: output.append(scalar)
      }
    }
    output.append("\"")
    return String(output)
  }
}
