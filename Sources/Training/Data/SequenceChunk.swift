import Tokenizers

/// Sequences as they stand in the files, ready to be appended: a piece of a split.
struct SequenceChunk {
  private(set) var tokenBytes: [UInt8] = []
  private(set) var maskBytes: [UInt8] = []
  /// Tokens of the chunk up to and with the last of each sequence. Tokens behind the last one begin a sequence that goes on.
  private(set) var ends: [Int] = []
  private(set) var tokenCount = 0
  private(set) var trainedCount = 0
  private let isWide: Bool
  private let isMasked: Bool

  init(vocabulary: Int, masked: Bool) {
    isWide = vocabulary > 65_536
    isMasked = masked
  }

  /// Appends tokens to the sequence that is open.
  ///
  /// - Parameter mask: for each token whether there is loss on it; without one there is on all.
  mutating func append(_ ids: UnsafeBufferPointer<TokenID>, mask: UnsafeBufferPointer<UInt8>?) {
    let width = isWide ? 4 : 2
    let isWide = isWide
    let start = tokenBytes.count
    tokenBytes.append(contentsOf: repeatElement(0, count: ids.count * width))
    tokenBytes.withUnsafeMutableBytes { bytes in
      if isWide {
        for (index, id) in ids.enumerated() { bytes.storeBytes(of: id.littleEndian, toByteOffset: start + 4 * index, as: UInt32.self) }
      } else {
        for (index, id) in ids.enumerated() {
          bytes.storeBytes(of: UInt16(truncatingIfNeeded: id).littleEndian, toByteOffset: start + 2 * index, as: UInt16.self)
        }
      }
    }
    tokenCount += ids.count
    guard isMasked else {
      trainedCount += ids.count
      return
    }
    if let mask {
      maskBytes.append(contentsOf: mask)
      trainedCount += mask.reduce(0) { $0 + Int($1) }
    } else {
      maskBytes.append(contentsOf: repeatElement(1, count: ids.count))
      trainedCount += ids.count
    }
  }

  mutating func endSequence() { ends.append(tokenCount) }

  mutating func removeAll() {
    tokenBytes.removeAll(keepingCapacity: true)
    maskBytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    (tokenCount, trainedCount) = (0, 0)
  }
}
