/// How a text is cut into pre-tokens, across whose borders nothing is merged.
package enum PreTokenPattern: Sendable, Equatable {
  /// Not at all: a piece is one pre-token.
  case none
  /// As GPT-2: words and their contractions, numbers, punctuation, each with a space before it.
  case gpt2
  /// As Llama 3 and cl100k: digits by threes, punctuation before a word goes with it.
  case llama3
  /// As Qwen 2: as Llama 3, every digit alone.
  case qwen2
}
