import StrictJSON

/// Whether an answer calls the right tool, in the right form: bagel-RL's metrics.
///
/// - `tool_accuracy`: the tool that is called is the expected one. Called is the name in the first call, else the first known tool
///   whose name stands in the answer.
/// - `format_correctness`: there is a call, its JSON can be read, it has a name and parameters, and the tool is known.
/// - `response_quality`: the mean of the two; no measure of its own.
///
/// A call is JSON within `[TOOL_CALL]…[/TOOL_CALL]` or `<tool_call>…</tool_call>`, or an answer that is one JSON object; its arguments stand
/// under `parameters` or `arguments`.
package struct ToolCallJudgement: Sendable, Equatable {
  package var expected: String?
  package var predicted: String?
  package var isToolRight: Bool
  package var isFormatRight: Bool

  package init(answer: String, expected: String?, known: [String]) {
    let call = Self.call(in: answer)
    let name = (call?["name"] ?? call?["function"])?.string
    // "The first known tool" is the one whose name stands first.
    predicted = name ?? Self.firstNamed(known, in: answer)
    self.expected = expected
    isToolRight = predicted == expected
    let hasArguments = (call?["parameters"] ?? call?["arguments"])?.object != nil
    isFormatRight = expected == nil ? call == nil : name.map(known.contains) == true && hasArguments
  }

  /// The first call in a text, as JSON; nil where there is none that can be read.
  package static func call(in text: String) -> JSONNode? {
    for (open, close) in [("[TOOL_CALL]", "[/TOOL_CALL]"), ("<tool_call>", "</tool_call>")] {
      guard let start = range(of: open, in: text)?.upperBound else { continue }
      let rest = text[start...]
      guard let end = range(of: close, in: String(rest)) else { return nil }
      return object(String(String(rest)[..<end.lowerBound]))
    }
    return object(text).flatMap { $0["name"] == nil ? nil : $0 }
  }

  private static func object(_ text: String) -> JSONNode? {
    guard let node = try? JSONParser.parse(text.utf8), node.object != nil else { return nil }  // what is no JSON is no call
    return node
  }

  private static func firstNamed(_ names: [String], in text: String) -> String? {
    names.compactMap { name in range(of: name, in: text).map { (name, $0.lowerBound) } }.min { $0.1 < $1.1 }?.0
  }

  private static func range(of part: String, in text: String) -> Range<String.Index>? { text.firstRange(of: part) }
}

extension EvaluationRecord.Metrics {
  /// Means of judgements; nothing where there are none.
  package mutating func take(_ judgements: [ToolCallJudgement], wanted: Set<EvaluationSection.Metric>) {
    guard !judgements.isEmpty else { return }
    let count = Double(judgements.count)
    let tool = Double(judgements.count(where: \.isToolRight)) / count
    let format = Double(judgements.count(where: \.isFormatRight)) / count
    if wanted.contains(.toolAccuracy) { toolAccuracy = tool }
    if wanted.contains(.formatCorrectness) { formatCorrectness = format }
    if wanted.contains(.responseQuality) { responseQuality = (tool + format) / 2 }
  }
}
