import Domain
import GRDB
import StrictJSON

/// Single versions: deleted, restored, and who uses them.
extension Catalogue {
  package enum VersionDeletion: Sendable, Equatable {
    /// With what is left without it, where it was forced.
    case done(TrashRecord, left: DatasetUsers)
    case unknown
    case noVersion(known: [Int])
    /// There is no other: the dataset would be left empty.
    case onlyVersion
    case inUse(DatasetUsers)
  }

  /// Takes a version out of the catalogue with its other names and tokenizations, and keeps that for a while. Its number is not given again.
  ///
  /// - Parameter bytes: of its files.
  package func deleteVersion(
    _ number: Int, of name: SafeName, isForced: Bool, as id: DropID, bytes: Int, at now: Timestamp, until: Timestamp
  ) async throws -> VersionDeletion {
    try await write { database in
      guard try Self.isDataset(name, in: database) else { return .unknown }
      let numbers = try Self.numbers(of: name, in: database)
      guard numbers.contains(number) else { return .noVersion(known: numbers) }
      guard numbers.count > 1 else { return .onlyVersion }
      let users = try Self.users(ofVersion: number, of: name, in: database)
      guard isForced || users.isEmpty else { return .inUse(users) }
      var contents = JSONObject()
      for (table, column) in [("dataset_versions", "number"), ("dataset_aliases", "number"), ("tokenizations", "version")] {
        contents[table] = try Self.rows(of: table, by: "dataset", name, version: (column, number), in: database)
      }
      try database.execute(
        sql: "INSERT INTO trash (id, dataset, last_number, contents, bytes, deleted_at, until) VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [id.text, name.text, number, JSONNode(.object(contents)).text(), bytes, now.nanoseconds, until.nanoseconds])
      try database.execute(sql: "DELETE FROM dataset_versions WHERE dataset = ? AND number = ?", arguments: [name.text, number])
      let record = TrashRecord(
        id: id, dataset: name, bytes: bytes, deletedAt: now, until: until, versions: [number], isWhole: false)
      return .done(record, left: users)
    }
  }

  private static func numbers(of name: SafeName, in database: Database) throws -> [Int] {
    try Int.fetchAll(database, sql: "SELECT number FROM dataset_versions WHERE dataset = ? ORDER BY number", arguments: [name.text])
  }

  /// Versions that were deleted by themselves and can be restored; nil: none.
  static func deletedVersions(of name: SafeName, in database: Database) throws -> [Int]? {
    let rows = try Row.fetchAll(database.cachedStatement(sql: "SELECT * FROM trash WHERE dataset = ?"), arguments: [name.text])
    let numbers = try rows.map(TrashRecord.init(row:)).filter { !$0.isWhole }.flatMap(\.versions)
    return numbers.isEmpty ? nil : numbers.sorted()
  }

  // MARK: who uses it

  /// - Parameter started: only jobs that were started with it, and errands that make tokens of it.
  package func users(ofVersion number: Int, of name: SafeName, started: Bool = false) async throws -> DatasetUsers {
    try await read { try Self.users(ofVersion: number, of: name, started: started, in: $0) }
  }

  /// Jobs that were started with the version, and those that would be with the next start: they name the dataset, whose newest it is, or
  /// another name that means it. Errands say which version they are about.
  private static func users(ofVersion number: Int, of name: SafeName, started: Bool = false, in database: Database) throws -> DatasetUsers {
    var names = Set(
      try String.fetchAll(
        database, sql: "SELECT alias FROM dataset_aliases WHERE dataset = ? AND number = ?", arguments: [name.text, number]))
    if try numbers(of: name, in: database).last == number { names.insert(name.text) }
    var users = DatasetUsers()
    for row in try Row.fetchAll(database, sql: "SELECT id, name, file, pins FROM jobs WHERE finished_at IS NULL ORDER BY id") {
      let isUser: Bool
      if let pins = try (row["pins"] as String?).map({ try JSONColumn.value(JobPins.self, $0) }) {
        isUser = (pins.trained + [pins.eval].compactMap(\.self)).contains { $0.name == name && $0.version == number }
      } else if !started, let node = try? JSONParser.parse(row["file"] as String),
        let file = JobFile.decode(node, source: .none, fallbackName: row["name"]).0
      {
        isUser = file.dataset.names.contains { names.contains(SafeName(from: $0).text) }
      } else {
        isUser = false  // a job file that no longer reads names none
      }
      if isUser, let id = JobID(row["id"]) { users.jobs.append(id) }
    }
    let kinds: [ErrandKind] = started ? [.tokenize] : [.tokenize, .convert, .exportRows, .export, .evaluate]
    for row in try Row.fetchAll(database, sql: "SELECT * FROM errands WHERE finished_at IS NULL ORDER BY created_at, id") {
      let errand = try ErrandRecord(row: row)
      guard kinds.contains(errand.kind), let body = try? JSONParser.parse(errand.body) else { continue }
      if body["dataset"]?.string == name.text, body["version"]?.int == number { users.errands.append(errand.id) }
    }
    return users
  }
}
