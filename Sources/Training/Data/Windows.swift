/// How a document's tokens become sequences.
enum SequenceForm: Sendable, Equatable {
  /// As it is.
  case whole
  /// Windows of `length` tokens, each but the first beginning with the last `stride` tokens of the one before, the last ending with
  /// the document: what Hugging Face's tokenizers do with `truncation`, `stride` and `return_overflowing_tokens`.
  case windows(length: Int, stride: Int)
  /// The first `length` tokens.
  case cut(length: Int)
}

/// Windows over a document that comes in pieces: which are whole after so many tokens is a matter of their number alone.
struct Windows {
  let length: Int
  let stride: Int
  private var step: Int { length - stride }

  /// Windows that are full when so many tokens of a document are known.
  func full(of tokens: Int) -> Int { tokens < length ? 0 : (tokens - length) / step + 1 }

  /// Place in the document of the first token that is still needed then.
  func needed(after tokens: Int) -> Int { full(of: tokens) * step }

  /// The windows that come out of a piece.
  ///
  /// - Parameters:
  ///   - before: tokens of the document in earlier pieces.
  ///   - tokens: of the document with this piece.
  ///   - ends: whether it is the last.
  ///   - take: gets each window's places in the document, and how many of them stood in the window before.
  func forEach(before: Int, tokens: Int, ends: Bool, _ take: (_ places: Range<Int>, _ overlap: Int) -> Void) {
    let done = full(of: tokens)
    for window in full(of: before)..<done { take(window * step..<window * step + length, window == 0 ? 0 : stride) }
    let rest = done * step
    let overlap = done == 0 ? 0 : stride
    if ends, tokens - rest > overlap { take(rest..<tokens, overlap) }
  }
}
