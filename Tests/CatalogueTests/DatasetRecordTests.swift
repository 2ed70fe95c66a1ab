import Domain
import TestSupport
import Testing

@testable import Catalogue

struct DatasetRecordTests {
  private func name(_ text: String) -> SafeName { SafeName(from: text) }

  @Test func the_first_bytes_of_a_name_are_its_version_1() async throws {
    let ledger = try Ledger()
    #expect(try await ledger.dataset("rows", drop: 1, bytes: "aa", description: "some rows", isStored: false) == .newVersion(1))
    let version = try #require(await ledger.catalogue.version(1, of: name("rows")))
    #expect(
      version
        == DatasetVersionRecord(
          dataset: name("rows"), number: 1, drop: Specimen.drop(1), fileName: "rows.csv", sha256: "aa",
          result: Specimen.ingest(sha256: "aa"),
          createdAt: Ledger.time, isStored: false))
    #expect(try await ledger.catalogue.drop(Specimen.drop(1))?.state == .decided)
    #expect(try await ledger.catalogue.datasetNames() == [name("rows")])
  }

  @Test func jobs_may_use_a_version_once_its_folder_stands() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa", isStored: false)
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("rows")) == nil)
    try await ledger.catalogue.noteStored([Specimen.drop(1)])
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("rows"))?.number == 1)
    try await ledger.dataset("rows", drop: 2, bytes: "bb", isStored: false)
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("rows"))?.number == 1)
    try await ledger.catalogue.noteStored([Specimen.drop(2)])
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("rows"))?.number == 2)
  }

  @Test func other_bytes_under_a_name_are_its_next_version() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa", description: "first")
    #expect(try await ledger.dataset("rows", drop: 2, bytes: "bb", rows: 5) == .newVersion(2))
    let versions = try await ledger.catalogue.datasetVersions(of: name("rows"))
    #expect(versions.map(\.number) == [1, 2])
    #expect(versions.map(\.result.rows) == [3, 5])
    let card = try #require(await ledger.catalogue.datasetCard(name("rows")) { "data of \($0)" })
    #expect(card.version == 2 && card.rows == 5 && card.data == "data of 2" && card.description == "first")
    #expect(card.versions.map(\.version) == [1, 2])
  }

  @Test func the_same_bytes_are_one_dataset() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("rows", drop: 2, bytes: "bb")
    #expect(try await ledger.dataset("rows", drop: 3, bytes: "aa") == .duplicate(of: name("rows"), version: 1, alias: false))
    #expect(try await ledger.catalogue.datasetVersions(of: name("rows")).count == 2)
    #expect(try await ledger.catalogue.drop(Specimen.drop(3))?.receipt?.status == .duplicate)
  }

  @Test func the_same_bytes_under_a_new_name_make_it_an_alias() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    #expect(try await ledger.dataset("copy", drop: 2, bytes: "aa") == .duplicate(of: name("rows"), version: 1, alias: true))
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("copy"))?.dataset == name("rows"))
    #expect(try await ledger.catalogue.datasetNames() == [name("rows")])
    #expect(try await ledger.catalogue.datasetCard(name("rows")) { "\($0)" }?.aliases == [name("copy")])
    #expect(try await ledger.catalogue.datasetCard(name("copy")) { "\($0)" } == nil)
  }

  /// Nobody dropped anything under the alias: what it means must not change with the other name's next version.
  @Test func an_alias_means_the_bytes_that_were_dropped_under_it() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("copy", drop: 2, bytes: "aa")
    try await ledger.dataset("rows", drop: 3, bytes: "bb")
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("rows"))?.sha256 == "bb")
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("copy"))?.sha256 == "aa")
    #expect(try await ledger.dataset("copy", drop: 4, bytes: "bb") == .duplicate(of: name("rows"), version: 2, alias: true))
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("copy"))?.sha256 == "bb")
    #expect(try await ledger.dataset("old", drop: 5, bytes: "aa") == .duplicate(of: name("rows"), version: 1, alias: true))
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("old"))?.sha256 == "aa")
    #expect(try await ledger.catalogue.datasetCard(name("rows")) { "\($0)" }?.aliases == [name("copy"), name("old")])
  }

  @Test func an_alias_parts_from_its_dataset_when_other_bytes_come_under_it() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("copy", drop: 2, bytes: "aa")
    #expect(try await ledger.dataset("copy", drop: 3, bytes: "cc") == .newVersion(1))
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("copy"))?.dataset == name("copy"))
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("rows"))?.sha256 == "aa")
    #expect(try await ledger.catalogue.datasetCard(name("rows")) { "\($0)" }?.aliases == [])
    // The same bytes again: the name is a dataset of its own now, and stays one.
    #expect(try await ledger.dataset("copy", drop: 4, bytes: "aa") == .duplicate(of: name("rows"), version: 1, alias: false))
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("copy"))?.sha256 == "cc")
  }

  @Test func the_same_bytes_read_in_another_way_are_a_version() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    #expect(try await ledger.dataset("rows", drop: 2, bytes: "aa", reading: "with a sidecar") == .newVersion(2))
    #expect(
      try await ledger.dataset("rows", drop: 3, bytes: "aa", reading: "with a sidecar")
        == .duplicate(of: name("rows"), version: 2, alias: false))
    #expect(try await ledger.dataset("rows", drop: 4, bytes: "aa") == .duplicate(of: name("rows"), version: 1, alias: false))
  }

  @Test func a_description_stays_until_another_is_given() async throws {
    let ledger = try Ledger()
    func description() async throws -> String? { try await ledger.catalogue.datasetCard(name("rows")) { "\($0)" }?.description }
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    #expect(try await description() == nil)
    try await ledger.dataset("rows", drop: 2, bytes: "bb", description: "second")
    try await ledger.dataset("rows", drop: 3, bytes: "cc")
    #expect(try await description() == "second")
    try await ledger.dataset("rows", drop: 4, bytes: "dd", description: "fourth")
    #expect(try await description() == "fourth")
  }

  @Test func what_is_not_there_is_none() async throws {
    let ledger = try Ledger()
    #expect(try await ledger.catalogue.latestStoredVersion(of: name("rows")) == nil)
    #expect(try await ledger.catalogue.version(1, of: name("rows")) == nil)
    #expect(try await ledger.catalogue.datasetVersions(of: name("rows")).isEmpty)
    #expect(try await ledger.catalogue.datasetCard(name("rows")) { "\($0)" } == nil)
    #expect(try await ledger.catalogue.sidecar(for: name("rows")) == nil)
  }

  @Test func the_last_sidecar_of_a_name_holds() async throws {
    let ledger = try Ledger()
    var sidecar = DatasetSidecar()
    sidecar.columns = ["prompt": "question"]
    sidecar.textRows = .line
    try await ledger.catalogue.enter(Catalogue.sidecar(sidecar, for: name("rows"), receipt: Specimen.receipt(Specimen.drop(1))))
    #expect(try await ledger.catalogue.sidecar(for: name("rows")) == sidecar)
    #expect(try await ledger.catalogue.drop(Specimen.drop(1))?.state == .decided)
    sidecar.maximumRows = 3
    try await ledger.catalogue.enter(Catalogue.sidecar(sidecar, for: name("rows"), receipt: Specimen.receipt(Specimen.drop(2))))
    #expect(try await ledger.catalogue.sidecar(for: name("rows")) == sidecar)
  }

  @Test func counts_are_those_of_names_and_of_jobs() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("rows", drop: 2, bytes: "bb")
    try await ledger.dataset("others", drop: 3, bytes: "cc")
    try await ledger.job("tiny", drop: 4)
    let counts = try await ledger.catalogue.counts()
    #expect(counts.datasets == 2 && counts.jobs == 1)
  }
}
