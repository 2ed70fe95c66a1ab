import StrictJSON

/// Several datasets that a job mixes: `[{"name": "a", "ratio": 0.7}, {"name": "b", "ratio": 0.3}]`, also `[{"a": 0.7}, {"b": 0.3}]` as
/// SmallDoge's processors have it.
package enum DatasetMixture {
  package struct Part: Sendable, Equatable {
    package var name: String
    /// Its share of the training rows.
    package var ratio: Double

    package init(name: String, ratio: Double) {
      self.name = name
      self.ratio = ratio
    }
  }

  /// Shares may miss 1 by so much: they are often written with a few digits.
  private static let tolerance = 1e-6

  static func parts(_ list: [JSONNode], refuse: (String) -> Void) -> [Part]? {
    var parts: [Part] = []
    for (index, element) in list.enumerated() {
      guard let part = part(element) else {
        refuse("element \(index + 1) must be {\"name\": DATASET, \"ratio\": SHARE}, with a share above 0")
        return nil
      }
      if parts.contains(where: { $0.name == part.name }) {
        refuse("the dataset \"\(part.name)\" stands twice in the mixture; add its shares")
        return nil
      }
      parts.append(part)
    }
    guard !parts.isEmpty else {
      refuse("the list names no dataset")
      return nil
    }
    let sum = parts.reduce(0) { $0 + $1.ratio }
    guard abs(sum - 1) <= tolerance else {
      refuse("the ratios must be 1 together, and they are \(JSONNumber((sum * 1e6).rounded() / 1e6).text)")
      return nil
    }
    return parts
  }

  private static func part(_ node: JSONNode) -> Part? {
    guard let object = node.object else { return nil }
    let part: Part?
    if let name = object["name"]?.string, let ratio = object["ratio"]?.double, object.members.count == 2 {
      part = Part(name: name, ratio: ratio)
    } else if object.members.count == 1, let member = object.members.first, let ratio = member.node.double {
      part = Part(name: member.key, ratio: ratio)
    } else {
      part = nil
    }
    return part.flatMap { $0.ratio > 0 && $0.ratio.isFinite && !$0.name.isEmpty ? $0 : nil }
  }
}
