/// Why a chat template cannot be read or rendered, and where in it.
package struct TemplateError: Error, Sendable, Equatable {
  package enum Code: String, Sendable {
    /// No Jinja, or Jinja of a kind that is not known here.
    case syntax
    /// Known, but it went wrong on this conversation.
    case rendering
    /// The template itself refused the conversation: `raise_exception`.
    case raised
  }

  package var code: Code
  package var message: String
  package var place: TemplatePlace

  package init(_ code: Code, _ message: String, at place: TemplatePlace) {
    self.code = code
    self.message = message
    self.place = place
  }
}

extension TemplateError: CustomStringConvertible {
  /// "line 3, column 7: …"; what the template itself says is in quotes.
  package var description: String { "line \(place.line), column \(place.column): \(code == .raised ? "it says \"\(message)\"" : message)" }
}

/// A place in a template's text, from 1, in Unicode scalars.
package struct TemplatePlace: Sendable, Equatable {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}
