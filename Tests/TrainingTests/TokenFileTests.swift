import Domain
import Kernels
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// Token ids on the disk and in memory.
struct TokenFileTests {
  @Test(arguments: [(300, 2), (65_536, 2), (65_537, 4)])
  func what_was_written_is_read(vocabulary: Int, width: Int) throws {
    let written = try Written(vocabulary: vocabulary, masked: true, sequences: [[7, 299], [], [12], [UInt32(vocabulary - 1), 0, 5]])
    #expect(try LinuxFileSystem().status(written.layout.tokens(split: "train")).size == 6 * width)
    let split = try written.split()
    #expect((0..<6).map { split[$0] } == [7, 299, 12, Int32(vocabulary - 1), 0, 5])
    #expect((0..<4).map { split.sequence($0) } == [0..<2, 2..<2, 2..<3, 3..<6])
    #expect((0..<6).map { split.sequence(ofToken: $0) } == [0, 0, 2, 3, 3, 3])
    #expect((0..<6).map { split.isTrained($0) } == [true, false, true, true, false, true])  // every other, see `Written`
  }

  @Test func without_a_mask_every_token_is_trained() throws {
    let written = try Written(vocabulary: 300, masked: false, sequences: [[1, 2], [3]])
    #expect(!LinuxFileSystem().exists(written.layout.mask(split: "train")))
    let split = try written.split()
    #expect((0..<3).allSatisfy { split.isTrained($0) })
    #expect(written.card.trainedTokens == 3)
  }

  @Test(arguments: [300, 70_000])
  func tokens_are_counted_on_any_number_of_threads(vocabulary: Int) throws {
    var state: UInt64 = 7
    let ids = (0..<9_500_000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt32(truncatingIfNeeded: state >> 33) % UInt32(vocabulary)
    }
    var expected = [Int](repeating: 1, count: vocabulary)
    for id in ids { expected[Int(id)] += 1 }
    let split = try Written(vocabulary: vocabulary, whole: ids).split()
    for threads in [1, 2, 3] {
      var counts = [Int](repeating: 1, count: vocabulary)
      split.count(into: &counts, team: ThreadTeam(count: threads))
      #expect(counts == expected)
    }
  }

  @Test func the_disk_begins_before_the_file_is_closed() throws {
    let folder = try TemporaryFolder()
    let files = FaultyFileSystem(LinuxFileSystem())
    let layout = TokenizationLayout(folder: folder.path)
    let writer = try TokenFileWriter(layout, split: "train", vocabulary: 300, masked: false, files: files)
    for _ in 0..<11 { try writer.append([UInt32](repeating: 7, count: 1_000_000), isTrained: true) }
    #expect(files.begun(layout.tokens(split: "train")) == [0..<10_000_000, 10_000_000..<20_000_000])
    try writer.close()
  }

  @Test func files_that_are_not_those_that_were_written_are_refused() throws {
    let written = try Written(vocabulary: 300, masked: true, sequences: [[1, 2], [3]])
    for path in [written.layout.tokens(split: "train"), written.layout.sequences(split: "train"), written.layout.mask(split: "train")] {
      let bytes = try LinuxFileSystem().contents(of: path)
      try LinuxFileSystem().writeInPlace(Array(bytes.dropLast(2)), to: path)
      #expect(
        throws: Problem(
          "tokenization.damaged", "the tokens in \(written.layout.folder) are not those that were written", at: .init(file: "train"),
          mend: "Delete that folder; the tokens are made anew.")
      ) { try written.split() }
      try LinuxFileSystem().writeInPlace(bytes, to: path)
    }
    _ = try written.split()
  }
}

/// A split on the disk. In each sequence every other token is trained, the first one first.
struct Written {
  let folder: TemporaryFolder
  let layout: TokenizationLayout
  let card: TokenizationCard.Split
  let vocabulary: Int

  init(vocabulary: Int, masked: Bool, sequences: [[UInt32]] = [[1, 2, 3]]) throws {
    folder = try TemporaryFolder()
    layout = TokenizationLayout(folder: folder.path)
    self.vocabulary = vocabulary
    let writer = try TokenFileWriter(layout, split: "train", vocabulary: vocabulary, masked: masked, files: LinuxFileSystem())
    for sequence in sequences {
      for (index, id) in sequence.enumerated() { try writer.append([id], isTrained: index % 2 == 0) }
      try writer.endSequence()
    }
    try writer.close()
    card = .init(
      name: "train", tokens: writer.tokenCount, sequences: writer.sequenceCount, trainedTokens: writer.trainedCount, isMasked: masked)
  }

  /// One sequence.
  init(vocabulary: Int, whole ids: [UInt32]) throws {
    folder = try TemporaryFolder()
    layout = TokenizationLayout(folder: folder.path)
    self.vocabulary = vocabulary
    let writer = try TokenFileWriter(layout, split: "train", vocabulary: vocabulary, masked: false, files: LinuxFileSystem())
    try writer.append(ids, isTrained: true)
    try writer.endSequence()
    try writer.close()
    card = .init(name: "train", tokens: ids.count, sequences: 1, trainedTokens: ids.count, isMasked: false)
  }

  func split() throws -> TokenizedSplit { try TokenizedSplit(layout, card, vocabulary: vocabulary) }
}
