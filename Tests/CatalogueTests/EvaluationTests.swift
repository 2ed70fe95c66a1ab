import Domain
import GRDB
import Testing

@testable import Catalogue

struct EvaluationTests {
  private func record(_ job: JobID, loss: Double, at seconds: Int64) -> EvaluationRecord {
    var after = EvaluationRecord.Metrics(step: 10)
    after.loss = loss
    return EvaluationRecord(
      job: job, createdAt: Timestamp(nanoseconds: seconds * 1_000_000_000), baseModel: "scratch",
      testSet: .init(source: "held out of d", sequences: 3, tokens: 30, prompts: 0), generation: nil,
      metrics: .init(before: nil, after: after, best: after), curves: .init(rows: []),
      statistics: .init(
        method: "sft", parameters: 5, steps: 10, epochs: 1, trainSequences: 20, trainTokens: 200, tokensSeen: 200, firstLoss: 3,
        finalLoss: 1, bestStep: 10, trainRuntime: 2, tokensPerSecond: 100), details: [])
  }

  @Test func an_evaluation_is_kept_and_found_by_its_job() async throws {
    let ledger = try Ledger()
    let (first, second) = (try await ledger.job("tiny", drop: 1), try await ledger.job("tiny", drop: 2))
    #expect(try await ledger.catalogue.evaluation(of: "tiny") == nil)
    try await ledger.catalogue.register(record(first, loss: 2, at: 1), of: first)
    try await ledger.catalogue.register(record(second, loss: 1.5, at: 2), of: second)
    #expect(try await ledger.catalogue.evaluation(of: first.text)?.metrics.after?.loss == 2)
    #expect(try await ledger.catalogue.evaluation(of: "tiny")?.job == second)
    #expect(try await ledger.catalogue.evaluations().map(\.job) == [second, first])
  }

  @Test func a_newer_evaluation_takes_the_place_of_the_older() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    try await ledger.catalogue.register(record(id, loss: 2, at: 1), of: id)
    try await ledger.catalogue.register(record(id, loss: 1, at: 2), of: id)
    #expect(try await ledger.catalogue.evaluations().map(\.metrics.after?.loss) == [1])
    #expect(try ledger.rows { try Double.fetchOne($0, sql: "SELECT loss FROM evaluations") } == 1)
  }
}
