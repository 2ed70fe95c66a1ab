extension CausalAttention {
  /// A block of queries of one head, and the keys that any of them may see.
  struct Block {
    let sequence: Int
    let head: Int
    /// Its head of keys and values.
    let group: Int
    let firstQuery: Int
    /// Queries.
    let rows: Int
    let firstKey: Int
    /// Keys.
    let columns: Int
    /// The first key of each query, where not all begin at 0.
    let firsts: UnsafePointer<Int32>?
    /// Its first query's place among those of all sequences and heads.
    let row: Int

    init(_ g: Geometry, sequence: Int, head: Int, number: Int, first: UnsafePointer<Int32>?, dropout: Dropout?) {
      (self.sequence, self.head, group) = (sequence, head, head / g.group)
      firstQuery = number * blockRows
      rows = min(blockRows, g.queries - firstQuery)
      let start = sequence * g.queries + firstQuery
      firsts = first.map { $0 + start }
      firstKey = Self.firstKey(firsts, rows, dropout)
      columns = g.past + firstQuery + rows - firstKey
      row = (sequence * g.heads + head) * g.queries + firstQuery
    }

    /// The first key that any row sees, rounded down to keep columns aligned and dropout's runs whole.
    private static func firstKey(_ firsts: UnsafePointer<Int32>?, _ rows: Int, _ dropout: Dropout?) -> Int {
      guard let firsts else { return 0 }
      var least = firsts[0]
      for row in 1..<max(rows, 1) { least = min(least, firsts[row]) }
      let unit = dropout == nil ? 16 : Dropout.run
      return Int(least) / unit * unit
    }
  }
}
