import Catalogue
import Domain
import GRDB
import TestSupport
import Testing

/// Rows that must not exist are refused by the database itself, whoever writes them.
struct ConstraintTests {
  private static let drop = "INSERT INTO drops (id, name, kind, state, verdict, received_at, size, receipt) VALUES "
  private static let job = "INSERT INTO jobs (id, name, number, drop_id, file, state, created_at, finished_at) VALUES "
  private static let version =
    "INSERT INTO dataset_versions (dataset, number, drop_id, file_name, sha256, reading, result, created_at, stored) VALUES "

  private static let impossible: [(String, String)] = [
    ("a drop of an unknown kind", drop + "('x', 'n', 'picture', 'claimed', NULL, 1, 1, NULL)"),
    ("a drop in an unknown state", drop + "('x', 'n', NULL, 'waiting', NULL, 1, 1, NULL)"),
    ("an unknown verdict", drop + "('x', 'n', NULL, 'decided', 'waiting', 1, 1, '{}')"),
    ("a claimed drop with a verdict", drop + "('x', 'n', NULL, 'claimed', 'accepted', 1, 1, NULL)"),
    ("a claimed drop with a receipt", drop + "('x', 'n', NULL, 'claimed', NULL, 1, 1, '{}')"),
    ("a decided drop without a verdict", drop + "('x', 'n', NULL, 'decided', NULL, 1, 1, '{}')"),
    ("a done drop without a receipt", drop + "('x', 'n', NULL, 'done', 'accepted', 1, 1, NULL)"),
    ("a drop of negative size", drop + "('x', 'n', NULL, 'claimed', NULL, 1, -1, NULL)"),
    ("a size that is a text", drop + "('x', 'n', NULL, 'claimed', NULL, 1, 'big', NULL)"),
    ("the same drop twice", drop + "('\(Specimen.drop(1))', 'n', NULL, 'claimed', NULL, 1, 1, NULL)"),
    ("a drop without a name", drop + "('x', NULL, NULL, 'claimed', NULL, 1, 1, NULL)"),
    ("a version of no dataset", version + "('nobody', 1, '\(Specimen.drop(1))', 'f', 'new', '', '{}', 1, 0)"),
    ("a version of no drop", version + "('rows', 2, 'nobody', 'f', 'new', '', '{}', 1, 0)"),
    ("version 0", version + "('rows', 0, '\(Specimen.drop(1))', 'f', 'new', '', '{}', 1, 0)"),
    ("a version twice", version + "('rows', 1, '\(Specimen.drop(1))', 'f', 'new', '', '{}', 1, 0)"),
    ("the same bytes read in the same way twice", version + "('rows', 2, '\(Specimen.drop(1))', 'f', 'aa', '', '{}', 1, 0)"),
    ("a version that is stored by half", version + "('rows', 2, '\(Specimen.drop(1))', 'f', 'new', '', '{}', 1, 2)"),
    ("an alias of no dataset", "INSERT INTO dataset_aliases (alias, dataset, number) VALUES ('copy', 'nobody', 1)"),
    ("an alias of no version", "INSERT INTO dataset_aliases (alias, dataset, number) VALUES ('copy', 'rows', 7)"),
    (
      "a config of no drop",
      "INSERT INTO configs (name, number, drop_id, sha256, body, findings, created_at) VALUES ('c', 1, 'nobody', 'a', '{}', '[]', 1)"
    ),
    ("a job in an unknown state", job + "('j-9', 'j', 9, '\(Specimen.drop(2))', '{}', 'running', 1, NULL)"),
    ("a job that is over without an end", job + "('j-9', 'j', 9, '\(Specimen.drop(2))', '{}', 'completed', 1, NULL)"),
    ("a job that runs and has ended", job + "('j-9', 'j', 9, '\(Specimen.drop(2))', '{}', 'training', 1, 5)"),
    ("a job number twice", job + "('j-9', 'tiny', 1, '\(Specimen.drop(2))', '{}', 'pending', 1, NULL)"),
    ("a job of no drop", job + "('j-9', 'j', 9, 'nobody', '{}', 'pending', 1, NULL)"),
    ("an unknown wish", "UPDATE jobs SET wanted = 'explode'"),
    ("an end that is taken back", "UPDATE jobs SET state = 'error'"),
    ("a transition of no job", "INSERT INTO job_transitions (job_id, at, from_state, to_state) VALUES ('nobody-1', 1, 'pending', 'error')"),
    ("a drop that something was made of is removed", "DELETE FROM drops WHERE id = '\(Specimen.drop(1))'"),
  ]

  @Test(arguments: impossible)
  func an_impossible_row_is_refused(what: String, sql: String) async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.job("tiny", drop: 2)
    let error = #expect(throws: DatabaseError.self, "\(what) was taken") { try ledger.rows { try $0.execute(sql: sql) } }
    #expect(error?.resultCode == .SQLITE_CONSTRAINT, "\(what): \(String(describing: error))")
  }

  @Test func what_the_rows_above_are_variations_of_is_taken() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.job("tiny", drop: 2)
    try ledger.rows { database in
      try database.execute(sql: Self.drop + "('x', 'n', NULL, 'claimed', NULL, 1, 1, NULL)")
      try database.execute(sql: Self.version + "('rows', 2, '\(Specimen.drop(1))', 'f', 'new', '', '{}', 1, 1)")
      try database.execute(sql: "INSERT INTO dataset_aliases (alias, dataset, number) VALUES ('copy', 'rows', 2)")
      try database.execute(sql: Self.job + "('j-9', 'j', 9, '\(Specimen.drop(2))', '{}', 'completed', 1, 5)")
    }
  }

  /// A method is one transaction: where its last statement fails, nothing of it stands.
  @Test func a_dataset_whose_verdict_cannot_be_written_is_not_registered() async throws {
    let ledger = try Ledger()
    try ledger.rows { try $0.execute(sql: "CREATE TRIGGER refuse BEFORE INSERT ON drops BEGIN SELECT RAISE(ABORT, 'no'); END") }
    await #expect(throws: DatabaseError.self) { try await ledger.dataset("rows", drop: 1, bytes: "aa") }
    #expect(try await ledger.catalogue.datasetNames().isEmpty)
    await #expect(throws: DatabaseError.self) { try await ledger.job("tiny", drop: 2) }
    #expect(try await ledger.catalogue.openJobs().isEmpty)
  }
}
