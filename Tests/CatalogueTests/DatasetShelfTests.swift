import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalogue

/// Datasets described, looked through, deleted and restored.
struct DatasetShelfTests {
  private let ledger: Ledger
  private let rows = SafeName(from: "rows")

  init() throws { ledger = try Ledger() }

  private var catalogue: Catalogue { ledger.catalogue }

  private func delete(_ name: String = "rows", number: UInt32 = 90, force: Bool = false) async throws -> Catalogue.DatasetDeletion {
    try await catalogue.deleteDataset(
      SafeName(from: name), isForced: force, as: Specimen.drop(number), bytes: 1_000, at: Ledger.time, until: Ledger.time + 3_600)
  }

  @Test func what_is_said_of_a_dataset_stands_in_its_card_until_something_else_is_said() async throws {
    try await ledger.dataset("rows", drop: 1, bytes: "aa", description: "first")
    #expect(try await catalogue.describe(rows, description: nil, tags: ["math", "small"], licence: "MIT"))
    let card = try #require(await catalogue.datasetCard(rows) { "\($0)" })
    #expect(card.description == "first" && card.tags == ["math", "small"] && card.licence == "MIT")
    #expect(try await catalogue.describe(rows, description: "second", tags: [], licence: nil))
    let again = try #require(await catalogue.datasetCard(rows) { "\($0)" })
    #expect(again.description == "second" && again.tags == [] && again.licence == "MIT")
    #expect(try await catalogue.describe(SafeName(from: "none"), description: "x", tags: nil, licence: nil) == false)
  }

  @Test func a_version_is_looked_through_once_and_only_when_it_stands() async throws {
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("other", drop: 2, bytes: "bb", isStored: false)
    let due = try await catalogue.unsurveyed(10)
    #expect(due.map(\.dataset) == [rows])
    try await catalogue.noteSurveyed(due)
    #expect(try await catalogue.unsurveyed(10).isEmpty)
    try await ledger.dataset("rows", drop: 3, bytes: "cc")
    #expect(try await catalogue.unsurveyed(10).map(\.number) == [2])
  }

  @Test func a_deleted_dataset_is_gone_with_everything_and_comes_back_with_everything() async throws {
    try await ledger.dataset("rows", drop: 1, bytes: "aa", description: "rows of mine")
    try await ledger.dataset("rows", drop: 2, bytes: "bb")
    try await ledger.dataset("copy", drop: 3, bytes: "aa")
    _ = try await catalogue.describe(rows, description: nil, tags: ["kept"], licence: nil)
    let before = try #require(await catalogue.datasetCard(rows) { "\($0)" })
    guard case .done(let record, let jobs) = try await delete() else { throw Unexpected() }
    #expect(record.versions == [1, 2] && record.bytes == 1_000 && jobs.isEmpty)
    #expect(try await catalogue.datasetNames().isEmpty)
    #expect(try await catalogue.datasetName(SafeName(from: "copy")) == nil)
    #expect(try await catalogue.trash() == [record])
    #expect(try await catalogue.restoreDataset(rows) == .done(record))
    #expect(try await catalogue.datasetCard(rows) { "\($0)" } == before)
    #expect(try await catalogue.datasetName(SafeName(from: "copy")) == rows)
    try await catalogue.forgetTrash(record.id)
    #expect(try await catalogue.trash().isEmpty)
  }

  private struct Unexpected: Error {}

  @Test func what_an_open_job_uses_stays_unless_it_is_forced() async throws {
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    let job = try await ledger.job("train", drop: 2)
    #expect(try await delete() == .inUse([job]))
    #expect(try await catalogue.datasetNames() == [rows])
    guard case .done(_, let jobs) = try await delete(force: true) else { throw Unexpected() }
    #expect(jobs == [job])
    #expect(try await delete("nothing") == .unknown)
  }

  @Test func numbers_of_deleted_versions_are_not_given_again() async throws {
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("rows", drop: 2, bytes: "bb")
    _ = try await delete()
    #expect(try await ledger.dataset("rows", drop: 3, bytes: "cc") == .newVersion(3))
    #expect(try await catalogue.restoreDataset(rows) == .nameTaken)
  }

  @Test func bytes_that_were_dropped_again_keep_the_deleted_ones_away() async throws {
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    _ = try await delete()
    #expect(try await ledger.dataset("again", drop: 2, bytes: "aa") == .newVersion(1))
    #expect(try await catalogue.restoreDataset(rows) == .bytesTaken(by: SafeName(from: "again"), version: 1))
    #expect(try await catalogue.restoreDataset(SafeName(from: "never")) == .unknown)
  }
}
