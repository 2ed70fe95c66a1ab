import Domain
import LanguageModels
import Platform
import TestSupport
import Testing

@testable import Training

/// Rows side by side: `PackedSequences`.
struct PackedSequencesTests {
  private func split(_ lengths: [Int], untrained: Set<Int> = []) throws -> (TemporaryFolder, TokenizedSplit) {
    let folder = try TemporaryFolder()
    let layout = TokenizationLayout(folder: folder.path)
    let writer = try TokenFileWriter(layout, split: "train", vocabulary: 300, masked: true, files: LinuxFileSystem())
    var next: UInt32 = 1
    for (index, length) in lengths.enumerated() {
      try writer.append((0..<length).map { next + UInt32($0) }, isTrained: !untrained.contains(index))
      next += UInt32(length)
      try writer.endSequence()
    }
    try writer.close()
    let card = TokenizationCard.Split(
      name: "train", tokens: writer.tokenCount, sequences: writer.sequenceCount, trainedTokens: writer.trainedCount, isMasked: true)
    return (folder, try TokenizedSplit(layout, card, vocabulary: 300))
  }

  /// By hand: lengths 5, 4, 3, 3, 2 into samples of 8. 5 opens a sample with room 3; 4 a second with room 4; the first 3 fits best into
  /// room 3; the second into room 4; 2 opens a third.
  @Test func the_longest_first_each_where_the_least_room_is_enough() {
    let bins = PackedSequences.packed([(0, 3), (1, 5), (2, 2), (3, 4), (4, 3)], into: 8)
    #expect(bins == [[1, 0], [3, 4], [2]])
  }

  /// What TRL 1.16 makes of these lengths: `pack_dataset(dataset, 64, "bfd")`.
  @Test func sequences_are_packed_as_trl_packs_them() {
    let lengths = [
      18, 9, 33, 16, 64, 58, 61, 49, 27, 13, 63, 4, 50, 56, 1, 58, 35, 30, 14, 41, 4, 3, 4, 2, 49, 28, 55, 4, 29, 57, 64, 30, 45, 30, 29,
      59,
      38, 3, 54, 13, 24, 38, 16, 43, 55, 25, 39, 37, 64, 51, 5, 62, 32, 52, 54, 23, 47, 48, 12, 57,
    ]
    let expected = [
      [64], [64], [64], [63, 1], [62, 2], [61, 3], [59, 5], [58, 4], [58, 4], [57, 4, 3], [57], [56], [55, 9], [55], [54], [54], [52, 12],
      [51, 13], [50, 14], [49, 13], [49], [48, 16], [47, 16], [45, 18], [43], [41, 23], [39, 25], [38, 24], [38], [37, 27], [35, 29],
      [33, 30], [32, 30], [30, 29, 4], [28],
    ]
    let bins = PackedSequences.packed(lengths.enumerated().map { (Int32($0.offset), $0.element) }, into: 64)
    #expect(bins.map { $0.map { lengths[Int($0)] } } == expected)
  }

  @Test func of_equal_rooms_the_one_that_waits_longest_is_filled() {
    #expect(PackedSequences.packed([(0, 6), (1, 6), (2, 2), (3, 2)], into: 8) == [[0, 2], [1, 3]])
  }

  @Test func a_sample_holds_whole_sequences_that_are_documents_of_their_own() throws {
    let (_, split) = try split([4, 6, 3])
    let source = PackedSequences(split, maximumLength: 8, seed: 1, shuffles: false)
    #expect(source.count == 2 && source.length == 8 && source.sequenceCount == 3 && !source.isEmpty)
    let expected = Sample(
      tokens: [5, 6, 7, 8, 9, 1, 2, 3], targets: [6, 7, 8, 9, 10, 2, 3, 4], segments: [0, 0, 0, 0, 0, 1, 1, 1])
    #expect(source.sample(0, epoch: 0) == expected)
    #expect(source.sample(1, epoch: 0) == Sample(tokens: [11, 12], targets: [12, 13]))
    #expect(source.fill == 10.0 / 16)
  }

  @Test func what_is_too_long_is_cut_and_what_has_nothing_to_train_is_left_out() throws {
    let (_, split) = try split([20, 5, 1], untrained: [1])
    let source = PackedSequences(split, maximumLength: 8, seed: 1, shuffles: false)
    #expect(source.count == 1 && source.sample(0, epoch: 0).tokens == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(source.fit.truncated == 1 && source.fit.untrained == 2 && source.fit.cutAway == 0)
    #expect(
      source.fit.remarks == [
        "1 of 3 sequences are longer than max_length 8 and are cut at their end.",
        "2 of 3 sequences hold nothing to train on (no answer, or a single token), and are left out.",
      ])
  }

  @Test func every_epoch_has_each_sequence_once_in_another_order() throws {
    let (_, split) = try split((0..<40).map { 2 + $0 % 7 })
    let source = PackedSequences(split, maximumLength: 12, seed: 5, shuffles: true)
    let firsts = { (epoch: Int) in (0..<source.count).map { source.sample($0, epoch: epoch).tokens[0] } }
    #expect(firsts(0) != firsts(1))
    #expect(firsts(0).sorted() == firsts(1).sorted())
    let tokens = (0..<source.count).reduce(0) { $0 + source.sample($1, epoch: 0).tokens.count }
    #expect(tokens == (0..<40).reduce(0) { $0 + 1 + $1 % 7 })
  }
}
