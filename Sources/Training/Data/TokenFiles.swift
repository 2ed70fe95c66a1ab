import Domain
import Kernels
import Platform
import Synchronization
import SystemPackage

/// Token ids of one split, being written.
///
/// Files, all little-endian, without headers (the card says what they are):
/// - `<split>.tokens`: an id each, 16 bits wide where the vocabulary has at most 65,536 entries, else 32;
/// - `<split>.sequences`: for each sequence the number of tokens up to and with its last one, 64 bits each;
/// - `<split>.mask`: a byte a token, 1 where there is loss on it. Only where some have none.
final class TokenFileWriter {
  private let files: any FileSystem
  private let isWide: Bool
  private let tokens: FileDescriptor
  private let sequences: FileDescriptor
  private let mask: FileDescriptor?
  private var tokenBytes: [UInt8] = []
  private var sequenceBytes: [UInt8] = []
  private var maskBytes: [UInt8] = []
  private(set) var tokenCount = 0
  private(set) var trainedCount = 0
  private(set) var sequenceCount = 0

  /// Bytes of tokens on their way to the disk.
  private var startedBytes = 0
  private var writtenBytes = 0

  private static let block = 1 << 16
  /// Bytes of tokens that the disk is told of at a time: nobody waits for them then, and closing has little left to wait for.
  private static let startedAtOnce = 8 << 20

  init(_ layout: TokenizationLayout, split: String, vocabulary: Int, masked: Bool, files: any FileSystem) throws {
    self.files = files
    isWide = vocabulary > 65_536
    tokens = try files.open(layout.tokens(split: split), .writing)
    sequences = try files.open(layout.sequences(split: split), .writing)
    mask = masked ? try files.open(layout.mask(split: split), .writing) : nil
    tokenBytes.reserveCapacity(Self.block + 64)
  }

  /// Appends tokens to the sequence that is open.
  func append(_ ids: [UInt32], isTrained: Bool) throws {
    for id in ids {
      tokenBytes.append(UInt8(truncatingIfNeeded: id))
      tokenBytes.append(UInt8(truncatingIfNeeded: id >> 8))
      if isWide {
        tokenBytes.append(UInt8(truncatingIfNeeded: id >> 16))
        tokenBytes.append(UInt8(truncatingIfNeeded: id >> 24))
      }
    }
    if mask != nil { maskBytes += [UInt8](repeating: isTrained ? 1 : 0, count: ids.count) }
    tokenCount += ids.count
    if isTrained || mask == nil { trainedCount += ids.count }
    if tokenBytes.count >= Self.block { try flush() }
  }

  /// Appends a whole sequence.
  func append(_ sequence: EncodedSequence) throws {
    for run in sequence.runs { try append(Array(sequence.ids[run.range]), isTrained: run.isTrained) }
    try endSequence()
  }

  /// Ends the open sequence.
  func endSequence() throws {
    withUnsafeBytes(of: UInt64(tokenCount).littleEndian) { sequenceBytes += $0 }
    sequenceCount += 1
    if sequenceBytes.count >= Self.block { try flush() }
  }

  /// Appends sequences as they stand in a chunk; what stands behind its last sequence goes on with the next chunk.
  func append(_ chunk: SequenceChunk) throws {
    tokenBytes += chunk.tokenBytes
    if mask != nil { maskBytes += chunk.maskBytes }
    for end in chunk.ends { withUnsafeBytes(of: UInt64(tokenCount + end).littleEndian) { sequenceBytes += $0 } }
    tokenCount += chunk.tokenCount
    trainedCount += chunk.trainedCount
    sequenceCount += chunk.ends.count
    if tokenBytes.count >= Self.block { try flush() }
  }

  /// Appends sequences of another split, which has a mask where this one has.
  ///
  /// - Parameter without: tokens at the beginning of the first that are left out.
  func append(_ split: TokenizedSplit, sequences numbers: Range<Int>, without: Int = 0) throws {
    for number in numbers {
      let places = split.sequence(number).dropFirst(number == numbers.lowerBound ? without : 0)
      tokenBytes.append(contentsOf: split.tokenBytes(places))
      tokenCount += places.count
      if mask != nil, let trained = split.maskBytes(places) {
        maskBytes.append(contentsOf: trained)
        trainedCount += trained.reduce(0) { $0 + Int($1) }
      } else {
        if mask != nil { maskBytes += [UInt8](repeating: 1, count: places.count) }
        trainedCount += places.count
      }
      try endSequence()
      if tokenBytes.count >= Self.block { try flush() }
    }
  }

  func summary(_ name: String) -> TokenizationCard.Split {
    .init(name: name, tokens: tokenCount, sequences: sequenceCount, trainedTokens: trainedCount, isMasked: mask != nil)
  }

  private func flush() throws {
    writtenBytes += tokenBytes.count
    try write(&tokenBytes, to: tokens)
    if writtenBytes - startedBytes >= Self.startedAtOnce {
      files.startSync(tokens, startedBytes..<writtenBytes)
      startedBytes = writtenBytes
    }
    try write(&sequenceBytes, to: sequences)
    if let mask { try write(&maskBytes, to: mask) }
  }

