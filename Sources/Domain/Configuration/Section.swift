import StrictJSON

/// A group of fields that stand in one JSON object.
package protocol Section: Sendable, Equatable {
  /// Every field, in the order in which they are written out.
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
    var spelledAs: [String: String] = [:]
    let fields = Self.fields
    let byName = Dictionary(
      fields.enumerated().flatMap { index, field in ([field.key] + field.aliases).map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    for member in object.members where !others.contains(member.key) {
      if member.key.hasPrefix("_") || member.key == "comment" { continue }  // remarks for people
      let line = source.line(ofByte: member.keyByte)
      guard let field = byName[member.key].map({ fields[$0] }) else {
        let known = fields.map(\.key) + others
        let hint = NearestKey.suggestion(for: member.key, among: known).map { ". Did you mean \"\($0)\"?" }
        findings.append(
          Finding(
            .error, path + member.key, "no such field" + (hint ?? "; known here: \(known.sorted().joined(separator: ", "))"), line: line))
        continue
      }
      if let first = spelledAs[field.key] {
        findings.append(
          Finding(.error, path + member.key, "this is another spelling of \"\(first)\", which stands here too; keep one", line: line))
        continue
      }
      spelledAs[field.key] = member.key
      let before = field.get(self)
      if let complaint = field.set(member.node, &self) {
        findings.append(Finding(.error, path + member.key, complaint, line: line))
      } else if field.get(self) != before {
        switch field.effect {
        case .honoured, .remark: break
        case .ignored(let instead): findings.append(Finding(.warning, path + member.key, instead, line: line))
        case .refused(let instead): findings.append(Finding(.error, path + member.key, instead, line: line))
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
