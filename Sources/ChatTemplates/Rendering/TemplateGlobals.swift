#if canImport(Glibc)
  import Glibc
#endif

/// Functions that every template has.
enum TemplateGlobals {
  static var all: [(name: String, value: TemplateValue)] {
    [range, dict, namespace, raiseException, strftimeNow].map { ($0.name, .callable($0)) }
  }

  /// Jinja's sandbox allows no longer one.
  private static let longestRange = 100_000

  private static var range: TemplateCallable {
    TemplateCallable(name: "range") { (call) throws(TemplateError) in
      var numbers: [Int] = []
      for value in call.positional {
        guard let number = value.wholeNumber else { throw call.error("\"range\" needs integers, not \(value.typeName)") }
        numbers.append(number)
      }
      guard (1...3).contains(numbers.count), call.named.isEmpty else { throw call.error("\"range\" takes one to three integers") }
      let step = numbers.count == 3 ? numbers[2] : 1
      guard step != 0 else { throw call.error("\"range\" needs a step that is not 0") }
      let all = stride(from: numbers.count == 1 ? 0 : numbers[0], to: numbers.count == 1 ? numbers[0] : numbers[1], by: step)
      var values: [TemplateValue] = []
      for number in all {
        values.append(.integer(number))
        guard values.count <= longestRange else { throw call.error("the range is longer than \(longestRange)") }
      }
      return .list(values)
    }
  }

  private static func members(_ call: TemplateCall) throws(TemplateError) -> TemplateDictionary {
    var members = TemplateDictionary()
    for value in call.positional {
      guard case .dictionary(let dictionary) = value else { throw call.error("\"\(call.name)\" needs a mapping, not \(value.typeName)") }
      for entry in dictionary.entries { members[entry.key] = entry.value }
    }
    for (name, value) in call.named { members[name] = value }
    return members
  }

  private static var dict: TemplateCallable {
    TemplateCallable(name: "dict") { (call) throws(TemplateError) in .dictionary(try members(call)) }
  }

  private static var namespace: TemplateCallable {
    TemplateCallable(name: "namespace") { (call) throws(TemplateError) in .object(TemplateNamespace(try members(call))) }
  }

  private static var raiseException: TemplateCallable {
    TemplateCallable(name: "raise_exception") { (call) throws(TemplateError) in
      throw TemplateError(.raised, try call.bound(["message"])[0]?.text ?? "", at: call.place)
    }
  }

  /// The day on which the rows are made into tokens, in UTC.
  private static var strftimeNow: TemplateCallable {
    TemplateCallable(name: "strftime_now") { (call) throws(TemplateError) in
      guard let format = try call.string(try call.bound(["format"])[0], "format") else {
        throw call.error("\"strftime_now\" needs a format")
      }
      var seconds = time_t(call.interpreter.now)
      var parts = tm()
      gmtime_r(&seconds, &parts)
      var buffer = [CChar](repeating: 0, count: 1_024)
      let count = strftime(&buffer, buffer.count, format, &parts)
      return .string(String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
  }
}
