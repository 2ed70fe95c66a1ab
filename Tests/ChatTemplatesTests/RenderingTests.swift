import ChatTemplates
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Against transformers' own renderings: Tests/Fixtures/chat_templates/SOURCE.md.
struct RenderingTests {
  private static func bytes(_ name: String) throws -> [UInt8] { try Fixtures.bytes("chat_templates/\(name)") }

  private static func json(_ name: String) throws -> JSONNode { try JSONParser.parse(bytes(name)) }

  private static func variables(_ expected: JSONNode, _ item: JSONNode) -> [(name: String, value: JSONNode)] {
    let conversation = item["conversation"]?.string ?? "tools"
    let tools = item["tools"]?.bool ?? true
    let given: [(name: String, value: JSONNode)] =
      item["variables"]?.object?.members.map { ($0.key, $0.node) } ?? [("bos_token", "<s>"), ("eos_token", "</s>")]
    return [
      ("messages", expected["conversations"]?[conversation] ?? nil), ("tools", tools ? expected["tools"] ?? nil : nil), ("documents", nil),
      ("add_generation_prompt", JSONNode(.bool(item["prompt"]?.bool ?? true))),
    ] + given
  }

  private func check(_ template: String, _ expected: JSONNode, _ item: JSONNode) throws {
    let now = try #require(expected["now"]?.int)
    do {
      let rendered = try ChatTemplate(template).render(Self.variables(expected, item), now: now)
      guard let text = item["text"]?.string else {
        Issue.record("\(item.text()) is rendered as \(rendered.text)")
        return
      }
      #expect(rendered.text.utf8.elementsEqual(text.utf8), "\(template): \(rendered.text.debugDescription) is not \(text.debugDescription)")
      let marks = item["generated"]?.array?.map { ($0.array ?? []).compactMap(\.int) }
      #expect(rendered.generated.map { [$0.lowerBound, $0.upperBound] } == marks, "\(template)")
    } catch {
      #expect(item["error"] != nil, "\(template): \(error), and transformers renders \(item["text"]?.text() ?? "")")
    }
  }

  @Test func families_of_templates_are_rendered_as_transformers_does() throws {
    let expected = try Self.json("expected.json")
    let families = try #require(expected["families"]?.array)
    #expect(families.count == 216)
    for item in families {
      let name = try #require(item["template"]?.string)
      try check(String(decoding: try Self.bytes(name), as: UTF8.self), expected, item)
    }
  }

  @Test func every_rule_of_jinja_that_is_known_does_what_jinja_does() throws {
    let expected = try Self.json("expected.json")
    let snippets = try #require(try Self.json("snippets.json").array)
    #expect(snippets.count == 125)
    for item in snippets { try check(try #require(item["template"]?.string), expected, item) }
  }
}
