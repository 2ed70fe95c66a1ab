import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage

/// Pairs out of rated answers: of each prompt the answer that is worth most and the one that is worth least. Memory: some forty bytes a
/// different prompt.
struct RatedPairs {
  private struct Extremes {
    var order: Int
    var best: (row: Int, rating: Double)
    var worst: (row: Int, rating: Double)
  }

  let conversion: RowConversion
  let rows: FilePath
  let index: FilePath
  let fileSystem: any FileSystem

  /// - Parameters:
  ///   - emit: a row of prompt, chosen, rejected.
  ///   - refuse: a row number from 0 that is in no pair, and why.
  /// - Returns: rows read.
  func run(emit: (JSONObject) throws -> Void, refuse: (Int, String) -> Void) throws -> Int {
    var found: [UInt64: Extremes] = [:]
    var read = 0
    try StoredRows(rows, fileSystem: fileSystem).forEach { row, number in
      read += 1
      guard let rated = conversion.ratedAnswer(try row.node()) else {
        return refuse(number, "a column that is needed is missing or has another form")
      }
      let rating = rated.rating
      let key = Array(rated.prompt.text().utf8).withUnsafeBufferPointer { RowHash.of($0) }
      guard var extremes = found[key] else {
        found[key] = Extremes(order: found.count, best: (number, rating), worst: (number, rating))
        return
      }
      if rating > extremes.best.rating { extremes.best = (number, rating) }
      if rating < extremes.worst.rating { extremes.worst = (number, rating) }
      found[key] = extremes
    }
    let stored = try RowsByOffset(rows, index: index, fileSystem: fileSystem)
    for extremes in found.values.sorted(by: { $0.order < $1.order }) {
      guard extremes.best.rating > extremes.worst.rating else {
        refuse(extremes.best.row, "no other answer to its prompt is worth more or less")
        continue
      }
      guard let best = try answer(stored, extremes.best.row), let worst = try answer(stored, extremes.worst.row) else { continue }
      try emit(["prompt": best.prompt, "chosen": best.answer, "rejected": worst.answer])
    }
    return read
  }

  private func answer(_ stored: RowsByOffset, _ row: Int) throws -> RowConversion.RatedAnswer? {
    let bytes = try stored.row(row, limit: .max) ?? []
    return conversion.ratedAnswer(try JSONParser.parse(bytes, repeatedKeys: .keepLast))
  }
}
