/// Names that columns of datasets have: whoever meets one in the first row of a CSV has met a header.
package enum ColumnName {
  package static let known: Set<String> = [
    "text", "content", "document", "sentence", "label", "category", "class", "intent", "prompt", "completion", "question", "answer",
    "query",
    "response", "instruction", "input", "output", "context", "messages", "conversations", "chosen", "rejected", "problem", "solution", "id",
    "source", "target", "title", "system", "summary",
  ]
}

extension StringProtocol {
  /// Without white space at either end, carriage returns and no-break spaces included.
  package var trimmedOfSpace: SubSequence {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return self[endIndex...]
    }
    return self[first...last]
  }
}
