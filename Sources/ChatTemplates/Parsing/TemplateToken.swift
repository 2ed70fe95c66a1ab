/// A word of a template.
struct TemplateToken: Equatable {
  enum Kind: Equatable {
    /// What stands outside of tags, white space control done.
    case data(String)
    case blockBegin, blockEnd, variableBegin, variableEnd
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    case symbol(String)
    case end
  }

  var kind: Kind
  var place: TemplatePlace

  /// For messages.
  var title: String {
    switch kind {
    case .data: "text"
    case .blockBegin: "\"{%\""
    case .blockEnd: "\"%}\""
    case .variableBegin: "\"{{\""
    case .variableEnd: "\"}}\""
    case .name(let name): "\"\(name)\""
    case .string(let text): "the string \"\(text)\""
    case .integer(let number): "\(number)"
    case .float(let number): "\(number)"
    case .symbol(let symbol): "\"\(symbol)\""
    case .end: "the end of the template"
    }
  }
}
