import DatasetFormats
import Domain

#if canImport(Glibc)
  import Glibc
#endif

/// Whether an answer is the row's: what is said to be the answer in both texts, compared as numbers where both are, else as texts.
struct RightAnswer {
  private let expected: (DatasetRow) -> String?
  private let pattern: Regex<AnyRegexOutput>?

  init(_ settings: RewardSettings, _ answer: ((DatasetRow) -> String?)?) throws {
    if let column = settings.column {
      let field = FieldName(column)
      expected = { $0.node(field).flatMap(PromptReader.text) }
    } else {
      expected = answer ?? { _ in nil }
    }
    pattern = try settings.kind == .accuracy || settings.kind.needsAnswer ? settings.pattern.map { try settings.expression($0) } : nil
  }

  /// nil where the row has no answer to compare with.
  func matches(_ input: RewardInput) -> Bool? {
    guard let expected = expected(input.row) else { return nil }
    return Self.equal(extract(expected), extract(input.completion))
  }

  /// What a text says is its answer: the pattern's first group (the last match counts); else what stands in its last tags of a solution,
  /// in its last \boxed{}, or behind its last ####; else all of it.
  func extract(_ text: String) -> String {
    if let pattern, let match = text.matches(of: pattern).last {
      let group = match.output.count > 1 ? match.output[1].substring : match.output[0].substring
      return String(group ?? "")
    }
    var part = Substring(text)
    for (opening, closing) in [("<answer>", "</answer>"), ("<|begin_of_solution|>", "<|end_of_solution|>")] {
      guard let start = part.ranges(of: opening).last else { continue }
      part = part[start.upperBound...]
      if let end = part.firstRange(of: closing) { part = part[..<end.lowerBound] }
      break
    }
    if let box = part.ranges(of: "\\boxed{").last { return Self.balanced(part[box.upperBound...]) }
    if let mark = part.ranges(of: "####").last { return String(part[mark.upperBound...]) }
    return String(part)
  }

  /// Up to the bracket that closes what was opened before it.
  private static func balanced(_ text: Substring) -> String {
    var depth = 1
    for index in text.indices {
      if text[index] == "{" { depth += 1 }
      if text[index] == "}" { depth -= 1 }
      if depth == 0 { return String(text[..<index]) }
    }
    return String(text)
  }

  static func equal(_ left: String, _ right: String) -> Bool {
    let (left, right) = (plain(left), plain(right))
    if let a = number(left), let b = number(right) { return abs(a - b) <= 1e-9 * max(1, abs(a), abs(b)) }
    return left == right
  }

  /// Without spaces around it, signs of a formula, and a full stop at the end.
  private static func plain(_ text: String) -> String {
    let unwanted: Set<Character> = [" ", "\n", "\t", "\r", "$"]
    var rest = text[...].drop(while: unwanted.contains)
    while let last = rest.last, unwanted.contains(last) || last == "." { rest = rest.dropLast() }
    return String(rest)
  }

  /// 1,234.5 and 3/4 are numbers.
  private static func number(_ text: String) -> Double? {
    let digits = text.filter { $0 != "," }
    if let value = Double(digits) { return value.isFinite ? value : nil }
    let parts = digits.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let above = Double(parts[0]), let below = Double(parts[1]), below != 0 else { return nil }
    return above / below
  }
}