  private func write(_ bytes: inout [UInt8], to file: FileDescriptor) throws {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in try files.writeAll(file, buffer) }
    }
    try result.get()
    bytes.removeAll(keepingCapacity: true)
  }

  func close() throws {
    try flush()
    for file in [tokens, sequences, mask].compactMap(\.self) {
      try files.sync(file)
      try files.close(file)
    }
  }
}

/// Token ids of one split, as memory: pages come in as they are touched.
final class TokenizedSplit: Sendable {
  let tokenCount: Int
  let sequenceCount: Int
  private let tokens: MappedFile
  private let sequences: MappedFile
  private let mask: MappedFile?
  private let isWide: Bool

  init(_ layout: TokenizationLayout, _ split: TokenizationCard.Split, vocabulary: Int) throws {
    isWide = vocabulary > 65_536
    tokens = try MappedFile(layout.tokens(split: split.name))
    sequences = try MappedFile(layout.sequences(split: split.name))
    mask = split.isMasked ? try MappedFile(layout.mask(split: split.name)) : nil
    tokenCount = tokens.bytes.count / (isWide ? 4 : 2)
    sequenceCount = sequences.bytes.count / 8
    guard tokenCount == split.tokens, sequenceCount == split.sequences, mask == nil || mask?.bytes.count == tokenCount else {
      throw Problem(
        "tokenization.damaged", "the tokens in \(layout.folder) are not those that were written", at: .init(file: split.name),
        mend: "Delete that folder; the tokens are made anew.")
    }
  }

  subscript(index: Int) -> Int32 {
    isWide
      ? Int32(bitPattern: UInt32(littleEndian: tokens.bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
      : Int32(UInt16(littleEndian: tokens.bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
  }

  /// The tokens of places as they stand in the file.
  func tokenBytes(_ places: Range<Int>) -> UnsafeRawBufferPointer {
    let width = isWide ? 4 : 2
    return UnsafeRawBufferPointer(rebasing: tokens.bytes[places.lowerBound * width..<places.upperBound * width])
  }

  /// A byte a token, 1 where there is loss on it; nil where there is on all.
  func maskBytes(_ places: Range<Int>) -> UnsafeRawBufferPointer? {
    mask.map { UnsafeRawBufferPointer(rebasing: $0.bytes[places]) }
  }

  /// Adds how often each id occurs. Ids beyond `counts` cannot be: the files were written from the same vocabulary.
  func count(into counts: inout [Int], team: ThreadTeam) {
    let (bytes, isWide, total, width) = (tokens.bytes, isWide, tokenCount, isWide ? 4 : 2)
    let step = 4 << 20
    // For each thread two tables in turn: the same id twice in a row would wait for its own sum to come back from memory. They are
    // emptied often enough that 32 bits do, which stay nearer to the processor than 64.
    let size = (counts.count + 15) / 16 * 16
    let tables = ZeroedMemory<UInt32>(count: 2 * size * team.count)
    let sums = Mutex(counts)
    team.run(tasks: (total + step - 1) / step) { task, worker in
      let (start, end) = (task * step, min(task * step + step, total))
      let even = UnsafeMutableBufferPointer(start: tables.base + 2 * size * worker, count: size)
      let odd = UnsafeMutableBufferPointer(start: tables.base + (2 * worker + 1) * size, count: size)
      if isWide {
        for index in start..<end {
          let id = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
          if id < size { if index & 1 == 0 { even[id] &+= 1 } else { odd[id] &+= 1 } }
        }
      } else {
        for index in start..<end {
          let id = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
          if id < size { if index & 1 == 0 { even[id] &+= 1 } else { odd[id] &+= 1 } }
        }
      }
      sums.withLock { sums in
        for id in sums.indices {
          sums[id] += Int(even[id] &+ odd[id])
          (even[id], odd[id]) = (0, 0)
        }
      }
      tokens.release(start * width..<end * width)
    }
    counts = sums.withLock { $0 }
  }

  /// Whether there is loss on the token.
  func isTrained(_ index: Int) -> Bool { mask.map { $0.bytes[index] == 1 } ?? true }

  /// Places of a sequence's tokens.
  func sequence(_ index: Int) -> Range<Int> { (index == 0 ? 0 : end(index - 1))..<end(index) }

  /// The sequence that a token belongs to.
  func sequence(ofToken token: Int) -> Int {
    var low = 0
    var high = sequenceCount
    while low < high {
      let middle = (low + high) / 2
      if end(middle) <= token { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// A sequence as it was written.
  func encoded(_ index: Int) -> EncodedSequence {
    var sequence = EncodedSequence()
    for place in self.sequence(index) {
      sequence.append(CollectionOfOne(UInt32(bitPattern: self[place])), isTrained: isTrained(place))
    }
    return sequence
  }

  /// Of a unit of so many sequences: a row, or a document.
  func fingerprint(_ unit: Int, of size: Int) -> UInt64 {
    var fingerprint = Fingerprint()
    for place in places(unit, of: size) { fingerprint.add(UInt32(bitPattern: self[place])) }
    return fingerprint.value
  }

  /// The tokens of a unit of so many sequences.
  func places(_ unit: Int, of size: Int) -> Range<Int> {
    sequence(unit * size).lowerBound..<sequence(unit * size + size - 1).upperBound
  }

  func end(_ index: Int) -> Int { Int(UInt64(littleEndian: sequences.bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))) }
}
