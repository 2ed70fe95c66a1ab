/// What happens to a text before its pieces are merged, as `tokenizer.json` describes it.
struct TextPipeline: Sendable, Equatable {
  enum DigitSplitting: Sendable, Equatable {
    case none
    /// Every digit apart.
    case individual
    /// Runs of digits apart from the rest.
    case contiguous
  }

  /// Unicode normalization form C before the splitting.
  var composes = false
  /// A space before every piece that does not begin with one.
  var addsPrefixSpace = false
  var digits = DigitSplitting.none
  var pattern = PreTokenPattern.gpt2

  /// Whether a text goes to the merges unnormalized and in one piece.
  var leavesTextWhole: Bool { !composes && digits == .none && pattern == .none }
}
