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
  private var index: [ExactKey: Int]?
  private static let indexThreshold = 12

  package init(_ members: [Member] = []) {
    self.members = members
    if members.count > Self.indexThreshold {
      index = Dictionary(members.enumerated().map { (ExactKey($0.element.key), $0.offset) }, uniquingKeysWith: { $1 })
    }
  }

  package var keys: [String] { members.map(\.key) }

  /// The last member of that name (RFC 8259 section 4 leaves repeated keys open; every common reader takes the last).
  package subscript(key: String) -> JSONNode? {
    get { lastIndex(of: key).map { members[$0].node } }
    set {
      var kept = members
      if let newValue {
        if let at = lastIndex(of: key) {
          kept[at].node = newValue
        } else {
          kept.append(Member(key: key, keyByte: newValue.byte, node: newValue))
        }
      } else {
        kept.removeAll { ExactKey($0.key) == ExactKey(key) }
      }
      self = JSONObject(kept)
    }
  }

  private func lastIndex(of key: String) -> Int? {
    if let index { return index[ExactKey(key)] }
    return members.lastIndex { ExactKey($0.key) == ExactKey(key) }
  }

  /// The first member whose key stood before, or nil.
  package var firstRepeated: Member? {
    var seen = Set<ExactKey>(minimumCapacity: members.count)
    return members.first { !seen.insert(ExactKey($0.key)).inserted }
  }

  /// Equality of meaning: order does not count.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    let keys = Set(left.members.map { ExactKey($0.key) })
    guard keys == Set(right.members.map { ExactKey($0.key) }) else { return false }
    return keys.allSatisfy { left[$0.text] == right[$0.text] }
  }
}

/// A key compared by its code units, as RFC 8259 section 8.3 says. Swift's strings count canonically equivalent ones as equal
/// (é as one scalar, and as e with an accent), and the entries of a vocabulary differ in just that.
private struct ExactKey: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: ExactKey, right: ExactKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONNode)...) {
    self.init(elements.map { Member(key: $0.0, keyByte: 0, node: $0.1) })
  }
}
