import Domain
import GRDB
import SystemPackage
import TestSupport
import Testing

@testable import Catalogue

struct OpeningTests {
  @Test func a_fresh_file_has_every_table() throws {
    let ledger = try Ledger()
    let tables = try ledger.rows { try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") }
    #expect(
      tables == [
        "configs", "dataset_aliases", "dataset_versions", "datasets", "drops", "errands", "evaluations", "grdb_migrations",
        "job_transitions", "jobs", "models", "sidecars", "sweeps", "tokenizations", "trained_models",
      ])
    #expect(
      try ledger.rows { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations ORDER BY 1") } == [
        "0001-catalogue", "0002-queue", "0003-evaluations", "0004-errands", "0005-tokenizations",
      ])
  }

  @Test func what_was_written_is_there_when_it_is_opened_again() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    try ledger.catalogue.close()
    let again = try Catalogue(path: ledger.path)
    #expect(try await again.job(id)?.state == .pending)
    #expect(try ledger.rows { try Int.fetchOne($0, sql: "SELECT count(*) FROM grdb_migrations") } == 5)
  }

  /// A root that an older version made, with a job in it, is brought to the newest form, and the job goes on.
  @Test func a_catalogue_of_the_first_form_is_brought_to_the_newest() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    try ledger.catalogue.close()
    try ledger.rows { database in
      try database.execute(
        sql: """
          DROP TABLE trained_models; DROP INDEX jobs_sweep; ALTER TABLE jobs DROP COLUMN sweep_id; ALTER TABLE jobs DROP COLUMN waits;
          DROP TABLE sweeps; DROP TABLE evaluations; DROP TABLE errands; DROP TABLE tokenizations;
          DELETE FROM grdb_migrations WHERE identifier > '0001-catalogue';
          """)
    }
    let again = try Catalogue(path: ledger.path)
    let job = try #require(await again.job(id))
    #expect(job.state == .pending && job.sweep == nil && !job.waits && job.number == 1)
    #expect(try await again.jobsAhead(ofPriority: 0) == 1)
  }

  @Test func a_file_of_a_newer_version_is_refused_and_left_as_it_is() throws {
    let ledger = try Ledger()
    try ledger.catalogue.close()
    try ledger.rows { try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('0099-of-tomorrow')") }
    let problem = try #require(throws: Problem.self) { try Catalogue(path: ledger.path) }
    #expect(problem.code == "catalogue.newer")
    #expect(
      problem.description
        == "\(ledger.path) was written by a newer version of Dropforge. Run that version, or restore the copy of the catalogue that was made before the upgrade."
    )
    #expect(
      try ledger.rows { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations ORDER BY 1") } == [
        "0001-catalogue", "0002-queue", "0003-evaluations", "0004-errands", "0005-tokenizations", "0099-of-tomorrow",
      ])
  }

  @Test func a_damaged_file_is_refused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(String(repeating: "this is no database. ", count: 200), to: "catalogue.sqlite").string
    let problem = try #require(throws: Problem.self) { try Catalogue(path: path) }
    #expect(problem.code == "catalogue.unreadable")
    #expect(
      problem.description
        == "\(path) cannot be opened. SQLite says: file is not a database. Check the disk and the rights of the agent's user; if the file is damaged, restore it from a backup."
    )
    #expect(problem.cause?.contains("SQLite error 26") == true)
    #expect(try folder.contents()["catalogue.sqlite"]?.hasPrefix("this is no database.") == true)
  }

  @Test func a_folder_in_its_place_is_refused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.makeFolder("catalogue.sqlite").string
    let problem = try #require(throws: Problem.self) { try Catalogue(path: path) }
    #expect(problem.code == "catalogue.unreadable")
    #expect(problem.why == "SQLite says: unable to open database file")
  }

  /// What a method has returned from must survive a power cut: WAL with NORMAL would lose the last transactions.
  @Test func the_settings_that_durability_rests_on_are_in_force() async throws {
    let settings = try await Ledger().catalogue.settingsInForce()
    #expect(settings == ["journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"])
  }
}

extension Catalogue {
  /// Asked on the agent's own connection: each has its own.
  func settingsInForce() async throws -> [String: String] {
    try await read { database in
      var settings: [String: String] = [:]
      for name in ["journal_mode", "synchronous", "foreign_keys"] { settings[name] = try String.fetchOne(database, sql: "PRAGMA \(name)") }
      return settings
    }
  }
}
