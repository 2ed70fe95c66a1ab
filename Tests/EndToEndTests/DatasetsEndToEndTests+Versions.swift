import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Single versions deleted and restored; dropped repositories, whose README.md says which file is which split.
extension DatasetsEndToEndTests {
  @Test func one_version_is_deleted_and_restored_by_dropped_requests() async throws {
    let agent = try await RunningAgent.start()
    let folder = agent.layout.workspace.dataset(SafeName(from: "sums"))
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    #expect(
      try await agent.dropAndWait(#"{"action": "tokenize", "dataset": "sums", "tokenizer": "byte"}"#, as: "t.json", into: .request).status
        == .accepted)
    let tokenized = try await Patience.wait(for: "the tokens") { try self.card(agent, "sums").tokenizations?.first?.id }
    #expect(
      try await ask(agent, ["action": "delete", "dataset": "sums", "version": 1], as: "only").problem?.code == "dataset.only-version")
    #expect(try await agent.dropAndWait(Jobs.text + "1 and 1 make 2.\n", as: "sums.txt", into: .dataset).status == .accepted)
    _ = try await surveyed(agent, "sums", version: 2)

    // The newest is what the job that waits would take.
    let job = Jobs.file("waits", dataset: "sums", steps: 3).replacing("{", with: "{\"after\": \"never\", ", maxReplacements: 1)
    #expect(try await agent.dropAndWait(job, as: "waits.json", into: .job).status == .accepted)
    let refused = try await ask(agent, ["action": "delete", "dataset": "sums", "version": 2], as: "newest")
    #expect(
      refused.message
        == "version: version 2 of the dataset 'sums' is used by a job that is not over: 'waits-1'. It could not start or go on without it. Wait for it, cancel it, or delete it all the same with --force (\"force\": true)."
    )
    let deleted = try await run(agent, "datasets", "delete", "sums", "--version", "1")
    #expect(
      deleted.code == 0 && deleted.output.hasPrefix("Version 1 of dataset 'sums' is deleted. It can be restored until "), "\(deleted)")
    #expect(deleted.output.hasSuffix(" The newest is version 2 now.\n"), "\(deleted)")
    #expect(!agent.files.exists(folder.version(1).folder) && !agent.files.exists(folder.tokenization(tokenized).folder))
    var card = try self.card(agent, "sums")
    #expect(card.versions.map(\.version) == [2] && card.deletedVersions == [1] && card.tokenizations == nil)
    let trash = try await run(agent, "datasets", "trash")
    #expect(trash.output.contains("only 1"), "\(trash)")

    let back = try await ask(agent, ["action": "restore", "dataset": "sums@1"], as: "back")
    #expect(back.message == "Version 1 of dataset 'sums' is back.", "\(back)")
    card = try self.card(agent, "sums")
    #expect(card.versions.map(\.version) == [1, 2] && card.deletedVersions == nil && card.tokenizations?.map(\.id) == [tokenized])
    #expect(agent.files.exists(folder.version(1).rows(split: "train")) && agent.files.exists(folder.tokenization(tokenized).card))
    #expect(try agent.files.names(in: agent.layout.workspace.trash).isEmpty)

    // Tokens go for good, and their list with them.
    let gone = try await ask(agent, ["action": "delete", "tokenization": JSONNode(.string(tokenized))], as: "tokens")
    #expect(gone.message.hasPrefix("Tokenization '\(tokenized)' of 'sums', version 1, is deleted: "), "\(gone)")
    #expect(try self.card(agent, "sums").tokenizations == nil && !agent.files.exists(folder.tokenization(tokenized).folder))
    let again = try await run(agent, "tokenizations", "delete", tokenized)
    #expect(again.code == 1 && again.output.hasPrefix("tokenization: there is no tokenization '\(tokenized)'. "), "\(again)")
    _ = try await agent.stop()
  }

  // MARK: repositories with a card

  @Test func a_dropped_repository_is_read_as_its_readme_says() async throws {
    let agent = try await RunningAgent.start()
    let repository = try #require(try JSONParser.parse(try Fixtures.bytes("cards/repositories.json"))["repositories"]?["patterns"])
    let files = (repository["files"]?.object?.members ?? []).map { ($0.key, Array(($0.node.string ?? "").utf8)) }
    let counts = { (config: String) in
      repository["expected"]?[config]?.object.map { object in
        Dictionary(uniqueKeysWithValues: object.members.map { ($0.key, $0.node.array?.count ?? 0) })
      }
    }
    // A folder, as git clones it.
    let elsewhere = try TemporaryFolder()
    let clone = elsewhere.path.appending("clone")
    for (path, bytes) in files {
      try agent.files.makeFolders(clone.pushing(FilePath(path)).removingLastComponent())
      try agent.files.writeWhole(ContiguousArray(bytes), to: clone.pushing(FilePath(path)))
    }
    let dropped = try await run(agent, "drop", clone.string, "--wait")
    #expect(dropped.code == 0, "\(dropped)")
    let (card, _) = try await surveyed(agent, "clone")
    #expect(Dictionary(uniqueKeysWithValues: card.splits.map { ($0.name, $0.rows) }) == counts("full"))
    #expect(card.config == "full" && card.licence == "odc-by" && card.tags == ["small", "made up"])
    #expect(card.cardFacts?.prettyName == "Rows: of all kinds" && card.cardFacts?.languages == ["en", "no"])
    #expect(card.cardFacts?.sizeCategories == ["n<1K"] && card.cardFacts?.taskCategories == ["text-generation"])
    #expect(
      card.warnings.first
        == "README.md has 2 configs, and 'full' is read, its default. There is also 'small': say {\"config\": \"small\"} in clone.dataset.json to read another."
    )
    let shown = try await run(agent, "datasets", "show", "clone")
    #expect(shown.output.contains("license: odc-by\n") && shown.output.contains("language: en, no\n"), "\(shown.output)")

    // The sidecar that the warning names reads it anew, as the other config.
    #expect(try await agent.dropAndWait(#"{"config": "small"}"#, as: "clone.dataset.json", into: .dataset).status == .accepted)
    let (small, _) = try await surveyed(agent, "clone", version: 2)
    #expect(Dictionary(uniqueKeysWithValues: small.splits.map { ($0.name, $0.rows) }) == counts("small") && small.config == "small")

    // As an archive, with the sidecar before it.
    #expect(try await agent.dropAndWait(#"{"config": "small"}"#, as: "packed.dataset.json", into: .dataset).status == .accepted)
    try agent.drop(
      try ArchiveMaker.bytes(.zip, files.reversed().map { .init("repo-main/\($0.0)", $0.1) }), as: "packed.zip", into: .dataset)
    let (packed, _) = try await surveyed(agent, "packed")
    #expect(Dictionary(uniqueKeysWithValues: packed.splits.map { ($0.name, $0.rows) }) == counts("small") && packed.licence == "odc-by")
    _ = try await agent.stop()
  }
}
