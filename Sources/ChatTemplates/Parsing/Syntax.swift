/// An expression of a template, and where it stands.
struct Expression: Sendable {
  indirect enum Kind: Sendable {
    case literal(Literal)
    case name(String)
    case list([Expression])
    case dictionary([(key: Expression, value: Expression)])
    case attribute(Expression, String)
    case item(Expression, Expression)
    case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
    case call(Expression, Arguments)
    case filter(Expression?, name: String, Arguments)
    case test(Expression, name: String, Arguments)
    case not(Expression)
    case negative(Expression)
    case positive(Expression)
    case binary(Operator, Expression, Expression)
    case concatenation([Expression])
    case comparison(Expression, [(Comparison, Expression)])
    case and(Expression, Expression)
    case or(Expression, Expression)
    case conditional(Expression, if: Expression, else: Expression?)
  }

  enum Literal: Sendable, Equatable {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(String)
  }

  enum Operator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
  }

  enum Comparison: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
    case isNotIn = "not in"
  }

  struct Arguments: Sendable {
    var positional: [Expression] = []
    var named: [(name: String, value: Expression)] = []
    /// `*list` and `**dictionary` at the end.
    var restOfPositional: Expression?
    var restOfNamed: Expression?
  }

  var kind: Kind
  var place: TemplatePlace
}

/// A statement of a template.
struct Statement: Sendable {
  indirect enum Kind: Sendable {
    case text(String)
    case output(Expression)
    case condition([(test: Expression, body: [Statement])], otherwise: [Statement])
    case loop(Target, over: Expression, where: Expression?, body: [Statement], otherwise: [Statement])
    case set(Target, Expression)
    /// `{% set x %}…{% endset %}`, with filters on it.
    case setBlock(Target, filters: [Filter], body: [Statement])
    case macro(Macro)
    /// `{% call(x) macro(…) %}…{% endcall %}`
    case callBlock(Expression, Macro)
    case filterBlock([Filter], body: [Statement])
    case with([(Target, Expression)], body: [Statement])
    case generation([Statement])
    case stop
    case next
  }

  /// What is assigned to.
  indirect enum Target: Sendable {
    case name(String)
    case attribute(of: String, String)
    case several([Target])
  }

  struct Filter: Sendable {
    var name: String
    var arguments: Expression.Arguments
    var place: TemplatePlace
  }

  struct Macro: Sendable {
    var name: String
    var parameters: [(name: String, standard: Expression?)]
    var body: [Statement]
  }

  var kind: Kind
  var place: TemplatePlace

  var marksGeneration: Bool {
    switch kind {
    case .generation: true
    case .condition(let branches, let otherwise):
      branches.contains { $0.body.contains { $0.marksGeneration } } || otherwise.contains { $0.marksGeneration }
    case .loop(_, over: _, where: _, let body, let otherwise): (body + otherwise).contains { $0.marksGeneration }
    case .setBlock(_, filters: _, let body), .filterBlock(_, let body), .with(_, let body): body.contains { $0.marksGeneration }
    case .macro(let macro), .callBlock(_, let macro): macro.body.contains { $0.marksGeneration }
    case .text, .output, .set, .stop, .next: false
    }
  }
}
