import Domain

/// Which texts have come before. Asked in the order of the rows, so that the first of those that are alike stays.
final class DuplicateFilter {
  private let seen: SeenTable?
  @exclusivity(unchecked) private var near: NearTable

  /// - Parameter count: rows at most.
  init(_ treatment: RowTreatment, count: Int) {
    switch treatment.duplicates {
    case .keep, .near: seen = nil
    case .exact, .normalized: seen = SeenTable(count: count)
    }
    near = NearTable(similarity: treatment.similarity)
  }

  func isNew(_ text: TextFingerprint?) -> Bool {
    switch text {
    case nil: true
    case .hash(let hash): seen?.insert(hash) ?? true
    case .signature(let signature): near.insert(signature)
    }
  }
}
