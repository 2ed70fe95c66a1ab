/// A piece of an example's text: what a method has of a row, in order.
struct Segment: Sendable, Equatable {
  /// UTF-8, or whatever bytes the row had.
  var text: [UInt8]
  /// Whether there is loss on its tokens.
  var isTrained: Bool
  /// Whether the end-of-text token follows it, trained as the segment is.
  var endsText = false
}
