import Domain

/// JSON (RFC 8259): a list of rows; an object that holds one list of rows; one row; or several of these in sequence.
/// Rows are taken one by one as they come, so that the list may be larger than memory.
///
/// Decided here:
/// - An object holds a list of rows where that list, of objects, stands under one of `wrapperKeys`, or under any other
///   key with nothing but plain values before it. Otherwise the object is a row itself.
/// - Two lists of rows in one object, or one under a key that says nothing and more objects or lists behind it, are
///   refused: what is meant must not be guessed.
/// - A string among the rows is the row `{"text": …}`; any other value is a bad row.
/// - A fault in the grammar ends the reading: what follows it cannot be told apart.
enum JSONFormat: RowFormat {
  /// Keys that the field uses for the rows.
  static let wrapperKeys: Set<String> = [
    "data", "rows", "examples", "train", "items", "records", "samples", "instances", "dataset", "entries", "documents", "results",
    "questions",
  ]
  /// Keys whose list of objects is a part of one row.
  static let rowKeys: Set<String> = [
    "messages", "conversations", "conversation", "chat", "dialog", "dialogue", "turns", "history", "chosen", "rejected", "chosen_messages",
    "rejected_messages", "prompt", "completion",
  ]

  static func read(_ window: ByteWindow, _ settings: FormatSettings, into sink: RowSink) throws {
    window.countsLines = true
    sink.readMended = { [unowned sink] in try sink.addMended(json: $0) }
    var reader = JSONReader(window, sink)
    try reader.run()
  }
}
