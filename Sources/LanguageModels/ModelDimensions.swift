/// The sizes that every architecture has, under one name each.
package struct ModelDimensions: Sendable, Equatable {
  /// Tokens.
  package var vocabularySize: Int
  /// Numbers of the residual stream.
  package var hiddenSize: Int
  package var intermediateSize: Int
  package var layerCount: Int
  package var headCount: Int
  package var keyValueHeadCount: Int
  /// Numbers of a head.
  package var headSize: Int
  /// The length of training, in tokens.
  package var maximumPositions: Int
  /// Positions are a learned table: a longer sequence is an error. With rotary positions it is only untrained.
  package var positionsAreLearned: Bool
  /// Input embedding and head are one tensor.
  package var tiesEmbeddings: Bool
  /// Numbers that a cache keeps of each token beside its keys and values: Doge's dynamic mask has one a head of keys.
  package var maskHeadCount = 0
}
