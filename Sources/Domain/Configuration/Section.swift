import StrictJSON

/// A group of fields that stand in one JSON object.
package protocol Section: Sendable, Equatable {
  /// Every field, in the order in which they are written out. A stored one: it is asked for many times in checking one config.
  static var fields: [Field<Self>] { get }
}

extension Section {
  /// Overlays `object` on the values that stand: all findings at once, each with its path and line.
  ///
  /// - Parameters:
  ///   - path: what stands before a field's name, `training.`; empty at the top.
  ///   - others: keys of the object that are none of this section's business.
  package mutating func overlay(_ object: JSONObject, path: String, source: ConfigSource, others: Set<String> = []) -> [Finding] {
    var findings: [Finding] = []
    var spelledAs: [String: (key: String, node: JSONNode)] = [:]
    let fields = Self.fields
    let byName = Dictionary(
      fields.enumerated().flatMap { index, field in ([field.key] + field.aliases).map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    for member in object.members where !others.contains(member.key) {
      if member.key.hasPrefix("_") || member.key == "comment" { continue }  // remarks for people
      let line = source.line(ofByte: member.keyByte)
      func add(_ severity: Finding.Severity, _ message: String) {
        findings.append(Finding(severity, path + member.key, message, line: line))
      }
      guard let field = byName[member.key].map({ fields[$0] }) else {
        let known = fields.filter { !$0.isForeign }.map(\.key) + others
        let meant = NearestKey.suggestion(for: member.key, among: known)
        // A list of sixty helps nobody.
        let all =
          known.count <= 20 || path.isEmpty
          ? "known here: \(known.sorted().joined(separator: ", "))" : "docs/configuration.md lists those of \(path.dropLast())"
        add(.error, "no such field" + (meant.map { ". Did you mean \"\($0)\"?" } ?? "; \(all)"))
        findings[findings.count - 1].suggestion = meant
        continue
      }
      if let first = spelledAs[field.key] {
        // The same said twice harms nobody.
        if first.node != member.node {
          add(
            .error, "is another spelling of \"\(first.key)\", which stands here too with another value, \(first.node.shortText); keep one")
        }
        continue
      }
      spelledAs[field.key] = (member.key, member.node)
      let before = field.get(self)
      if let complaint = field.set(member.node, &self) {
        add(.error, complaint)
        continue
      }
      if let remark = field.remark(member.node) { add(.warning, remark) }
      if field.isNeutral.map({ !$0(member.node) }) ?? (field.get(self) != before) {
        switch field.effect {
        case .honoured, .remark: break
        case .ignored(let instead): add(.warning, instead)
        case .refused(let instead): add(.error, instead)
        }
      }
    }
    return findings
  }

  /// The field's key and its other names.
  static func spellings(of key: String) -> [String] { fields.first { $0.key == key }.map { [$0.key] + $0.aliases } ?? [key] }

  /// Every field with its value, those that are not set left out.
  package var object: JSONObject {
    JSONObject(
      Self.fields.compactMap { field in
        let node = field.get(self)
        return node.isNull ? nil : .init(key: field.key, keyByte: 0, node: node)
      })
  }
}

/// The text that a config was read from, to name lines.
package struct ConfigSource: Sendable {
  private let lineStarts: [Int]

  package init(_ bytes: [UInt8]) {
    lineStarts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
  }

  /// For values that were made in code.
  package static let none = ConfigSource()
  private init() { lineStarts = [] }

  package func line(ofByte byte: Int) -> Int? {
    guard !lineStarts.isEmpty, byte >= 0 else { return nil }
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= byte { low = middle } else { high = middle }
    }
    return low + 1
  }
}

extension JSONNode {
  /// As JSON, cut where it is long: for messages.
  var shortText: String {
    let text = text()
    return text.count <= 60 ? text : text.prefix(57) + "…"
  }
}
