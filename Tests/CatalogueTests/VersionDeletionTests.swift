import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalogue

/// One version of a dataset deleted and restored, and who keeps it.
struct VersionDeletionTests {
  private let ledger: Ledger
  private let rows = SafeName(from: "rows")

  init() throws { ledger = try Ledger() }

  private var catalogue: Catalogue { ledger.catalogue }

  private func delete(_ number: Int, drop: UInt32 = 90, force: Bool = false) async throws -> Catalogue.VersionDeletion {
    try await catalogue.deleteVersion(
      number, of: rows, isForced: force, as: Specimen.drop(drop), bytes: 1_000, at: Ledger.time, until: Ledger.time + 3_600)
  }

  private func twoVersions() async throws {
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("rows", drop: 2, bytes: "bb")
    try await ledger.dataset("copy", drop: 3, bytes: "aa")
  }

  private struct Unexpected: Error {}

  @Test func a_version_goes_and_comes_back_with_its_other_names() async throws {
    try await twoVersions()
    let before = try #require(await catalogue.datasetCard(rows) { "\($0)" })
    guard case .done(let record, let left) = try await delete(1) else { throw Unexpected() }
    #expect(record.versions == [1] && !record.isWhole && left.isEmpty)
    #expect(try await catalogue.trash() == [record])
    let without = try #require(await catalogue.datasetCard(rows) { "\($0)" })
    #expect(without.versions.map(\.version) == [2] && without.deletedVersions == [1] && without.aliases.isEmpty)
    // What comes now is a third, and the same bytes again keep the deleted ones away.
    #expect(try await ledger.dataset("rows", drop: 4, bytes: "cc") == .newVersion(3))
    #expect(try await catalogue.restoreDataset(rows, version: 2) == .unknown)
    #expect(try await catalogue.restoreDataset(rows, version: 1) == .done(record))
    try await catalogue.forgetTrash(record.id)
    let after = try #require(await catalogue.datasetCard(rows) { "\($0)" })
    #expect(after.versions.map(\.version) == [1, 2, 3] && after.deletedVersions == nil && after.aliases == before.aliases)
  }

  @Test func the_newest_may_go_and_its_number_is_not_given_again() async throws {
    try await twoVersions()
    guard case .done = try await delete(2) else { throw Unexpected() }
    #expect(try await catalogue.latestStoredVersion(of: rows)?.number == 1)
    #expect(try await ledger.dataset("rows", drop: 4, bytes: "cc") == .newVersion(3))
    #expect(try await catalogue.restoreDataset(rows) != .nameTaken)
    #expect(try await catalogue.datasetVersions(of: rows).map(\.number) == [1, 2, 3])
  }

  @Test func what_is_not_there_or_is_the_only_one_stays() async throws {
    #expect(try await delete(1) == .unknown)
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    #expect(try await delete(7) == .noVersion(known: [1]))
    #expect(try await delete(1) == .onlyVersion)
  }

  @Test func a_version_comes_back_only_to_its_dataset() async throws {
    try await twoVersions()
    guard case .done(let version, _) = try await delete(1) else { throw Unexpected() }
    guard
      case .done(let whole, _) = try await catalogue.deleteDataset(
        rows, isForced: false, as: Specimen.drop(91), bytes: 1, at: Ledger.time + 1, until: Ledger.time + 3_600)
    else { throw Unexpected() }
    #expect(try await catalogue.restoreDataset(rows, version: 1) == .datasetGone)
    #expect(try await catalogue.restoreDataset(rows) == .done(whole))
    try await catalogue.forgetTrash(whole.id)
    #expect(try await catalogue.restoreDataset(rows) == .done(version))
    #expect(try await catalogue.datasetVersions(of: rows).map(\.number) == [1, 2])
  }

  @Test func jobs_and_errands_keep_what_they_use() async throws {
    try await twoVersions()
    // A job that has not started uses the newest, or what its other name means; one that has, what it was started with.
    let newest = try await ledger.job("newest", drop: 5)
    let alias = try await ledger.job("alias", drop: 6, file: Specimen.jobFile("alias", on: "copy"))
    #expect(try await delete(2) == .inUse(.init(jobs: [newest])))
    #expect(try await delete(1) == .inUse(.init(jobs: [alias])))
    try await catalogue.noteStart(newest, pins: Specimen.pins(1))
    let body = #"{"dataset":"rows","version":2,"request":"{}"}"#
    let errand = try await catalogue.addErrand(.tokenize, about: rows, likeness: "x", body: body, reason: "", at: Ledger.time).errand.id
    #expect(try await delete(2) == .inUse(.init(errands: [errand])))
    #expect(try await catalogue.users(ofVersion: 1, of: rows).jobs.count == 2)
    #expect(try await catalogue.users(ofVersion: 1, of: rows, started: true) == .init(jobs: [newest]))
    guard case .done(_, let left) = try await delete(2, force: true) else { throw Unexpected() }
    #expect(left == .init(errands: [errand]))
  }
}
