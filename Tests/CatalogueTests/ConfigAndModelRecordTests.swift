import Domain
import TestSupport
import Testing

@testable import Catalogue

struct ConfigRecordTests {
  private let name = SafeName(from: "small")

  @Test func versions_are_counted_and_the_newest_is_meant_unless_another_is_asked_for() async throws {
    let ledger = try Ledger()
    let findings = [Finding(.warning, "training.bf16", "no effect", line: 2)]
    #expect(try await ledger.config("small", drop: 1, body: "{1}", findings: findings) == .newVersion(1))
    #expect(try await ledger.config("small", drop: 2, body: "{2}") == .newVersion(2))
    #expect(try await ledger.catalogue.config(name, version: nil)?.body == "{2}")
    let first = try #require(await ledger.catalogue.config(name, version: 1))
    #expect(
      first
        == ConfigRecord(
          name: name, number: 1, sha256: "hash of {1}", body: "{1}", findings: findings, createdAt: Ledger.time, timesUsed: 0, usedAt: nil))
    #expect(try await ledger.catalogue.config(name, version: 3) == nil)
    #expect(try await ledger.catalogue.config(SafeName(from: "other"), version: nil) == nil)
  }

  @Test func the_newest_version_again_is_no_version() async throws {
    let ledger = try Ledger()
    try await ledger.config("small", drop: 1, body: "{1}")
    #expect(try await ledger.config("small", drop: 2, body: "{1}") == .same(version: 1))
    try await ledger.config("small", drop: 3, body: "{2}")
    // Back to the first text: what a name means is its last version, so this is one.
    #expect(try await ledger.config("small", drop: 4, body: "{1}") == .newVersion(3))
    #expect(try await ledger.config("other", drop: 5, body: "{1}") == .newVersion(1))
  }

  @Test func uses_are_counted_for_each_version() async throws {
    let ledger = try Ledger()
    try await ledger.config("small", drop: 1, body: "{1}")
    try await ledger.config("small", drop: 2, body: "{2}")
    try await ledger.catalogue.noteUse(ofConfig: name, version: 1, at: Ledger.time + 5)
    try await ledger.catalogue.noteUse(ofConfig: name, version: 1, at: Ledger.time + 9)
    let (first, second) = (try await ledger.catalogue.config(name, version: 1), try await ledger.catalogue.config(name, version: 2))
    #expect(first?.timesUsed == 2 && first?.usedAt == Ledger.time + 9)
    #expect(second?.timesUsed == 0 && second?.usedAt == nil)
  }
}

struct ModelRecordTests {
  @Test func a_model_can_be_named_once_its_folder_stands() async throws {
    let ledger = try Ledger()
    let name = SafeName(from: "qwen")
    #expect(try await ledger.model("qwen", drop: 1, sha256: "aa", isStored: false) == .new)
    #expect(try await ledger.catalogue.model(name) == nil)
    try await ledger.catalogue.noteStored([Specimen.drop(1)])
    let model = try #require(await ledger.catalogue.model(name))
    #expect(model.sha256 == "aa")
    #expect(model.card == Specimen.model("qwen", sha256: "aa"))
  }

  @Test func a_name_is_never_given_to_another_model() async throws {
    let ledger = try Ledger()
    try await ledger.model("qwen", drop: 1, sha256: "aa")
    #expect(try await ledger.model("qwen", drop: 2, sha256: "aa") == .same)
    #expect(try await ledger.model("qwen", drop: 3, sha256: "bb") == .nameTaken)
    #expect(try await ledger.catalogue.model(SafeName(from: "qwen"))?.sha256 == "aa")
    #expect(try await ledger.model("other", drop: 4, sha256: "aa") == .new)
  }
}
