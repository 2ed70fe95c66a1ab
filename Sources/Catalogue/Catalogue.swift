import Domain
import Foundation
import GRDB

/// The agent's state in SQLite: the one owner of every fact that must survive. The files in `workspace/` are views of it.
///
/// One writer, the agent. WAL with `synchronous=FULL`: what a method has returned from survives a power cut.
/// Each method is one transaction.
package final class Catalogue: Sendable {
  let queue: DatabaseQueue

  /// Opens or makes the catalogue and brings it to the newest form.
  ///
  /// - Throws: `Problem` where the file is damaged or comes from a newer version.
  package init(path: String) throws {
    var configuration = GRDB.Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      // GRDB sets NORMAL with WAL, after everything that `prepareDatabase` could say; a drop that was acknowledged must survive
      // a power cut. The queue's one connection is both reader and writer.
      try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      let migrator = Self.migrator
      if try queue.read(migrator.hasBeenSuperseded) {
        throw Problem(
          "catalogue.newer", "\(path) was written by a newer version of Dropforge",
          mend: "Run that version, or restore the copy of the catalogue that was made before the upgrade.")
      }
      try migrator.migrate(queue)
    } catch let error as DatabaseError {
      throw Problem(
        "catalogue.unreadable", "\(path) cannot be opened",
        why: error.message.map { "SQLite says: \($0)" },
        mend: "Check the disk and the rights of the agent's user; if the file is damaged, restore it from a backup.", cause: "\(error)")
    }
  }

  /// In the order of their making: a name stands in every root that has gone through it, and is never changed.
  private static let migrations = [
    ("0001-catalogue", PackageResources.v0001_catalogue_sql),
    ("0002-queue", PackageResources.v0002_queue_sql),
    ("0003-evaluations", PackageResources.v0003_evaluations_sql),
    ("0004-errands", PackageResources.v0004_errands_sql),
    ("0005-sweep-winners", PackageResources.v0005_sweep_winners_sql),
    ("0006-tokenizations", PackageResources.v0006_tokenizations_sql),
    ("0007-datasets", PackageResources.v0007_datasets_sql),
    ("0008-origins", PackageResources.v0008_origins_sql),
  ]

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for (name, sql) in migrations {
      migrator.registerMigration(name) { try $0.execute(sql: String(decoding: sql, as: UTF8.self)) }
    }
    return migrator
  }

  package func close() throws { try queue.close() }

  func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await queue.read(body)
  }

  func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    do {
      return try await queue.write(body)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL || error.resultCode == .SQLITE_IOERR {
      // The transaction is rolled back: nothing has happened, and it can be tried again.
      let isFull = error.resultCode == .SQLITE_FULL
      throw Problem(
        isFull ? Problem.diskFullCode : Problem.diskErrorCode, isFull ? "the disk is full" : "the catalogue could not be written",
        mend: isFull
          ? "Free space on the disk; work goes on by itself then." : "Look at the system's log (journalctl -k) before anything else.",
        cause: "catalogue: \(error)")
    }
  }
}

/// JSON columns: Codable values of the domain, keys sorted so that equal values are equal texts.
enum JSONColumn {
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func value<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }
}
