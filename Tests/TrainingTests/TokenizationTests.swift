import Domain
import Platform
import StrictJSON
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// Datasets as token files, against Hugging Face's tokenizers and against plain recounts.
struct TokenizationTests {
  private static let golden = Result { try JSONParser.parse(try Fixtures.bytes("tokenizations/golden.json")) }

  private func rows(_ name: String) throws -> String { String(decoding: try Fixtures.bytes("tokenizations/\(name)"), as: UTF8.self) }

  private static func digest(_ sequences: [[Int]]) -> String {
    SHA256.hash(sequences.joined().flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
  }

  @Test(arguments: [(0, 0), (256, 0), (256, 32), (100, 60), (64, 16)])
  func windows_are_those_of_hugging_face(length: Int, stride: Int) throws {
    let expected = try #require(try Self.golden.get()["c4"]?["\(length)/\(stride)"])
    let made = try TokenizedRows(try rows("c4.jsonl")).make(
      length == 0 ? "{}" : #"{"max_length": \#(length), "stride": \#(stride)}"#, threads: 2)
    let sequences = try made.sequences
    #expect(sequences.map(\.count) == expected["lengths"]?.array?.compactMap(\.int))
    #expect(Self.digest(sequences) == expected["sha256"]?.string)
    #expect(made.card.tokens == expected["tokens"]?.int && made.statistics.totalTokens == expected["tokens"]?.int)
    #expect(made.statistics.sequences == expected["sequences"]?.int && made.card.rows == 40 && made.card.documents == 40)
    #expect(made.card.tokens - made.card.overlapTokens == 77_116)
    if length == 256, stride == 32 {
      let first = try #require(try Self.golden.get()["c4_first_row"]?.array).map { $0.array?.compactMap(\.int) ?? [] }
      #expect(Array(sequences.prefix(first.count)) == first)
    }
  }

  @Test func questions_and_answers_have_the_ids_of_hugging_face_and_a_loss_on_the_answer() throws {
    let expected = try #require(try Self.golden.get()["gsm8k"])
    let made = try TokenizedRows(try rows("gsm8k.jsonl")).make(
      #"{"method": "sft", "prompt_field": "question", "completion_field": "answer"}"#)
    #expect(Self.digest(try made.sequences) == expected["sha256"]?.string)
    #expect(made.card.tokens == expected["tokens"]?.int && made.card.documents == expected["rows"]?.int)
    #expect(made.card.split("train")?.trainedTokens == expected["trained_tokens"]?.int)
  }

  @Test func short_rows_are_left_out_and_counted() throws {
    let expected = try #require(try Self.golden.get()["gsm8k"]?["questions_under_60_tokens"])
    let made = try TokenizedRows(try rows("gsm8k.jsonl")).make(#"{"text_field": "question", "min_tokens": 60}"#)
    let (few, tokens) = (try #require(expected["rows"]?.int), try #require(expected["tokens"]?.int))
    #expect(made.removed("min_tokens") == [few, tokens] && made.card.documents == 200 - few)
  }

  @Test func statistics_are_those_of_hugging_face() throws {
    let expected = try #require(try Self.golden.get()["statistics"])
    let made = try TokenizedRows(try rows("c4.jsonl")).make()
    let statistics = made.statistics
    #expect(statistics.totalTokens == expected["total_tokens"]?.int && statistics.uniqueTokens == expected["unique_tokens"]?.int)
    #expect(made.card.textBytes == expected["text_bytes"]?.int && made.card.textTokens == expected["text_tokens"]?.int)
    #expect(
      statistics.topTokens.prefix(20).map { [$0.id, $0.count] } == expected["top"]?.array?.map { $0.array?.compactMap(\.int) ?? [] })
    for percent in LengthDistribution.percents {
      #expect(statistics.rowLengths.percentiles["p\(percent)"] == expected["percentiles"]?["\(percent)"]?.int, "\(percent)")
    }
    #expect(
      statistics.truncation.map { [$0.length, $0.rows, $0.tokens] }
        == expected["truncation"]?.array?.map { cut in ["length", "rows", "tokens"].compactMap { cut[$0]?.int } })
  }

  @Test func statistics_are_those_of_a_plain_recount() throws {
    let made = try TokenizedRows(try rows("c4.jsonl")).make(#"{"max_length": 200, "stride": 50, "eval_split": 0.2}"#)
    let sequences = try made.sequences
    let statistics = made.statistics
    var counts: [Int: Int] = [:]
    for id in sequences.joined() { counts[id, default: 0] += 1 }
    #expect(statistics.totalTokens == sequences.reduce(0) { $0 + $1.count } && statistics.uniqueTokens == counts.count)
    #expect(statistics.sequences == sequences.count && statistics.unknownTokens == 0)
    let lengths = sequences.map(\.count).sorted()
    #expect(statistics.sequenceLengths.min == lengths.first && statistics.sequenceLengths.max == lengths.last)
    #expect(statistics.sequenceLengths.mean == Double(lengths.reduce(0, +)) / Double(lengths.count))
    #expect(statistics.sequenceLengths.percentiles["p50"] == lengths[(lengths.count + 1) / 2 - 1])
    #expect(statistics.sequenceLengths.histogram.reduce(0) { $0 + $1.count } == lengths.count)
    for bar in statistics.sequenceLengths.histogram {
      let within = lengths.filter { $0 >= bar.from && $0 < bar.to }
      #expect(bar.count == within.count && bar.tokens == within.reduce(0, +))
    }
    for frequency in statistics.frequencies where frequency.from > 0 {
      let within = counts.values.filter { (frequency.from...frequency.to).contains($0) }
      #expect(frequency.entries == within.count && frequency.tokens == within.reduce(0, +), "\(frequency)")
    }
    #expect(statistics.frequencies.first { $0.from == 0 }?.entries == made.card.vocabularySize - counts.count)
    #expect(statistics.tokensPerByte == Double(made.card.textTokens) / Double(made.card.textBytes))
    #expect(made.card.split("train")?.sequences ?? 0 > 0 && made.card.split("eval")?.sequences ?? 0 > 0)
  }

  @Test func a_cut_says_what_it_took() throws {
    let rows = try TokenizedRows(try rows("c4.jsonl"))
    let (whole, cut) = (try rows.make(), try rows.make(#"{"max_length": 256, "truncate": true}"#))
    let expected = try whole.sequences.map { Array($0.prefix(256)) }
    #expect(try cut.sequences == expected)
    let longer = try whole.sequences.filter { $0.count > 256 }
    #expect(cut.removed("truncate") == [longer.count, longer.reduce(0) { $0 + $1.count - 256 }])
    #expect(whole.card.tokens - cut.card.tokens == cut.removed("truncate")?[1])
  }

  @Test func the_same_files_on_one_thread_and_on_two() throws {
    // Many rows, a long document over several batches, rows that are alike.
    let line = "The quick brown fox jumps over the lazy dog, number "
    let texts = (0..<30_000).map { "\(line)\($0 % 20_000). \(String(repeating: "Again and again. ", count: $0 % 7))" }
    for request in [
      "{}", #"{"max_length": 32, "stride": 7, "eval_split": 0.1}"#, #"{"duplicates": "exact", "min_tokens": 30}"#,
      #"{"duplicates": "near", "stop_words": ["english"], "max_length": 16}"#,
    ] {
      let rows = try TokenizedRows(texts: texts)
      let one = try rows.make(request, threads: 1)
      let expected = (try one.bytes, one.card.removed)
      try rows.forget(one)
      let two = try rows.make(request, threads: 2)
      #expect(one.card.id == two.card.id && !two.wasThere)
      #expect(try two.bytes == expected.0 && two.card.removed == expected.1, "\(request)")
    }
  }

  @Test func a_document_over_several_batches_is_one_sequence_or_its_windows() throws {
    let text = (0..<120_000).map { "Line \($0) of a long text.\n" }.joined()
    #expect(text.utf8.count > RowBatches.most)
    let rows = try TokenizedRows(text, named: "rows.txt")
    let whole = try rows.make(threads: 2)
    let all = try whole.sequences
    #expect(all.count == 1 && whole.card.documents == 1 && whole.statistics.rowLengths.max == all[0].count)
    let windows = try rows.make(#"{"max_length": 1000, "stride": 100}"#, threads: 2)
    var expected: [[Int]] = []
    Windows(length: 1_000, stride: 100).forEach(before: 0, tokens: all[0].count, ends: true) { places, _ in
      expected.append(Array(all[0][places]))
    }
    #expect(try windows.sequences == expected)
    let cut = try rows.make(#"{"max_length": 1000, "truncate": true}"#, threads: 2)
    #expect(try cut.sequences == [Array(all[0].prefix(1_000))])
    #expect(cut.removed("truncate") == [1, all[0].count - 1_000])
  }

  @Test func of_few_long_texts_the_last_windows_are_held_out_and_share_nothing_with_the_ones_before() throws {
    let text = (0..<3_000).map { "Line \($0) of a long text.\n" }.joined()
    let rows = try TokenizedRows(text, named: "rows.txt")
    let whole = try rows.make().sequences[0]
    let made = try rows.make(#"{"max_length": 100, "stride": 20, "eval_split": 0.25}"#)
    let (train, eval) = (try made.sequences("train"), try made.sequences("eval"))
    let last = try #require(train.last)
    let end = (train.count - 1) * 80 + last.count
    #expect(eval[0].count == 80 && eval[0] == Array(whole[end..<end + 80]))
    #expect(abs(Double(eval.count) / Double(train.count + eval.count) - 0.25) < 0.02)
  }

  @Test func special_tokens_in_the_text_are_taken_out_and_the_end_of_text_stays() throws {
    let rows = try TokenizedRows(texts: ["one<|im_end|>two", "three", "<|im_start|><|im_end|>"])
    let (plain, filtered) = (try rows.make(), try rows.make(#"{"filter_special_tokens": true}"#))
    let before = try plain.sequences
    let special = Set([before[0].last ?? 0] + before[2])
    #expect(try filtered.sequences.map { $0.dropLast().filter(special.contains).count } == [0, 0])
    #expect(try filtered.sequences.allSatisfy { special.contains($0.last ?? -1) })
    #expect(filtered.removed("filter_special_tokens") == [2, 3])
    #expect(filtered.card.emptyRows == 1 && filtered.card.documents == 2)
  }

  @Test func stop_words_are_taken_out_before_the_text_is_tokenized() throws {
    let rows = try TokenizedRows(texts: ["The cat sat on the mat.", "Nothing to see", "of the and"])
    let made = try rows.make(#"{"stop_words": ["english"], "stop_word_list": ["See"]}"#)
    let expected = try TokenizedRows(texts: ["cat sat mat.", "Nothing"]).make()
    #expect(try made.sequences == expected.sequences)
    let before = try rows.make()
    #expect(made.removed("stop_words") == [3, before.card.textTokens - made.card.textTokens])
    #expect(made.card.emptyRows == 1)
  }

  @Test func duplicates_are_left_out_the_first_stays() throws {
    let texts = ["A cat.", "A dog.", "A cat.", "a  CAT", "A cat and a dog."]
    let rows = try TokenizedRows(texts: texts)
    let whole = try rows.make().sequences
    let exact = try rows.make(#"{"duplicates": "exact"}"#)
    #expect(try exact.sequences == [whole[0], whole[1], whole[3], whole[4]])
    #expect(exact.removed("duplicates") == [1, whole[2].count])
    let normalized = try rows.make(#"{"duplicates": "normalized"}"#)
    #expect(try normalized.sequences == [whole[0], whole[1], whole[4]])
    #expect(normalized.removed("duplicates") == [2, whole[2].count + whole[3].count])
    #expect(try rows.make().card.removed.isEmpty)
  }

  @Test func near_duplicates_are_left_out() throws {
    let long = (0..<200).map { "word\($0 * 7919 % 1000)" }
    var near = long
    near[50] = "other"
    var far = long
    for index in stride(from: 0, to: 200, by: 6) { far[index] = "else\(index)" }
    let texts = [long, near, far].map { $0.joined(separator: " ") }
    let made = try TokenizedRows(texts: texts).make(#"{"duplicates": "near"}"#)
    #expect(made.removed("duplicates")?[0] == 1 && made.card.documents == 2)
    // One word in 200 lies in five of 196 runs: 191 of 201 are common, a similarity of 0.95.
    let strict = try TokenizedRows(texts: texts).make(#"{"duplicates": "near", "near_similarity": 1}"#)
    #expect(strict.removed("duplicates")?[0] == 0)
  }

  @Test func the_same_request_finds_what_was_made_and_another_makes_its_own() throws {
    let rows = try TokenizedRows(texts: ["one", "two", "three"])
    let first = try rows.make(#"{"max_length": 8, "stride": 2}"#)
    let again = try rows.make(#"{"overlap": 2, "max_length": 8, "truncate": false}"#)
    #expect(again.wasThere && again.card == first.card)
    for other in [
      "{}", #"{"max_length": 8, "stride": 3}"#, #"{"max_length": 9, "stride": 2}"#, #"{"max_length": 8, "stride": 2, "seed": 7}"#,
    ] {
      let made = try rows.make(other)
      #expect(!made.wasThere && made.card.id != first.card.id)
    }
    #expect(try rows.make(isBytes: true).card.id != rows.make().card.id)
  }

  @Test func what_is_stopped_leaves_nothing() throws {
    let rows = try TokenizedRows(texts: (0..<5_000).map { "Row \($0): \(String(repeating: "and so on ", count: 40))" })
    let asked = Counter()
    #expect(throws: CancellationError.self) { _ = try rows.make(threads: 2, isStopped: { asked.next() > 2 }) }
    let files = LinuxFileSystem()
    let names = try files.names(in: rows.ingested.folders.dataset.tokenizations).map(\.string)
    #expect(names.allSatisfy { $0.hasSuffix(".lock") }, "\(names)")
    #expect(try rows.make().card.documents == 5_000)
  }

  @Test func progress_comes_to_its_end() throws {
    let events = Counter()
    let rows = try TokenizedRows(texts: (0..<100).map { "Row \($0)" })
    var last: ErrandProgress?
    _ = try rows.make(report: { event in
      if case .progress(let progress) = event { last = progress }
      _ = events.next()
    })
    #expect(last == ErrandProgress(phase: "counting", done: 100, total: 100, unit: .rows))
  }

  @Test func conversations_keep_every_token() throws {
    let rows = try TokenizedRows(#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}"# + "\n")
    let problem = #expect(throws: Problem.self) { try rows.make(#"{"method": "sft", "filter_special_tokens": true}"#) }
    #expect(
      problem?.description
        == "filter_special_tokens: the dataset 'rows' holds conversations, whose tokens cannot be taken out one by one. A chat template marks with special tokens who speaks. Remove the field and drop it again."
    )
    #expect(try rows.make(#"{"method": "sft"}"#).card.documents == 1)
  }
}

/// Counted by several threads.
private final class Counter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}
