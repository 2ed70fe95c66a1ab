import Domain
import Platform
import SystemPackage

/// Moves the last share of a tokenized text from the training split to the one for evaluation.
struct TailSplit {
  private let layout: TokenizationLayout
  private let width: Int
  private let files: any FileSystem

  init(_ layout: TokenizationLayout, vocabulary: Int, files: any FileSystem) {
    self.layout = layout
    width = vocabulary > 65_536 ? 4 : 2
    self.files = files
  }

  /// Returns what the two splits are then. The files of the split for evaluation are written over: they were empty.
  func cut(share: Double) throws -> [TokenizationCard.Split] {
    let tokens = try MappedFile(layout.tokens(split: Tokenization.trainSplit))
    let total = tokens.withBytes(\.count) / width
    let kept = min(total, max(1, total - Int((Double(total) * share).rounded())))
    let ends = try sequenceEnds()
    try tokens.withBytes { bytes in
      try files.writeWhole(ContiguousArray(bytes[(kept * width)...]), to: layout.tokens(split: Tokenization.evalSplit))
    }
    let tail = ends.filter { $0 > kept }.map { $0 - kept }
    let head = ends.filter { $0 < kept } + [kept]
    try write(tail, Tokenization.evalSplit)
    try write(head, Tokenization.trainSplit)
    let file = try files.open(layout.tokens(split: Tokenization.trainSplit), .readingAndWriting)
    try files.closing(file) { () throws(SystemError) in
      try files.truncate(file, to: kept * width)
      try files.sync(file)
    }
    return [
      .init(name: Tokenization.trainSplit, tokens: kept, sequences: head.count, trainedTokens: kept, isMasked: false),
      .init(name: Tokenization.evalSplit, tokens: total - kept, sequences: tail.count, trainedTokens: total - kept, isMasked: false),
    ]
  }

  private func sequenceEnds() throws -> [Int] {
    try MappedFile(layout.sequences(split: Tokenization.trainSplit)).withBytes { bytes in
      (0..<bytes.count / 8).map { Int(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))) }
    }
  }

  private func write(_ ends: [Int], _ split: String) throws {
    var bytes = ContiguousArray<UInt8>()
    for end in ends { withUnsafeBytes(of: UInt64(end).littleEndian) { bytes.append(contentsOf: $0) } }
    try files.writeWhole(bytes, to: layout.sequences(split: split))
  }
}
