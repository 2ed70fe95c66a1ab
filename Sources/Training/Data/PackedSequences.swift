import Domain
import LanguageModels

/// Whole sequences put side by side into samples of `length`, so that little is padding; attention does not cross from one into
/// another, positions count from 0 in each, and no sequence is parted.
///
/// Best fit decreasing, as TRL packs (`packing_strategy: "bfd"`): the longest first, each into the sample that has the least room of
/// those with enough, of several the one that has been so the longest. The same bins in every epoch; only their order changes.
struct PackedSequences: SampleSource {
  private let split: TokenizedSplit
  let length: Int
  private let seed: UInt64
  private let shuffles: Bool
  /// Numbers of the sequences in each sample.
  private let bins: [[Int32]]
  let fit: SequenceFit

  init(_ split: TokenizedSplit, maximumLength: Int, seed: UInt64, shuffles: Bool) {
    self.split = split
    self.seed = seed
    self.shuffles = shuffles
    length = maximumLength
    fit = SequenceFit(split, maximumLength: maximumLength)
    bins = Self.packed(fit.usable.map { ($0, min(split.sequence(Int($0)).count - 1, maximumLength)) }, into: maximumLength)
  }

  var count: Int { max(1, bins.count) }
  var isEmpty: Bool { bins.isEmpty }
  var sequenceCount: Int { fit.usable.count }

  /// Share of the samples' places that hold a token, 0 to 1.
  var fill: Double {
    let tokens = fit.usable.reduce(0) { $0 + min(split.sequence(Int($1)).count - 1, length) }
    return Double(tokens) / Double(max(1, bins.count * length))
  }

  /// - Parameter sequences: number and length of each.
  static func packed(_ sequences: [(number: Int32, length: Int)], into capacity: Int) -> [[Int32]] {
    // Longest first; of equal ones the first first.
    let order = sequences.indices.sorted { (sequences[$0].length, $1) > (sequences[$1].length, $0) }
    var bins: [[Int32]] = []
    var withRoom = [[Int]](repeating: [], count: capacity + 1)  // room to bins, those that wait longest first
    var heads = [Int](repeating: 0, count: capacity + 1)
    var rooms = RoomSet(capacity: capacity)
    for index in order {
      let (number, length) = sequences[index]
      var bin = bins.count
      var room = capacity
      if let found = rooms.least(atLeast: length) {
        room = found
        bin = withRoom[room][heads[room]]
        heads[room] += 1
        if heads[room] == withRoom[room].count {
          withRoom[room].removeAll()
          heads[room] = 0
          rooms.remove(room)
        }
        bins[bin].append(number)
      } else {
        bins.append([number])
      }
      let left = room - length
      withRoom[left].append(bin)
      rooms.insert(left)
    }
    return bins
  }

  func sample(_ index: Int, epoch: Int) -> Sample {
    guard !bins.isEmpty else { return Sample(tokens: [0], targets: [MicroBatch.ignored]) }
    let place = shuffles ? ShuffledOrder(count: bins.count, seed: seed, epoch: epoch)[index] : index
    var sample = Sample()
    var segments: [Int32] = []
    for (document, sequence) in bins[place].enumerated() {
      let range = split.sequence(Int(sequence)).prefix(length + 1)
      sample.tokens += range.dropLast().map { split[$0] }
      sample.targets += range.dropFirst().map { split.isTrained($0) ? split[$0] : MicroBatch.ignored }
      segments += [Int32](repeating: Int32(document), count: range.count - 1)
    }
    sample.segments = bins[place].count > 1 ? segments : nil
    return sample
  }
}

/// Rooms that some sample has, 0 to a capacity: a bit each.
private struct RoomSet {
  private var words: [UInt64]

  init(capacity: Int) { words = [UInt64](repeating: 0, count: capacity / 64 + 1) }

  mutating func insert(_ room: Int) { words[room / 64] |= 1 << UInt64(room % 64) }

  mutating func remove(_ room: Int) { words[room / 64] &= ~(1 << UInt64(room % 64)) }

  /// The least room that is enough.
  func least(atLeast room: Int) -> Int? {
    var word = room / 64
    guard word < words.count else { return nil }
    var bits = words[word] & ~((1 << UInt64(room % 64)) - 1)
    while bits == 0 {
      word += 1
      guard word < words.count else { return nil }
      bits = words[word]
    }
    return word * 64 + bits.trailingZeroBitCount
  }
}
