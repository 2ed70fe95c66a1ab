import DatasetFormats
import Domain
import Platform
import SystemPackage

/// Which rows go to which split, by lot from a seed: each row's lot is a hash of the seed and its bytes, the lowest go to the first split,
/// the next to the second, and what is left is train. The same rows and seed always give the same splits, in whatever order the rows
/// stand; equal rows have one lot, so that none is on both sides.
///
/// Counts are exact but for equal rows at an edge. Three passes and constant memory: a histogram of lots tells in which bin an edge
/// lies, the lots of that bin tell where, then rows are written. With `stratify` all of this is done for each value of a column.
struct RatioSplit {
  private static let mostStrata = 1_000
  /// Bins of each stratum's histogram.
  private static let bins = 1 << 12

  private struct Stratum {
    var name: String
    var rows = 0
    var histogram = [UInt32](repeating: 0, count: RatioSplit.bins)
    /// Rows of each split, and the lots below which they lie.
    var counts: [Int] = []
    var edges: [UInt64] = []
  }

  /// What is to be made beside train, in the order of splits.
  let parts: [(name: String, share: Double)]
  let seed: UInt64
  let stratify: String?

  /// - Throws: `Problem` where the shares make no splits.
  init(_ sidecar: DatasetSidecar) throws(Problem) {
    for (name, share) in sidecar.splits.sorted(by: { $0.key < $1.key }) {
      _ = try SplitName.told(name)
      guard share > 0, share < 1 else {
        throw Problem(
          "sidecar.splits", "the split '\(name)' is to have a share of \(Figures.general(share))", at: .init(field: "splits"),
          mend: "Give each a share above 0 and below 1: {\"validation\": 0.1}.")
      }
    }
    let others = sidecar.splits.filter { $0.key != SplitName.train }
    let sum = sidecar.splits.values.reduce(0, +)
    let leavesNothing = sidecar.splits[SplitName.train] == nil ? sum >= 1 - 1e-9 : abs(sum - 1) > 1e-6
    if leavesNothing {
      throw Problem(
        "sidecar.splits", "the shares of the splits are \(Figures.general(sum)) together", at: .init(field: "splits"),
        mend: "Let them leave something for train, or name train too and let them be 1 together.")
    }
    parts = others.sorted { SplitName.isInOrder($0.key, $1.key) }.map { ($0.key, $0.value) }
    seed = UInt64(bitPattern: Int64(sidecar.seed ?? DatasetSidecar.defaultSeed))
    stratify = sidecar.stratify
  }

  /// - Parameters:
  ///   - rows: canonical rows.
  ///   - writers: of train first, then of `parts`.
  func divide(_ rows: FilePath, into writers: [CanonicalWriter], fileSystem: any FileSystem) throws {
    let stored = StoredRows(rows, fileSystem: fileSystem)
    let field = stratify.map(FieldName.init)
    var numbers: [[UInt8]: Int] = [:]
    var strata: [Stratum] = []
    func stratum(_ row: DatasetRow) throws -> Int {
      let key = field.flatMap { row.value($0) }.map { Array($0.bytes) } ?? []
      if let known = numbers[key] { return known }
      guard strata.count < Self.mostStrata else {
        throw Problem(
          "sidecar.stratify", "the column '\(stratify ?? "")' has more than \(Self.mostStrata) different values",
          at: .init(field: "stratify"),
          mend: "Name a column of classes, such as a label.")
      }
      numbers[key] = strata.count
      strata.append(Stratum(name: String(decoding: key, as: UTF8.self)))
      return strata.count - 1
    }
    try stored.forEach { row, _ in
      let number = try stratum(row)
      strata[number].rows += 1
      strata[number].histogram[Self.bin(lot(row))] += 1
    }
    share(&strata)
    try findEdges(&strata, stored, stratum)
    try stored.forEach { row, _ in
      let edges = strata[try stratum(row)].edges
      let lot = lot(row)
      let part = edges.firstIndex { lot < $0 }
      try writers[part.map { $0 + 1 } ?? 0].add(row.bytes)
    }
  }

  private func lot(_ row: DatasetRow) -> UInt64 { RowHash.of(row.bytes, seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1) }

  private static func bin(_ lot: UInt64) -> Int { Int(lot >> 52) }

  /// Rows of each part in each stratum: whole numbers whose sum is the part's share of all rows, the largest remainders rounded up.
  private func share(_ strata: inout [Stratum]) {
    let total = strata.reduce(0) { $0 + $1.rows }
    for part in parts {
      // Rounded up, as `train_test_split` of `datasets` and scikit-learn does.
      let wanted = Int((Double(total) * part.share).rounded(.up))
      let exact = strata.map { Double($0.rows) * part.share }
      var counts = exact.map { Int($0.rounded(.down)) }
      let order = strata.indices.sorted {
        let (left, right) = (exact[$0] - exact[$0].rounded(.down), exact[$1] - exact[$1].rounded(.down))
        return left == right ? strata[$0].name < strata[$1].name : left > right
      }
      for index in order.prefix(max(0, wanted - counts.reduce(0, +))) { counts[index] += 1 }
      for index in strata.indices {
        let taken = strata[index].counts.reduce(0, +)
        strata[index].counts.append(min(counts[index], strata[index].rows - taken))
      }
    }
  }

  private func findEdges(_ strata: inout [Stratum], _ stored: StoredRows, _ stratum: (DatasetRow) throws -> Int) throws {
    // The bin in which each edge lies, and the rank of the edge within it.
    var places: [[(bin: Int, rank: Int)]] = []
    var lots: [Int: [UInt64]] = [:]
    for (number, stratum) in strata.enumerated() {
      var edges: [(bin: Int, rank: Int)] = []
      var wanted = 0
      for count in stratum.counts {
        wanted += count
        var passed = 0
        var bin = 0
        while bin < Self.bins, passed + Int(stratum.histogram[bin]) <= wanted {
          passed += Int(stratum.histogram[bin])
          bin += 1
        }
        edges.append((bin, wanted - passed))
        if bin < Self.bins { lots[number * Self.bins + bin] = [] }
      }
      places.append(edges)
    }
    try stored.forEach { row, _ in
      let lot = lot(row)
      let key = try stratum(row) * Self.bins + Self.bin(lot)
      lots[key]?.append(lot)
    }
    for number in strata.indices {
      strata[number].edges = places[number].map { bin, rank in
        guard bin < Self.bins, var found = lots[number * Self.bins + bin] else { return .max }
        found.sort()
        return rank < found.count ? found[rank] : .max
      }
    }
  }
}
