import Domain

/// The words of a command line that another program of ours wrote: options anywhere, the rest in order.
struct Words {
  private var rest: [String]

  init(_ words: [String]) { rest = words }

  mutating func option(_ name: String) -> String? {
    guard let at = rest.firstIndex(of: name), at + 1 < rest.count else { return nil }
    let value = rest[at + 1]
    rest.removeSubrange(at...at + 1)
    return value
  }

  mutating func flag(_ name: String) -> Bool {
    guard let at = rest.firstIndex(of: name) else { return false }
    rest.remove(at: at)
    return true
  }

  mutating func next() -> String? { rest.isEmpty ? nil : rest.removeFirst() }

  mutating func required(_ name: String) throws -> String {
    guard let word = next() else {
      throw Problem("worker.usage", "the \(name) is missing", mend: "This program is started by dropforge; use that.")
    }
    return word
  }
}
