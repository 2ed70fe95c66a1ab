import LanguageModels
import Testing

@testable import Training

/// Tokens to samples: each token is to predict the next, within its document.
struct SampleSourceTests {
  private static let ignored = MicroBatch.ignored

  /// Documents of these lengths, tokens counted from 1 over all of them.
  private func split(_ lengths: [Int], masked: Bool = false) throws -> (Written, TokenizedSplit) {
    var next: UInt32 = 0
    let sequences = lengths.map { length in
      (0..<length).map { _ in
        next += 1; return next
      }
    }
    let written = try Written(vocabulary: 60_000, masked: masked, sequences: sequences)
    return (written, try written.split())
  }

  @Test func blocks_of_one_document_in_order() throws {
    let (_, split) = try split([17])
    let blocks = PackedBlocks(split, length: 4, seed: 1, shuffles: false)
    #expect(blocks.count == 3)  // one less than fit: in a shuffled epoch the first begins anywhere within a block
    #expect(blocks.sample(0, epoch: 0) == Sample(tokens: [1, 2, 3, 4], targets: [2, 3, 4, 5]))
    #expect(blocks.sample(2, epoch: 0) == Sample(tokens: [9, 10, 11, 12], targets: [10, 11, 12, 13]))
    #expect(blocks.sample(1, epoch: 5) == blocks.sample(1, epoch: 0))
  }

  @Test func where_documents_meet_none_sees_another_and_the_last_token_predicts_nothing() throws {
    let (_, split) = try split([3, 2, 4, 8, 8])
    let blocks = PackedBlocks(split, length: 6, seed: 1, shuffles: false)
    let sample = blocks.sample(0, epoch: 0)
    #expect(sample.tokens == [1, 2, 3, 4, 5, 6])
    #expect(sample.targets == [2, 3, Self.ignored, 5, Self.ignored, 7])
    #expect(sample.segments == [0, 0, 0, 1, 1, 2])
    #expect(sample.targetCount == 4)
  }

  /// Predictions of a whole text, whatever the cut: each but the few at the ends, none twice.
  @Test func an_epoch_sees_each_prediction_at_most_once_and_cuts_at_other_places_than_the_next() throws {
    let (_, split) = try split([200])
    let blocks = PackedBlocks(split, length: 16, seed: 9, shuffles: true)
    var starts: [Set<Int32>] = []
    for epoch in 0..<4 {
      let samples = (0..<blocks.count).map { blocks.sample($0, epoch: epoch) }
      let seen = samples.flatMap(\.targets)
      #expect(Set(seen).count == seen.count)
      #expect(seen.count > 199 - 2 * 16)
      starts.append(Set(samples.map { $0.tokens[0] }))
    }
    #expect(Set(starts).count > 1)
    #expect(
      (0..<blocks.count).map { blocks.sample($0, epoch: 1).tokens[0] }
        != (0..<blocks.count).map { blocks.sample($0, epoch: 1).tokens[0] }.sorted())
  }

  @Test func a_text_that_is_shorter_than_a_block_is_one_sample() throws {
    let (_, split) = try split([5])
    let blocks = PackedBlocks(split, length: 16, seed: 1, shuffles: true)
    #expect(blocks.count == 1)
    #expect(blocks.sample(0, epoch: 3) == Sample(tokens: [1, 2, 3, 4], targets: [2, 3, 4, 5]))
  }

  @Test func whole_sequences_are_cut_at_their_end_and_passed_over_where_nothing_is_trained() throws {
    let (_, split) = try split([5, 1, 9, 3])
    let source = WholeSequences(split, maximumLength: 4, seed: 1, shuffles: false)
    #expect(source.count == 3 && source.length == 4 && source.fit.truncated == 1 && source.fit.dropped == 1 && !source.isEmpty)
    #expect(source.sample(0, epoch: 0) == Sample(tokens: [1, 2, 3, 4], targets: [2, 3, 4, 5]))
    #expect(source.sample(1, epoch: 0) == Sample(tokens: [7, 8, 9, 10], targets: [8, 9, 10, 11]))
    #expect(source.sample(2, epoch: 0) == Sample(tokens: [16, 17], targets: [17, 18]))
  }

  @Test func only_trained_tokens_are_targets() throws {
    let (_, split) = try split([6], masked: true)
    let source = WholeSequences(split, maximumLength: 8, seed: 1, shuffles: false)
    #expect(source.sample(0, epoch: 0).targets == [Self.ignored, 3, Self.ignored, 5, Self.ignored])
  }

  @Test func an_epoch_of_shuffled_sequences_has_each_once() throws {
    let (_, split) = try split(Array(repeating: 3, count: 20))
    let source = WholeSequences(split, maximumLength: 8, seed: 4, shuffles: true)
    let firsts = { (epoch: Int) in (0..<20).map { source.sample($0, epoch: epoch).tokens[0] } }
    let (first, second): ([Int32], [Int32]) = (firsts(0), firsts(1))
    let each = (0..<20).map { Int32($0 * 3 + 1) }
    #expect(first.sorted() == each)
    #expect(first != second && first != each)
  }

  @Test func sequences_without_anything_to_train_make_an_empty_source() throws {
    let (_, split) = try split([1, 1])
    let source = WholeSequences(split, maximumLength: 8, seed: 1, shuffles: true)
    #expect(source.isEmpty && source.count == 1 && source.sample(0, epoch: 0).targetCount == 0)
  }

  @Test func a_batch_is_padded_on_the_right_to_a_multiple_of_eight() throws {
    let (_, split) = try split([4, 11])
    let source = WholeSequences(split, maximumLength: 16, seed: 1, shuffles: false)
    let batch = source.microBatch(first: 0, count: 2, total: 2)
    #expect(batch.batch == 2 && batch.length == 16)
    let padding = [Int32](repeating: 0, count: 13)
    let nothing = [Int32](repeating: Self.ignored, count: 13)
    #expect(Array(batch.tokens.prefix(16)) == [1, 2, 3] + padding)
    #expect(Array(batch.targets.prefix(16)) == [2, 3, 4] + nothing)
    #expect(batch.targetCount == 3 + 10)
  }

  @Test func a_batch_of_equal_lengths_is_not_padded_and_the_last_of_a_run_is_smaller() throws {
    let (_, split) = try split([21])
    let source = PackedBlocks(split, length: 5, seed: 1, shuffles: false)
    let batch = source.microBatch(first: 2, count: 4, total: 4)
    #expect(batch.batch == 2 && batch.length == 5)
    let intoTheNextEpoch: [Int32] = [11, 12, 13, 14, 15, 1, 2, 3, 4, 5]
    #expect(Array(source.microBatch(first: 2, count: 2, total: 100).tokens) == intoTheNextEpoch)
    #expect(source.microBatch(first: 4, count: 2, total: 4).batch == 0)
  }

  @Test func padding_belongs_to_no_document() {
    let batch = PackedBlocks.microBatch([
      Sample(tokens: [1, 2, 3], targets: [2, Self.ignored, 4], segments: [5, 5, 6]), Sample(tokens: [7], targets: [8]),
    ])
    let expected: [Int32] = [5, 5, 6, 7, 7, 7, 7, 7, 0, 1, 1, 1, 1, 1, 1, 1]
    #expect(batch.segments.map { Array($0) } == expected)
  }
}
