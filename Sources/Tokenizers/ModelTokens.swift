/// The tokens of a model by their bytes, one after another in one piece of memory: a hundred thousand arrays of a few bytes each would
/// take longer to make than the file to read.
struct ModelTokens {
  private(set) var content: [UInt8] = []
  /// Where each token's bytes end in `content`.
  private(set) var ends: [Int] = []
  private(set) var ids: [TokenID] = []

  var count: Int { ids.count }

  mutating func append(_ bytes: some Sequence<UInt8>, id: TokenID) {
    content.append(contentsOf: bytes)
    ends.append(content.count)
    ids.append(id)
  }

  /// Place in `content` of a token's bytes.
  @inline(__always)
  func place(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }
}
