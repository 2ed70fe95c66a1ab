import DatasetFormats
import Kernels
import Synchronization
import Testing

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

  @Test func a_gate_lets_through_in_order_whoever_comes_first() {
    let gate = OrderedGate()
    let tickets = Mutex(0)
    let order = Mutex<[Int]>([])
    ThreadTeam(count: 4).run(tasks: 4) { _, _ in
      while true {
        let ticket = tickets.withLock { tickets in
          tickets += 1
          return tickets - 1
        }
        guard ticket < 200 else { return }
        _ = gate.pass(ticket) { order.withLock { $0.append(ticket) } }
      }
    }
    #expect(order.withLock { $0 } == Array(0..<200))
  }

  @Test func a_gate_that_is_broken_off_sends_everybody_home() {
    let gate = OrderedGate()
    gate.breakOff()
    #expect(gate.pass(3) { 1 } == nil)
  }
}
