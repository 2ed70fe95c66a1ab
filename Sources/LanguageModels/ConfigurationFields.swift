import StrictJSON

/// The fields of a config.json, read with errors that name the field. A field that is null counts as left out, as in transformers.
package struct ConfigurationFields: Sendable {
  let object: JSONObject
  /// The path of names to this object: "rope_parameters." inside that one, empty at the top.
  let prefix: String

  init(_ object: JSONObject, prefix: String = "") {
    self.object = object
    self.prefix = prefix
  }

  /// The member, unless it is missing or null.
  func node(_ name: String) -> JSONNode? {
    guard let node = object[name], !node.isNull else { return nil }
    return node
  }

  func has(_ name: String) -> Bool { node(name) != nil }

  func optionalInt(_ name: String) throws(ModelError) -> Int? {
    guard let node = node(name) else { return nil }
    guard let int = node.int else { throw wrongType(name, node, "a whole number") }
    return int
  }

  func int(_ name: String, default value: Int, atLeast least: Int = 1, atMost most: Int = 1 << 31) throws(ModelError) -> Int {
    let int = try optionalInt(name) ?? value
    guard int >= least, int <= most else {
      throw invalid("\(prefix)\(name) is \(int); it must lie between \(least) and \(most).")
    }
    return int
  }

  func double(_ name: String, default value: Double, in range: ClosedRange<Double>) throws(ModelError) -> Double {
    let double: Double
    if let node = node(name) {
      guard let number = node.double, number.isFinite else { throw wrongType(name, node, "a finite number") }
      double = number
    } else {
      double = value
    }
    guard range.contains(double) else {
      throw invalid("\(prefix)\(name) is \(double); it must lie between \(range.lowerBound) and \(range.upperBound).")
    }
    return double
  }

  /// A number greater than zero that has no default.
  func positive(_ name: String) throws(ModelError) -> Double {
    guard let node = node(name) else { throw invalid("\(prefix)\(name) is missing.") }
    guard let number = node.double, number.isFinite, number > 0 else { throw wrongType(name, node, "a number greater than 0") }
    return number
  }

  /// The probability of a dropout, in [0, 1).
  func dropout(_ name: String, default value: Double) throws(ModelError) -> Double {
    try double(name, default: value, in: 0...0.999)
  }

  func bool(_ name: String, default value: Bool) throws(ModelError) -> Bool {
    guard let node = node(name) else { return value }
    guard let bool = node.bool else { throw wrongType(name, node, "true or false") }
    return bool
  }

  func string(_ name: String, default value: String) throws(ModelError) -> String {
    guard let node = node(name) else { return value }
    guard let string = node.string else { throw wrongType(name, node, "a string") }
    return string
  }

  /// One token or a list of tokens.
  func tokens(_ name: String) throws(ModelError) -> [Int] {
    guard let node = node(name) else { return [] }
    if let int = node.int { return [int] }
    guard let array = node.array else { throw wrongType(name, node, "a token number or a list of them") }
    var tokens: [Int] = []
    for element in array {
      guard let int = element.int else { throw wrongType(name, node, "a token number or a list of them") }
      tokens.append(int)
    }
    return tokens
  }

  /// A string out of a few; what is not among them is refused, not approximated.
  func require(_ name: String, default value: String, among supported: [String]) throws(ModelError) {
    let string = try string(name, default: value)
    guard supported.contains(string) else {
      throw invalid("\(prefix)\(name) is \"\(string)\", which is not supported.", hint: "Supported: \(supported.joined(separator: ", ")).")
    }
  }

  /// The object of that name with its own fields, or nil where it is missing or null.
  func fields(_ name: String) throws(ModelError) -> ConfigurationFields? {
    guard let node = node(name) else { return nil }
    guard let object = node.object else { throw wrongType(name, node, "an object") }
    return ConfigurationFields(object, prefix: "\(prefix)\(name).")
  }

  func invalid(_ message: String, hint: String = "") -> ModelError { ModelError(.invalidConfiguration, message, hint: hint) }

  private func wrongType(_ name: String, _ node: JSONNode, _ expected: String) -> ModelError {
    invalid("\(prefix)\(name) is \(node.text()); it must be \(expected).")
  }
}
