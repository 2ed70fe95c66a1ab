import Catalogue
import Domain
import GRDB
import TestSupport
import Testing

struct TokenizationRecordTests {
  private func card(_ id: String, version: Int = 1, secondsLater: Double = 0) -> TokenizationCard {
    TokenizationCard(
      id: id, dataset: "rows", version: version, datasetSHA256: "aa", tokenizer: "byte", tokenizerSHA256: "t", vocabularySize: 257,
      method: .pretrain, maximumLength: nil, treatment: RowTreatment(), heldOutShare: 0.1, seed: 42, splits: [], rows: 3, emptyRows: 0,
      refused: [], duplicates: 0, removed: [], documents: 3, textBytes: 9, textTokens: 9, overlapTokens: 0,
      createdAt: Ledger.time + secondsLater, seconds: 1)
  }

  private let rows = SafeName(from: "rows")

  @Test func what_stands_on_the_disk_is_what_is_known() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    let (first, second) = (card("a"), card("b", secondsLater: 1))
    #expect(try await ledger.catalogue.noteTokenizations([first], of: rows))
    #expect(try await ledger.catalogue.noteTokenizations([first, second], of: rows))
    #expect(try await !ledger.catalogue.noteTokenizations([second, first], of: rows))
    #expect(try await ledger.catalogue.tokenizations(of: rows).map(\.card) == [second, first])
    try await ledger.catalogue.noteUse(ofTokenization: "a", of: rows, at: Ledger.time + 2)
    #expect(try await ledger.catalogue.tokenizations(of: rows).map(\.timesUsed) == [0, 1])
    #expect(try await ledger.catalogue.noteTokenizations([first], of: rows))
    #expect(try await ledger.catalogue.tokenizations(of: rows).map(\.card.id) == ["a"])
    #expect(try await ledger.catalogue.tokenizations(of: rows).first?.usedAt == Ledger.time + 2)
  }

  @Test func of_a_version_that_is_gone_nothing_is_told() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    #expect(try await !ledger.catalogue.noteTokenizations([card("a", version: 2)], of: rows))
    #expect(try await ledger.catalogue.tokenizations(of: rows).isEmpty)
  }

  @Test func they_go_with_their_dataset() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    _ = try await ledger.catalogue.noteTokenizations([card("a")], of: rows)
    try ledger.rows { try $0.execute(sql: "DELETE FROM datasets WHERE name = 'rows'") }
    #expect(try await ledger.catalogue.tokenizations(of: rows).isEmpty)
  }
}
