import Domain
import Platform
import SystemPackage

/// Several datasets as one, each with its share of the training sequences: token files of their own in the job's folder, in an order
/// that is drawn by lot.
///
/// With a total each gets `floor(total × ratio)` sequences, one that has fewer comes again from its start, as SmallDoge's processors
/// do; without, the total is the largest that needs no sequence twice. What is held out of each is kept whole.
struct Mixture {
  struct Part {
    var name: SafeName
    var ratio: Double
    var train: TokenizedSplit
    /// Held out of it; nil where the job names a dataset to evaluate on.
    var eval: TokenizedSplit?
  }

  let parts: [Part]
  let total: Int?
  let seed: UInt64
  let vocabulary: Int
  let masked: Bool
  /// Sequences that a row makes: they stay together.
  let unit: Int
  let layout: TokenizationLayout
  let files: any FileSystem

  struct Made {
    var layout: TokenizationLayout
    var splits: [TokenizationCard.Split]
    var remarks: [String]
  }

  /// - Parameter given: the evaluation part, where the job names one.
  func make(given: TokenizedSplit?) throws -> Made {
    var heldOut: Set<UInt64> = []
    for part in parts {
      guard let eval = part.eval else { continue }
      for index in 0..<eval.sequenceCount / unit where !eval.places(index, of: unit).isEmpty {
        heldOut.insert(eval.fingerprint(index, of: unit))
      }
    }
    // What one dataset holds out another may train on: such sequences are left out.
    var leaked = 0
    let usable = parts.map { part in
      (0..<part.train.sequenceCount / unit).filter { index in
        guard !part.train.places(index, of: unit).isEmpty else { return false }
        let isHeldOut = !heldOut.isEmpty && heldOut.contains(part.train.fingerprint(index, of: unit))
        if isHeldOut { leaked += 1 }
        return !isHeldOut
      }
    }
    for (part, rows) in zip(parts, usable) where rows.isEmpty {
      throw Problem(
        "data.nothing-to-train", "the dataset '\(part.name)' of the mixture has nothing to train on", at: .init(field: "dataset"),
        mend: "Look at its rows, or remove it from the job's \"dataset\".")
    }
    let natural = zip(parts, usable).map { Double($1.count) / $0.ratio }.min() ?? 0
    let wanted = total ?? Int(natural + 1e-9)
    let counts = parts.map { max(1, Int(Double(wanted) * $0.ratio + 1e-9)) }
    let train = try write(counts, usable)
    let eval = try writeHeldOut()
    var remarks = ["Mixture of \(parts.count) datasets, \(Figures.grouped(counts.reduce(0, +))) sequences: \(sentence(counts, usable))."]
    if leaked > 0 {
      remarks.append("\(leaked) sequences are held out of one dataset and stand in another too; they are not trained on.")
    }
    if let given, given.sequenceCount > 0 {
      let evaluated = Set((0..<given.sequenceCount / unit).map { given.fingerprint($0, of: unit) })
      let both = zip(parts, usable).reduce(0) { sum, part in
        sum + part.1.count { evaluated.contains(part.0.train.fingerprint($0, of: unit)) }
      }
      if both > 0 {
        remarks.append(
          "\(both) sequences of the mixture stand in the evaluation part too: its figures flatter the model. Remove them from one of the two."
        )
      }
    }
    return Made(layout: layout, splits: [train, eval], remarks: remarks)
  }

  private func sentence(_ counts: [Int], _ usable: [[Int]]) -> String {
    parts.indices.map { index in
      let (count, rows) = (counts[index], usable[index].count)
      let times = count > rows ? ", each \(Figures.fixed(Double(count) / Double(rows), 1)) times" : ""
      return
        "\(Figures.grouped(count)) of \(Figures.grouped(rows)) of '\(parts[index].name)' (ratio \(Figures.general(parts[index].ratio))\(times))"
    }.joined(separator: ", ")
  }

  private func write(_ counts: [Int], _ usable: [[Int]]) throws -> TokenizationCard.Split {
    try files.makeFolders(layout.folder)
    let writer = try TokenFileWriter(layout, split: Tokenization.trainSplit, vocabulary: vocabulary, masked: masked, files: files)
    let order = ShuffledOrder(count: counts.reduce(0, +), seed: seed ^ 0x5EED_0F_317, epoch: 0)
    for place in 0..<order.count {
      var number = order[place]
      var part = 0
      while number >= counts[part] {
        number -= counts[part]
        part += 1
      }
      let row = usable[part][number % usable[part].count]
      try writer.append(parts[part].train, sequences: row * unit..<(row + 1) * unit)
    }
    return try close(writer, Tokenization.trainSplit)
  }

  private func writeHeldOut() throws -> TokenizationCard.Split {
    let writer = try TokenFileWriter(layout, split: Tokenization.evalSplit, vocabulary: vocabulary, masked: masked, files: files)
    for part in parts {
      guard let eval = part.eval else { continue }
      for row in 0..<eval.sequenceCount / unit where !eval.places(row, of: unit).isEmpty {
        try writer.append(eval, sequences: row * unit..<(row + 1) * unit)
      }
    }
    return try close(writer, Tokenization.evalSplit)
  }

  private func close(_ writer: TokenFileWriter, _ name: String) throws -> TokenizationCard.Split {
    try writer.close()
    return writer.summary(name)
  }
}
