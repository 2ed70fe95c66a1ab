/// The members of an object in the order in which they were written.
package struct JSONObject: Sendable, Equatable {
  package struct Member: Sendable {
    package var key: String
    package var keyByte: Int
    package var node: JSONNode

    package init(key: String, keyByte: Int, node: JSONNode) {
      self.key = key
      self.keyByte = keyByte
      self.node = node
    }
  }

  /// As written; a repeated key stands more than once.
  package private(set) var members: [Member]
  /// Key to its last member. Built only for objects where a linear search would cost: see `indexThreshold`.
  private var index: [String: Int]?
  private static let indexThreshold = 12

  package init(_ members: [Member] = []) {
    self.members = members
    if members.count > Self.indexThreshold {
      index = Dictionary(members.enumerated().map { ($0.element.key, $0.offset) }, uniquingKeysWith: { $1 })
    }
  }

  package var keys: [String] { members.map(\.key) }

  /// The last member of that name (RFC 8259 section 4 leaves repeated keys open; every common reader takes the last).
  package subscript(key: String) -> JSONNode? {
    get {
      if let index { return index[key].map { members[$0].node } }
      return members.last { $0.key == key }?.node
    }
    set {
      var kept = members
      if let newValue {
        if let at = kept.lastIndex(where: { $0.key == key }) {
          kept[at].node = newValue
        } else {
          kept.append(Member(key: key, keyByte: newValue.byte, node: newValue))
        }
      } else {
        kept.removeAll { $0.key == key }
      }
      self = JSONObject(kept)
    }
  }

  /// The first member whose key stood before, or nil.
  package var firstRepeated: Member? {
    var seen = Set<String>(minimumCapacity: members.count)
    return members.first { !seen.insert($0.key).inserted }
  }

  /// Equality of meaning: order does not count.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard Set(left.keys) == Set(right.keys) else { return false }
    return left.keys.allSatisfy { left[$0] == right[$0] }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONNode)...) {
    self.init(elements.map { Member(key: $0.0, keyByte: 0, node: $0.1) })
  }
}
