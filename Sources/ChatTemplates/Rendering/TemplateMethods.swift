/// Methods of Python's strings, mappings and lists that change nothing; those that would change a value are not there, as in
/// transformers' immutable sandbox.
enum TemplateMethods {
  private typealias Method = (TemplateCall) throws(TemplateError) -> TemplateValue

  private static func named(_ name: String, _ body: @escaping Method) -> TemplateCallable { TemplateCallable(name: name, call: body) }

  static func method(_ name: String, of text: String) -> TemplateCallable? {
    switch name {
    case "strip", "lstrip", "rstrip":
      return named(name) { (call) throws(TemplateError) in
        let characters = try call.string(try call.bound(["chars"])[0], "chars")
        return .string(TemplateText.strip(text, characters, left: name != "rstrip", right: name != "lstrip"))
      }
    case "split", "rsplit":
      return named(name) { (call) throws(TemplateError) in
        let values = try call.bound(["sep", "maxsplit"])
        let separator = try call.string(values[0], "sep")
        if separator?.isEmpty == true { throw call.error("\"\(name)\" needs a separator that is not empty") }
        let parts = TemplateText.split(text, separator, most: try call.integer(values[1], "maxsplit"), fromEnd: name == "rsplit")
        return .list(parts.map { .string($0) })
      }
    case "splitlines":
      return named(name) { (call) throws(TemplateError) in
        guard call.positional.isEmpty, call.named.isEmpty else { throw call.error("\"splitlines\" takes no arguments here") }
        return .list(TemplateText.lines(text).map { .string($0) })
      }
    case "startswith", "endswith":
      return named(name) { (call) throws(TemplateError) in
        guard let what = try call.bound(["prefix"])[0] else { throw call.error("\"\(name)\" needs a string") }
        let candidates = if case .list(let all) = what { all } else { [what] }
        for candidate in candidates {
          guard case .string(let part) = candidate else { throw call.error("\"\(name)\" needs a string, not \(candidate.typeName)") }
          let found =
            name == "startswith" ? text.utf8.starts(with: part.utf8) : text.utf8.reversed().starts(with: part.utf8.reversed())
          if found { return .bool(true) }
        }
        return .bool(false)
      }
    case "upper": return plain(name) { .string(text.uppercased()) }
    case "lower": return plain(name) { .string(text.lowercased()) }
    case "title": return plain(name) { .string(TemplateText.titled(text, afterMarks: false)) }
    case "capitalize": return plain(name) { .string(TemplateText.capitalized(text)) }
    case "isdigit":
      return plain(name) {
        .bool(
          !text.isEmpty && text.unicodeScalars.allSatisfy { $0.properties.numericType == .decimal || $0.properties.numericType == .digit })
      }
    case "isalpha": return plain(name) { .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.isPythonLetter)) }
    case "isalnum":
      return plain(name) {
        .bool(!text.isEmpty && text.unicodeScalars.allSatisfy { $0.isPythonLetter || $0.properties.numericType != nil })
      }
    case "isspace": return plain(name) { .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.isPythonSpace)) }
    case "isupper": return plain(name) { .bool(text != text.lowercased() && text == text.uppercased()) }
    case "islower": return plain(name) { .bool(text != text.uppercased() && text == text.lowercased()) }
    case "replace":
      return named(name) { (call) throws(TemplateError) in
        let values = try call.bound(["old", "new", "count"])
        guard let old = try call.string(values[0], "old"), let new = try call.string(values[1], "new") else {
          throw call.error("\"replace\" needs two strings")
        }
        return .string(TemplateText.replace(text, old, new, most: try call.integer(values[2], "count")))
      }
    case "removeprefix", "removesuffix":
      return named(name) { (call) throws(TemplateError) in
        guard let part = try call.string(try call.bound(["part"])[0], "part") else { throw call.error("\"\(name)\" needs a string") }
        let bytes = Array(text.utf8)
        if name == "removeprefix" {
          return .string(bytes.starts(with: part.utf8) ? String(decoding: bytes.dropFirst(part.utf8.count), as: UTF8.self) : text)
        }
        let ends = bytes.reversed().starts(with: part.utf8.reversed())
        return .string(ends ? String(decoding: bytes.dropLast(part.utf8.count), as: UTF8.self) : text)
      }
    case "find", "rfind", "index", "count":
      return named(name) { (call) throws(TemplateError) in
        guard let part = try call.string(try call.bound(["sub"])[0], "sub") else { throw call.error("\"\(name)\" needs a string") }
        let bytes = Array(text.utf8)
        var places: [Int] = []
        var at = 0
        while let found = TemplateText.firstIndex(of: Array(part.utf8), in: bytes, from: at) {
          places.append(found)
          at = found + max(part.utf8.count, name == "count" || name == "rfind" ? 1 : .max / 2)
          if at > bytes.count { break }
        }
        if name == "count" { return .integer(part.isEmpty ? text.unicodeScalars.count + 1 : places.count) }
        guard let place = name == "rfind" ? places.last : places.first else {
          if name == "index" { throw call.error("the string is not found") }
          return .integer(-1)
        }
        return .integer(String(decoding: bytes[..<place], as: UTF8.self).unicodeScalars.count)
      }
    case "join":
      return named(name) { (call) throws(TemplateError) in
        guard let list = try call.bound(["iterable"])[0] else { throw call.error("\"join\" needs a list") }
        var parts: [String] = []
        for element in try call.interpreter.iterate(list, call.place) {
          guard case .string(let part) = element else { throw call.error("\"join\" needs strings, and \(element.typeName) is among them") }
          parts.append(part)
        }
        return .string(parts.joined(separator: text))
      }
    default: return nil
    }
  }

  private static func plain(_ name: String, _ value: @escaping () -> TemplateValue) -> TemplateCallable {
    named(name) { (call) throws(TemplateError) in
      guard call.positional.isEmpty, call.named.isEmpty else { throw call.error("\"\(name)\" takes no arguments") }
      return value()
    }
  }

  static func method(_ name: String, of dictionary: TemplateDictionary) -> TemplateCallable? {
    switch name {
    case "items": plain(name) { items(dictionary) }
    case "keys": plain(name) { .list(dictionary.entries.map { .string($0.key) }) }
    case "values": plain(name) { .list(dictionary.entries.map(\.value)) }
    case "copy": plain(name) { .dictionary(dictionary) }
    case "get":
      named(name) { (call) throws(TemplateError) in
        let values = try call.bound(["key", "default"])
        guard let key = values[0] else { throw call.error("\"get\" needs a key") }
        if case .string(let key) = key, let value = dictionary[key] { return value }
        return values[1] ?? .none
      }
    default: nil
    }
  }

  static func items(_ dictionary: TemplateDictionary) -> TemplateValue {
    .list(dictionary.entries.map { .list([.string($0.key), $0.value]) })
  }

  static func method(_ name: String, of elements: [TemplateValue]) -> TemplateCallable? {
    switch name {
    case "count":
      named(name) { (call) throws(TemplateError) in
        guard let value = try call.bound(["value"])[0] else { throw call.error("\"count\" needs a value") }
        return .integer(elements.count { TemplateValue.areEqual($0, value) })
      }
    case "index":
      named(name) { (call) throws(TemplateError) in
        guard let value = try call.bound(["value"])[0] else { throw call.error("\"index\" needs a value") }
        guard let index = elements.firstIndex(where: { TemplateValue.areEqual($0, value) }) else {
          throw call.error("the value is not in the list")
        }
        return .integer(index)
      }
    default: nil
    }
  }
}

extension Unicode.Scalar {
  /// Python's `str.isalpha`.
  var isPythonLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
