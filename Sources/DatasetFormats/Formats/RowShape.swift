import StrictJSON

/// What a row may be.
enum RowShape {
  /// - Parameter first: the first byte of a JSON value that is neither an object nor a string.
  static func complaint(about first: UInt8) -> String {
    let kind =
      switch first {
      case UInt8(ascii: "["): "a list"
      case UInt8(ascii: "t"), UInt8(ascii: "f"): "true or false"
      case UInt8(ascii: "n"): "null"
      default: "a number"
      }
    return "\(kind) stands where a row should; a row is an object such as {\"text\": \"…\"}"
  }
}

extension JSONSyntaxError {
  /// The message without the byte at which a string was opened: it counts from the row's start, not from the file's.
  var reason: String {
    let unclosed = "the text ends inside a string"
    return message.hasPrefix(unclosed) ? unclosed : message
  }
}
