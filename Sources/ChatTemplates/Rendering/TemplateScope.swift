/// Names and their values: the template's, a loop's, a macro's. What is assigned in an inner one is gone when it ends.
final class TemplateScope {
  private var values: [String: TemplateValue] = [:]
  private let parent: TemplateScope?

  init(in parent: TemplateScope?) { self.parent = parent }

  subscript(name: String) -> TemplateValue? {
    get { values[name] ?? parent?[name] }
    set { values[name] = newValue }
  }
}

/// `loop` within a `for`.
final class TemplateLoop: TemplateObject {
  private let elements: [TemplateValue]
  var index = 0
  private var last: [TemplateValue]?

  init(_ elements: [TemplateValue]) { self.elements = elements }

  func attribute(_ name: String) -> TemplateValue? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(elements.count - index)
    case "revindex0": .integer(elements.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == elements.count - 1)
    case "length": .integer(elements.count)
    case "depth": .integer(1)  // rises in recursive loops only, which are not known here
    case "depth0": .integer(0)
    case "previtem": index > 0 ? elements[index - 1] : .undefined("there is no previous item")
    case "nextitem": index + 1 < elements.count ? elements[index + 1] : .undefined("there is no next item")
    case "cycle":
      .callable(
        TemplateCallable(name: "loop.cycle") { (call) throws(TemplateError) in
          guard !call.positional.isEmpty else { throw call.error("\"loop.cycle\" needs something to choose from") }
          return call.positional[self.index % call.positional.count]
        })
    case "changed":
      .callable(
        TemplateCallable(name: "loop.changed") { (call) throws(TemplateError) in
          defer { self.last = call.positional }
          guard let last = self.last, last.count == call.positional.count else { return .bool(true) }
          return .bool(!zip(last, call.positional).allSatisfy { TemplateValue.areEqual($0, $1) })
        })
    default: nil
    }
  }
}
