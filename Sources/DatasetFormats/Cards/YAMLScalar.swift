import StrictJSON

/// What a text that is not in quotes stands for: PyYAML's rules (`yaml/resolver.py`), by which `datasets` reads cards, less those for which
/// the Hub (YAML 1.2) has other ones: `no` and `on` are words (a language, for one), `16:9` and `2024-01-31` are texts, as JSON has no form for
/// times anyway.
enum YAMLScalar {
  static func plain(_ word: String) -> JSONNode { null(word) ?? bool(word) ?? number(word) ?? JSONNode(.string(word)) }

  /// What a tag asks for; nil: the text is none.
  static func tagged(_ word: String, _ tag: String) -> JSONNode? {
    switch tag {
    case "str": JSONNode(.string(word))
    case "null": null(word)
    case "bool": bool(word)
    case "int": integer(number(word))
    case "float": number(word)
    default: .none
    }
  }

  // Nothing is said by a bare `nil` here where it might be taken for a JSON null, which it is, too.
  private static func null(_ word: String) -> JSONNode? {
    guard ["", "~", "null", "Null", "NULL"].contains(word) else { return .none }
    return JSONNode(.null)
  }

  private static func bool(_ word: String) -> JSONNode? {
    switch word {
    case "true", "True", "TRUE": JSONNode(.bool(true))
    case "false", "False", "FALSE": JSONNode(.bool(false))
    default: .none
    }
  }

  /// As it is written, where JSON writes it so, too: `1.10` stays that. `010` is eight, as in YAML 1.1; `.inf` has no form in JSON.
  private static func number(_ word: String) -> JSONNode? {
    var digits = Array(word.utf8)[...]
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
    guard let first = digits.first, isDigit(first) || first == UInt8(ascii: ".") else { return .none }
    if let dot = digits.firstIndex(of: UInt8(ascii: ".")) { return decimal(word, digits, dot: dot) }
    let rest = digits.dropFirst()
    if first != UInt8(ascii: "0") || rest.isEmpty {
      guard rest.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") }) else { return .none }
      let plain = digits.filter { $0 != UInt8(ascii: "_") }
      return JSONNode(.number(JSONNumber(text: (isNegative ? "-" : "") + String(decoding: plain, as: UTF8.self))))
    }
    let radix = rest.first == UInt8(ascii: "x") ? 16 : rest.first == UInt8(ascii: "b") ? 2 : 8
    let body = String(decoding: (radix == 8 ? rest : rest.dropFirst()).filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    guard body.utf8.first.map({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }) == true, let value = Int(body, radix: radix) else {
      return .none
    }
    return JSONNode(.number(JSONNumber(isNegative ? -value : value)))
  }

  /// Digits, a dot, digits, and perhaps an exponent with its sign. `1e5` is a text, as it lacks the dot.
  private static func decimal(_ word: String, _ digits: ArraySlice<UInt8>, dot: Int) -> JSONNode? {
    let whole = digits[..<dot]
    var fraction = digits[(dot + 1)...]
    var exponent: ArraySlice<UInt8>?
    if let at = fraction.firstIndex(where: { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }) {
      let behind = fraction[(at + 1)...]
      guard let sign = behind.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+"), behind.count > 1,
        behind.dropFirst().allSatisfy(isDigit)
      else { return .none }
      (exponent, fraction) = (behind, fraction[..<at])
    }
    // Without a digit before the dot one stands behind it, and no sign before.
    guard !whole.isEmpty || (fraction.first.map(isDigit) == true && digits.count == word.utf8.count),
      (whole + fraction).allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") })
    else { return .none }
    func text(_ part: ArraySlice<UInt8>) -> String { String(decoding: part.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self) }
    let (before, after) = (text(whole).drop { $0 == "0" }, text(fraction))
    let sign = word.hasPrefix("-") ? "-" : ""
    let written = "\(sign)\(before.isEmpty ? "0" : before).\(after.isEmpty ? "0" : after)"
    return JSONNode(.number(JSONNumber(text: written + (exponent.map { "e" + String(decoding: $0, as: UTF8.self) } ?? ""))))
  }

  private static func integer(_ node: JSONNode?) -> JSONNode? {
    guard let text = node?.number?.text, text.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "-") }) else { return .none }
    return node
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
