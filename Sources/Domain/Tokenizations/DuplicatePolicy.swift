/// What is done with a row that was there before. The first of those that are alike stays.
package enum DuplicatePolicy: String, WordField, CaseIterable, Codable {
  case keep
  /// The same text, byte for byte.
  case exact
  /// The same text but for case, punctuation and white space.
  case normalized
  /// Texts that share most of their runs of five words (MinHash).
  case near

  package static var synonyms: [String: DuplicatePolicy] { ["normalised": .normalized, "near_duplicates": .near, "none": .keep] }
}
