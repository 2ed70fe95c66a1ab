import Catalogue
import Domain
import TestSupport
import Testing

struct DropRecordTests {
  @Test func a_drop_goes_from_its_claim_to_its_fate() async throws {
    let ledger = try Ledger()
    let id = try await ledger.claim()
    let claimed = try #require(await ledger.catalogue.drop(id))
    #expect(claimed == DropRecord(id: id, name: "rows.csv", kind: .dataset, receivedAt: Ledger.time, size: 12))
    #expect(claimed.state == .claimed && claimed.attempts == 0 && claimed.receipt == nil)

    let receipt = Specimen.receipt(id)
    try await ledger.catalogue.enter(Catalogue.verdict(receipt))
    let decided = try #require(await ledger.catalogue.drop(id))
    #expect(decided.state == .decided && decided.receipt == receipt)
    #expect(try await ledger.catalogue.openDrops() == [decided])

    try await ledger.catalogue.finish([id])
    #expect(try await ledger.catalogue.drop(id)?.state == .done)
    #expect(try await ledger.catalogue.openDrops().isEmpty)
  }

  @Test func the_first_verdict_stands() async throws {
    let ledger = try Ledger()
    let id = try await ledger.claim()
    try await ledger.catalogue.enter(Catalogue.verdict(Specimen.receipt(id, status: .rejected, message: "No.")))
    try await ledger.catalogue.enter(Catalogue.verdict(Specimen.receipt(id, status: .accepted, message: "Yes.")))
    #expect(try await ledger.catalogue.drop(id)?.receipt?.message == "No.")
    try await ledger.catalogue.finish([id])
    try await ledger.catalogue.enter(Catalogue.verdict(Specimen.receipt(id, status: .accepted, message: "Yes.")))
    #expect(try await ledger.catalogue.drop(id)?.receipt?.status == .rejected)
    #expect(try await ledger.catalogue.drop(id)?.state == .done)
  }

  @Test func a_verdict_on_a_drop_that_was_never_noted_notes_it() async throws {
    let ledger = try Ledger()
    try await ledger.catalogue.enter(Catalogue.verdict(Specimen.receipt(kind: nil, status: .rejected)))
    let drop = try #require(await ledger.catalogue.drop(Specimen.drop()))
    #expect(drop.state == .decided && drop.kind == nil && drop.name == "rows.csv" && drop.size == 12)
  }

  @Test func noting_a_claim_again_changes_nothing() async throws {
    let ledger = try Ledger()
    let id = try await ledger.claim()
    try await ledger.catalogue.enter(Catalogue.verdict(Specimen.receipt(id)))
    _ = try await ledger.claim(1, name: "other.csv")
    #expect(try await ledger.catalogue.drop(id)?.state == .decided)
    #expect(try await ledger.catalogue.drop(id)?.name == "rows.csv")
  }

  @Test func a_kind_that_the_content_told_is_kept_with_the_verdict() async throws {
    let ledger = try Ledger()
    let id = try await ledger.claim(kind: nil)
    #expect(try await ledger.catalogue.drop(id)?.kind == nil)
    try await ledger.catalogue.enter(Catalogue.verdict(Specimen.receipt(id, kind: .job)))
    #expect(try await ledger.catalogue.drop(id)?.kind == .job)
  }

  @Test func workers_that_are_started_on_a_drop_are_counted_until_their_end_is_known() async throws {
    let ledger = try Ledger()
    let id = try await ledger.claim()
    #expect(try await ledger.catalogue.noteAttempt(id) == 1)
    #expect(try await ledger.catalogue.noteAttempt(id) == 2)
    #expect(try await ledger.catalogue.drop(id)?.attempts == 2)
    try await ledger.catalogue.noteEnds([id])
    #expect(try await ledger.catalogue.drop(id)?.attempts == 1)
    for _ in 0..<3 { try await ledger.catalogue.noteEnds([id]) }
    #expect(try await ledger.catalogue.drop(id)?.attempts == 0)
  }

  @Test func workers_that_died_of_a_drop_are_counted_by_themselves() async throws {
    let ledger = try Ledger()
    let id = try await ledger.claim()
    _ = try await ledger.catalogue.noteAttempt(id)
    #expect(try await ledger.catalogue.noteCrash(id) == 1)
    #expect(try await ledger.catalogue.drop(id)?.attempts == 0)
    _ = try await ledger.catalogue.noteAttempt(id)
    #expect(try await ledger.catalogue.noteAttempt(id) == 2)
    #expect(try await ledger.catalogue.noteCrash(id) == 2)
    #expect(try await ledger.catalogue.drop(id)?.attempts == 1)
    #expect(try await ledger.catalogue.noteCrash(Specimen.drop(9)) == 0)
  }

  @Test func finishing_what_is_not_decided_changes_nothing() async throws {
    let ledger = try Ledger()
    let id = try await ledger.claim()
    try await ledger.catalogue.finish([id])
    #expect(try await ledger.catalogue.drop(id)?.state == .claimed)
  }

  @Test func open_drops_come_oldest_first() async throws {
    let ledger = try Ledger()
    let late = try await ledger.claim(1, secondsLater: 5), early = try await ledger.claim(2), same = try await ledger.claim(3)
    #expect(try await ledger.catalogue.openDrops().map(\.id) == [early, same, late])
  }

  @Test func an_unknown_drop_is_none() async throws {
    #expect(try await Ledger().catalogue.drop(Specimen.drop()) == nil)
  }
}
