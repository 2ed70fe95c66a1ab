import DatasetFormats
import Domain
import Kernels
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Tokenizers

@testable import Training

struct RowBatchTests {
  @Test func batches_follow_one_another_and_end_where_documents_do() throws {
    let rows = try TokenizedRows(texts: (0..<4_000).map { "Row \($0) " + String(repeating: "x", count: $0 % 900) }).ingested.rows()
    let batches = RowBatches(rows, limit: 3_990)
    var next = 0
    var number = 0
    while let batch = batches.next() {
      #expect(batch.number == number && batch.rows.lowerBound == next && !batch.startsOpen && !batch.endsOpen)
      next = batch.rows.upperBound
      number += 1
    }
    #expect(next == 3_990 && number > 2)
  }

  @Test func a_long_document_is_parted_and_says_so() throws {
    let text = String(repeating: "A line of text.\n", count: 400_000)
    let rows = try TokenizedRows(text, named: "rows.txt").ingested.rows()
    let batches = RowBatches(rows, limit: rows.count)
    var found: [RowBatch] = []
    while let batch = batches.next() { found.append(batch) }
    #expect(found.count == (text.utf8.count + RowBatches.most) / RowBatches.most)
    #expect(found.map(\.startsOpen) == [false] + Array(repeating: true, count: found.count - 1))
    #expect(found.map(\.endsOpen) == Array(repeating: true, count: found.count - 1) + [false])
  }

  @Test func a_stage_works_in_order_whoever_comes_first_and_nobody_waits() {
    let stage = OrderedStage<Int>()
    let tickets = Mutex(0)
    let order = Mutex<[Int]>([])
    let inside = Atomic(0)
    ThreadTeam(count: 4).run(tasks: 4) { _, _ in
      while true {
        let ticket = tickets.withLock { tickets in
          tickets += 1
          return tickets - 1
        }
        guard ticket < 2_000 else { return }
        stage.hand(ticket, 10 * ticket) { work in
          #expect(inside.add(1, ordering: .relaxed).newValue == 1)
          order.withLock { $0.append(work) }
          inside.subtract(1, ordering: .relaxed)
        }
      }
    }
    #expect(order.withLock { $0 } == (0..<2_000).map { 10 * $0 })
  }

  @Test func who_comes_too_early_leaves_the_work_to_who_comes_in_turn() {
    let stage = OrderedStage<String>()
    var done: [String] = []
    stage.hand(2, "c") { done.append($0) }
    stage.hand(1, "b") { done.append($0) }
    #expect(done == [])
    stage.hand(0, "a") { done.append("first: " + $0) }
    #expect(done == ["first: a", "first: b", "first: c"])
    stage.hand(3, "d") { done.append($0) }
    #expect(done.last == "d")
  }

  @Test func after_a_failure_nothing_more_is_done_in_a_stage() {
    struct Fault: Error {}
    let stage = OrderedStage<Int>()
    var done: [Int] = []
    stage.hand(1, 1) { done.append($0) }
    #expect(throws: Fault.self) {
      try stage.hand(0, 0) { work in
        done.append(work)
        throw Fault()
      }
    }
    stage.hand(2, 2) { done.append($0) }
    #expect(done == [0])
  }

  @Test func plain_text_is_encoded_as_segments_are() throws {
    let line = "The quick brown fox doesn't jump over <|im_end|> the lazy dog.\n"
    let texts = ["", "x", line, String(repeating: line, count: 300), "no end", "日本語 “quoted” \u{0}", line]
    let rows =
      texts.map { JSONNode(.object(["text": JSONNode(.string($0)), "id": 7])).text() }
      + [#"{"text":null}"#, #"{"id":1}"#, #"{"text":"goes on, ","continues":true}"#, #"{"text":"and ends","continues":false}"#]
    let ingested = try IngestedRows(rows.joined(separator: "\n") + "\n")
    let reader = try RowReader(DataSection(), ingest: ingested.result)
    let tokenizer = try Tokenizer.read(
      json: try Fixtures.bytes("tokenizers/bpe400/tokenizer.json"),
      configuration: try Fixtures.bytes("tokenizers/bpe400/tokenizer_config.json"))
    for (filtersSpecialTokens, stopWords, duplicates) in [
      (false, [], .keep), (true, [], .exact), (true, [.english], .normalized), (false, [], .near),
    ] as [(Bool, [StopWordList], DuplicatePolicy)] {
      var treatment = RowTreatment()
      (treatment.filtersSpecialTokens, treatment.stopWords, treatment.duplicates) = (filtersSpecialTokens, stopWords, duplicates)
      func encode(_ reader: any SequenceReader) throws -> EncodedBatch {
        let rows = try ingested.rows()
        let setting = PipelineSetting(
          tokenizer: tokenizer, reader: reader, masked: false, form: .whole, treatment: treatment, limit: rows.count, lot: nil,
          keepsFingerprints: true)
        let encoder = BatchEncoder(setting, rows: rows)
        var batch = EncodedBatch()
        // The second time memory is used again.
        for _ in 0..<2 { encoder.encode(RowBatch(number: 0, rows: 0..<rows.count, startsOpen: false, endsOpen: false), into: &batch) }
        return batch
      }
      #expect(reader.plainText == .text)
      let (plain, segments) = (try encode(reader), try encode(BySegments(base: reader)))
      #expect(plain.ids == segments.ids && plain.ids.count > 1_000 && plain.sequenceEnds == segments.sequenceEnds)
      #expect(plain.emptyRows == segments.emptyRows && plain.emptyRows > 0 && plain.mask.isEmpty && plain.refused.isEmpty)
      #expect(plain.specialTokens == segments.specialTokens && (plain.specialTokens.rows > 0) == treatment.filtersSpecialTokens)
      #expect(plain.stopWords == segments.stopWords && (plain.stopWords.rows > 0) == treatment.removesStopWords)
      #expect(plain.units == segments.units && plain.units.count == ingested.result.rows - 1)
    }
  }

  @Test func a_shelf_gives_the_batch_that_came_back_last_and_sends_everybody_home_when_closed() throws {
    let tokenizer = try Tokenizer.bytes()
    let reader = try RowReader(DataSection(), ingest: try TokenizedRows(texts: ["x"]).ingested.result)
    let setting = PipelineSetting(
      tokenizer: tokenizer, reader: reader, masked: false, form: .whole, treatment: RowTreatment(), limit: 1, lot: nil,
      keepsFingerprints: false)
    let shelf = BatchShelf([PipelineBatch(setting), PipelineBatch(setting)])
    let (first, second) = (try #require(shelf.take()), try #require(shelf.take()))
    shelf.putBack(second)
    shelf.putBack(first)
    #expect(shelf.take() === first)
    shelf.close()
    #expect(shelf.take() == nil)
  }
}

/// A reader of plain text that does not say that it is one.
private struct BySegments: SequenceReader {
  let base: RowReader
  var hasPrompts: Bool { base.hasPrompts }
  var isConversation: Bool { base.isConversation }
  var joinsSegments: Bool { base.joinsSegments }
  var sequencesOfRow: Int { base.sequencesOfRow }
  func sequences(of row: DatasetRow) -> [[Segment]]? { base.sequences(of: row) }
  func rendering(with chat: ChatRenderer) -> any SequenceReader { self }
}
