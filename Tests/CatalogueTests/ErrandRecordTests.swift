import Catalogue
import Domain
import GRDB
import TestSupport
import Testing

struct ErrandRecordTests {
  private func add(
    _ ledger: Ledger, _ kind: ErrandKind = .tokenize, about name: String = "rows", likeness: String = "a", secondsLater: Double = 0
  ) async throws -> ErrandRecord {
    try await ledger.catalogue.addErrand(
      kind, about: SafeName(from: name), likeness: likeness, body: "{}", reason: "starts next", at: Ledger.time + secondsLater
    ).errand
  }

  @Test func numbers_count_by_kind_and_by_what_it_is_about() async throws {
    let ledger = try Ledger()
    let ids = [
      try await add(ledger), try await add(ledger, likeness: "b"), try await add(ledger, .download),
      try await add(ledger, about: "other", likeness: "c"),
    ].map(\.id.text)
    #expect(ids == ["tokenize-rows-1", "tokenize-rows-2", "download-rows-1", "tokenize-other-1"])
  }

  @Test func every_step_that_the_machine_allows_and_no_other() async throws {
    for from in ErrandState.allCases {
      for next in ErrandState.allCases {
        let ledger = try Ledger()
        let id = try await add(ledger).id
        if from != .pending { try await ledger.catalogue.transition(errand: id, from: .pending, to: .running, at: Ledger.time) }
        if from.isFinal {
          try await ledger.catalogue.transition(
            errand: id, from: .running, to: from, result: from == .completed ? .init(path: nil, message: "Done.") : nil, at: Ledger.time)
        }
        let isDone = try await ledger.catalogue.transition(
          errand: id, from: from, to: next, reason: "why", result: next == .completed ? .init(path: "p", message: "Done.") : nil,
          at: Ledger.time + 1)
        #expect(isDone == from.mayBecome(next), "\(from) to \(next)")
        let record = try #require(await ledger.catalogue.errand(id))
        #expect(record.state == (isDone ? next : from))
        #expect((record.finishedAt != nil) == record.state.isFinal)
      }
    }
  }

  @Test func a_state_that_is_not_the_expected_one_changes_nothing() async throws {
    let ledger = try Ledger()
    let id = try await add(ledger).id
    #expect(
      try await !ledger.catalogue.transition(
        errand: id, from: .running, to: .completed, result: .init(path: nil, message: ""), at: Ledger.time))
    #expect(try await ledger.catalogue.errand(id)?.state == .pending)
  }

  @Test func a_name_means_an_errand_or_all_that_are_about_it() async throws {
    let ledger = try Ledger()
    let first = try await add(ledger)
    let second = try await add(ledger, .download, secondsLater: 1)
    #expect(try await ledger.catalogue.errands(called: first.id.text) == [first])
    #expect(try await ledger.catalogue.errands(called: "rows").map(\.id) == [second.id, first.id])
    #expect(try await ledger.catalogue.errands(called: "nobody").isEmpty)
    #expect(try await ledger.catalogue.openErrands().map(\.id) == [first.id, second.id])
  }

  @Test func a_cancel_is_kept_until_the_end_and_crashes_are_counted() async throws {
    let ledger = try Ledger()
    let id = try await add(ledger).id
    try await ledger.catalogue.cancelErrand(id)
    #expect(try await ledger.catalogue.errand(id)?.isUnwanted == true)
    #expect(try await ledger.catalogue.noteCrash(ofErrand: id) == 1)
    #expect(try await ledger.catalogue.noteCrash(ofErrand: id) == 2)
    try await ledger.catalogue.transition(errand: id, from: .pending, to: .cancelled, at: Ledger.time)
    #expect(try await ledger.catalogue.latestEndedErrands(3).map(\.id) == [id])
  }

  @Test(arguments: [
    "UPDATE errands SET state = 'training'", "UPDATE errands SET state = 'error'", "UPDATE errands SET finished_at = 3",
    "UPDATE errands SET result = '{}'", "UPDATE errands SET is_unwanted = 2", "UPDATE errands SET number = 0",
    "UPDATE errands SET kind = NULL",
    "INSERT INTO errands (id, kind, about, number, likeness, body, state, created_at) VALUES ('x', 'tokenize', 'rows', 2, 'a', '{}', 'pending', 1)",
    "INSERT INTO errands (id, kind, about, number, likeness, body, state, created_at) VALUES ('x', 'tokenize', 'rows', 1, 'b', '{}', 'pending', 1)",
  ])
  func an_impossible_row_is_refused(sql: String) async throws {
    let ledger = try Ledger()
    _ = try await add(ledger)
    let error = #expect(throws: DatabaseError.self, "\(sql) was taken") { try ledger.rows { try $0.execute(sql: sql) } }
    #expect(error?.resultCode == .SQLITE_CONSTRAINT)
  }
}
