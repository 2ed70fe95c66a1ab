// Filters of lists and mappings.
extension TemplateFilters {
  static func list(_ name: String, _ value: TemplateValue, _ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    switch name {
    case "length", "count":
      switch value {
      case .undefined: return .integer(0)
      case .string(let text): return .integer(text.unicodeScalars.count)
      case .list(let elements): return .integer(elements.count)
      case .dictionary(let dictionary): return .integer(dictionary.entries.count)
      default: throw call.error("\(value.typeName) has no length")
      }
    case "items":
      switch value {
      case .undefined: return .list([])
      case .dictionary(let dictionary): return TemplateMethods.items(dictionary)
      default: throw call.error("\"items\" needs a mapping, not \(value.typeName)")
      }
    case "dictsort": return try dictsort(value, call)
    case "reverse":
      if case .string(let text) = value { return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed()))) }
      return .list(try call.interpreter.iterate(value, call.place).reversed())
    default: break
    }
    let elements = try call.interpreter.iterate(value, call.place)
    switch name {
    case "list": return .list(elements)
    case "first": return elements.first ?? .undefined("there is no first element of nothing")
    case "last": return elements.last ?? .undefined("there is no last element of nothing")
    case "join":
      let values = try call.bound(["d", "attribute"])
      var parts: [String] = []
      for element in elements { parts.append(try attribute(values[1], of: element, call).text) }
      return .string(parts.joined(separator: values[0]?.text ?? ""))
    case "map": return .list(try map(elements, call))
    case "select", "reject", "selectattr", "rejectattr": return .list(try select(name, elements, call))
    case "sort", "unique", "min", "max": return try ordered(name, elements, call)
    case "sum":
      let values = try call.bound(["attribute", "start"])
      var whole = values[1]?.wholeNumber ?? 0
      var number = values[1]?.number ?? 0
      var isWhole = values[1].map { $0.wholeNumber != nil } ?? true
      for element in elements {
        let part = try attribute(values[0], of: element, call)
        guard let summand = part.number else { throw call.error("\"sum\" needs numbers, and \(part.typeName) is among them") }
        isWhole = isWhole && part.wholeNumber != nil
        whole = whole.addingReportingOverflow(part.wholeNumber ?? 0).partialValue
        number += summand
      }
      return isWhole ? .integer(whole) : .float(number)
    default: throw call.error("there is no filter \"\(name)\" here")
    }
  }

  /// An attribute by its name or dotted path, as filters take it; the element itself for none.
  private static func attribute(_ name: TemplateValue?, of element: TemplateValue, _ call: TemplateCall) throws(TemplateError)
    -> TemplateValue
  {
    switch name {
    case nil, .some(.none): return element
    case .integer(let index)?: return try call.interpreter.item(.integer(index), of: element, call.place)
    case .string(let path)?:
      var result = element
      for part in path.split(separator: ".", omittingEmptySubsequences: false) {
        if result.isUndefined { return result }
        result = try call.interpreter.item(Int(part).map { .integer($0) } ?? .string(String(part)), of: result, call.place)
      }
      return result
    case .some(let other): throw call.error("an attribute is named by a string, not by \(other.typeName)")
    }
  }

  private static func dictsort(_ value: TemplateValue, _ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    let values = try call.bound(["case_sensitive", "by", "reverse"])
    guard case .dictionary(let dictionary) = value else { throw call.error("\"dictsort\" needs a mapping, not \(value.typeName)") }
    let byValue = try call.string(values[1], "by") == "value"
    let isExact = values[0]?.isTrue ?? false
    var entries: [(TemplateValue, TemplateValue)] = []
    for entry in dictionary.entries {
      let key = byValue ? entry.value : TemplateValue.string(entry.key)
      entries.append((folded(key, isExact), .list([.string(entry.key), entry.value])))
    }
    return .list(try sorted(entries, isReversed: values[2]?.isTrue ?? false, call))
  }

  private static func folded(_ value: TemplateValue, _ isExact: Bool) -> TemplateValue {
    if !isExact, case .string(let text) = value { return .string(text.lowercased()) }
    return value
  }

  /// Stable, as Python's sort is, in both directions.
  private static func sorted(
    _ entries: [(key: TemplateValue, value: TemplateValue)], isReversed: Bool, _ call: TemplateCall
  ) throws(TemplateError) -> [TemplateValue] {
    for (left, right) in zip(entries, entries.dropFirst()) where TemplateValue.isLess(left.key, right.key) == nil {
      throw call.error("\(left.key.typeName) and \(right.key.typeName) have no order")
    }
    let order = entries.indices.sorted { a, b in
      let less = TemplateValue.isLess(entries[a].key, entries[b].key) ?? false
      let greater = TemplateValue.isLess(entries[b].key, entries[a].key) ?? false
      if less == greater { return a < b }
      return isReversed ? greater : less
    }
    return order.map { entries[$0].value }
  }

  private static func ordered(_ name: String, _ elements: [TemplateValue], _ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    let values = try call.bound(name == "sort" ? ["reverse", "case_sensitive", "attribute"] : ["case_sensitive", "attribute"])
    let isExact = values[name == "sort" ? 1 : 0]?.isTrue ?? false
    var entries: [(key: TemplateValue, value: TemplateValue)] = []
    for element in elements {
      entries.append((folded(try attribute(values[name == "sort" ? 2 : 1], of: element, call), isExact), element))
    }
    switch name {
    case "sort": return .list(try sorted(entries, isReversed: values[0]?.isTrue ?? false, call))
    case "unique":
      var kept: [(key: TemplateValue, value: TemplateValue)] = []
      for entry in entries where !kept.contains(where: { TemplateValue.areEqual($0.key, entry.key) }) { kept.append(entry) }
      return .list(kept.map(\.value))
    default:
      let all = try sorted(entries, isReversed: name == "max", call)
      return all.first ?? .undefined("there is no \(name) of nothing")
    }
  }

  private static func map(_ elements: [TemplateValue], _ call: TemplateCall) throws(TemplateError) -> [TemplateValue] {
    var result: [TemplateValue] = []
    if let name = call.named.first(where: { $0.name == "attribute" })?.value {
      let standard = call.named.first { $0.name == "default" }?.value
      for element in elements {
        let value = try attribute(name, of: element, call)
        result.append(value.isUndefined ? standard ?? value : value)
      }
      return result
    }
    guard case .string(let filter)? = call.positional.first, names.contains(filter) else {
      throw call.error("\"map\" needs the name of a filter, or attribute=NAME")
    }
    var inner = call
    inner.positional.removeFirst()
    inner.name = filter
    for element in elements { result.append(try apply(filter, to: element, inner)) }
    return result
  }

  private static func select(_ name: String, _ elements: [TemplateValue], _ call: TemplateCall) throws(TemplateError) -> [TemplateValue] {
    var inner = call
    let byAttribute = name.hasSuffix("attr")
    var key: TemplateValue?
    if byAttribute {
      guard !inner.positional.isEmpty else { throw call.error("\"\(name)\" needs an attribute's name") }
      key = inner.positional.removeFirst()
    }
    var test: String?
    if let first = inner.positional.first {
      guard case .string(let word) = first else { throw call.error("\"\(name)\" needs the name of a test") }
      let known = TemplateTests.operators[word] ?? word
      guard TemplateTests.names.contains(known) else { throw call.error("there is no test \"\(word)\" here") }
      test = known
      inner.name = known
      inner.positional.removeFirst()
    }
    let keeps = name.hasPrefix("select")
    var result: [TemplateValue] = []
    for element in elements {
      let value = byAttribute ? try attribute(key, of: element, call) : element
      let holds = if let test { try TemplateTests.holds(test, of: value, inner) } else { value.isTrue }
      if holds == keeps { result.append(element) }
    }
    return result
  }
}
