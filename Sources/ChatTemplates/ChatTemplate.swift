import StrictJSON

/// A tokenizer's chat template: Jinja, rendered as transformers' `apply_chat_template` renders it.
///
/// What is known of Jinja is what chat templates are written in, in the environment that transformers gives them (`trim_blocks`,
/// `lstrip_blocks`, `{% break %}` and `{% continue %}`, `{% generation %}`, `raise_exception`, `strftime_now`, its own `tojson`, immutable
/// values). Whatever else stands in a template is refused with line and column when it is read, never passed over.
///
/// Written here because no Swift package for Jinja is at hand (docs/dependencies.md); proven against transformers in
/// Tests/Fixtures/chat_templates.
package struct ChatTemplate: Sendable {
  package let source: String
  let body: [Statement]

  /// - Throws: `TemplateError` with code `syntax`.
  package init(_ source: String) throws(TemplateError) {
    self.source = source
    var lexer = TemplateLexer(source)
    var parser = TemplateParser(try lexer.read())
    body = try parser.template()
  }

  /// Whether the template says itself what the assistant writes: `{% generation %}`.
  package var marksGeneration: Bool { body.contains { $0.marksGeneration } }

  /// Renders with `variables`: `messages`, `tools`, `add_generation_prompt`, `eos_token` and so on.
  ///
  /// - Parameter now: seconds since 1970, UTC, for `strftime_now`.
  /// - Throws: `TemplateError`.
  package func render(_ variables: [(name: String, value: JSONNode)], now: Int) throws(TemplateError) -> RenderedChat {
    let interpreter = TemplateInterpreter(now: now)
    return try interpreter.render(body, variables.map { ($0.name, TemplateValue($0.value)) })
  }
}

/// A conversation as text.
package struct RenderedChat: Sendable, Equatable {
  package var text: String
  /// What stood in `{% generation %}`, as places in the text's UTF-8, in their order.
  package var generated: [Range<Int>]
}
