import Domain
import GRDB
import StrictJSON

/// A row of `trash`.
package struct TrashRecord: Sendable, Equatable {
  package var id: DropID
  package var dataset: SafeName
  package var bytes: Int
  package var deletedAt: Timestamp
  package var until: Timestamp
  /// Numbers of the versions that lie there.
  package var versions: [Int]
  /// False where these versions alone were deleted, and the dataset stayed.
  package var isWhole = true
}

/// Datasets as a shelf: described, deleted, restored, looked through.
extension Catalogue {
  // MARK: what is said for people

  /// nil leaves what stands. False where there is no such dataset.
  package func describe(_ name: SafeName, description: String?, tags: [String]?, licence: String?) async throws -> Bool {
    let tagText = try tags.map(JSONColumn.text)
    return try await write { database in
      try Self.describe(name, description, tagText, licence, in: database)
      return try Self.isDataset(name, in: database)
    }
  }

  static func describe(_ name: SafeName, _ description: String?, _ tags: String?, _ licence: String?, in database: Database) throws {
    if description == nil, tags == nil, licence == nil { return }
    try database.cachedStatement(
      sql:
        "UPDATE datasets SET description = coalesce(?, description), tags = coalesce(?, tags), licence = coalesce(?, licence) WHERE name = ?"
    ).execute(arguments: [description, tags, licence, name.text])
  }

  static func isDataset(_ name: SafeName, in database: Database) throws -> Bool {
    try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM datasets WHERE name = ?)", arguments: [name.text]) ?? false
  }

  /// The dataset of that name, or the one that the name also means.
  package func datasetName(_ name: SafeName) async throws -> SafeName? {
    try await read { database in
      if try Self.isDataset(name, in: database) { return name }
      return try String.fetchOne(database, sql: "SELECT dataset FROM dataset_aliases WHERE alias = ?", arguments: [name.text])
        .map(Self.safeName)
    }
  }

  // MARK: what was looked through

  package func unsurveyed(_ limit: Int) async throws -> [DatasetVersionRecord] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM dataset_versions WHERE stored = 1 AND surveyed = 0 ORDER BY created_at, dataset, number LIMIT ?",
        arguments: [limit]
      ).map(DatasetVersionRecord.init(row:))
    }
  }

  package func noteSurveyed(_ versions: [DatasetVersionRecord]) async throws {
    try await write { database in
      let note = try database.cachedStatement(sql: "UPDATE dataset_versions SET surveyed = 1 WHERE dataset = ? AND number = ?")
      for version in versions { try note.execute(arguments: [version.dataset.text, version.number]) }
    }
  }

  // MARK: deleting

  package enum DatasetDeletion: Sendable, Equatable {
    /// With the jobs that are left without it, where it was forced.
    case done(TrashRecord, jobs: [JobID])
    case unknown
    case inUse([JobID])
  }

  /// Tables whose rows hang on a dataset by their column `dataset`, parents first. One that is not there yet has none.
  static let hanging = ["dataset_versions", "dataset_aliases", "sidecars", "tokenizations"]

  /// Takes a dataset out of the catalogue with everything that hangs on it, and keeps that for a while.
  ///
  /// - Parameter bytes: of its files.
  package func deleteDataset(
    _ name: SafeName, isForced: Bool, as id: DropID, bytes: Int, at now: Timestamp, until: Timestamp
  ) async throws -> DatasetDeletion {
    try await write { database in
      let numbers = try Int.fetchAll(
        database, sql: "SELECT number FROM dataset_versions WHERE dataset = ? ORDER BY number", arguments: [name.text])
      guard try Self.isDataset(name, in: database) else { return .unknown }
      let users = try Self.openUsers(ofDataset: name, in: database)
      guard isForced || users.isEmpty else { return .inUse(users) }
      var contents = JSONObject()
      contents["datasets"] = try Self.rows(of: "datasets", by: "name", name, in: database)
      for table in Self.hanging where try database.tableExists(table) {
        contents[table] = try Self.rows(of: table, by: "dataset", name, in: database)
      }
      try database.execute(
        sql: "INSERT INTO trash (id, dataset, last_number, contents, bytes, deleted_at, until) VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          id.text, name.text, numbers.last ?? 0, JSONNode(.object(contents)).text(), bytes, now.nanoseconds, until.nanoseconds,
        ])
      try database.execute(sql: "DELETE FROM sidecars WHERE dataset = ?", arguments: [name.text])
      try database.execute(sql: "DELETE FROM datasets WHERE name = ?", arguments: [name.text])
      return .done(TrashRecord(id: id, dataset: name, bytes: bytes, deletedAt: now, until: until, versions: numbers), jobs: users)
    }
  }

  /// - Parameter version: those of one version only, by a column and its number.
  static func rows(
    of table: String, by column: String, _ name: SafeName, version: (column: String, number: Int)? = nil, in database: Database
  ) throws -> JSONNode {
    let further = version.map { " AND \($0.column) = \($0.number)" } ?? ""
    let rows = try Row.fetchAll(database, sql: "SELECT * FROM \(table) WHERE \(column) = ?\(further)", arguments: [name.text])
    return JSONNode(
      .array(
        rows.map { row in
          JSONNode(
            .object(
              JSONObject(
                row.map { column, value in
                  let node: JSONNode =
                    switch value.storage {
                    case .null, .blob: nil  // no table has blobs
                    case .int64(let number): JSONNode(.number(JSONNumber(Int(number))))
                    case .double(let number): JSONNode(.number(JSONNumber(number)))
                    case .string(let text): JSONNode(.string(text))
                    }
                  return .init(key: column, keyByte: 0, node: node)
                })))
        }))
  }

  /// Jobs that are not over and name the dataset, or were started with it. A job file that no longer reads names none.
  private static func openUsers(ofDataset name: SafeName, in database: Database) throws -> [JobID] {
    let aliases = try String.fetchAll(database, sql: "SELECT alias FROM dataset_aliases WHERE dataset = ?", arguments: [name.text])
    let names = Set(aliases + [name.text])
    return try Row.fetchAll(database, sql: "SELECT id, name, file, pins FROM jobs WHERE finished_at IS NULL ORDER BY id").compactMap {
      row in
      var used: [SafeName] = []
      if let node = try? JSONParser.parse(row["file"] as String),
        let file = JobFile.decode(node, source: .none, fallbackName: row["name"]).0
      {
        used += file.dataset.names.map { SafeName(from: $0) }
      }
      if let pins = try (row["pins"] as String?).map({ try JSONColumn.value(JobPins.self, $0) }) {
        used += pins.trained.map(\.name) + [pins.eval?.name].compactMap(\.self)
      }
      return used.contains { names.contains($0.text) } ? JobID(row["id"]) : nil
    }
  }

  // MARK: restoring

  package enum DatasetRestoration: Sendable, Equatable {
    case done(TrashRecord)
    case unknown
    /// A dataset of that name came meanwhile.
    case nameTaken
    /// The same bytes are here again.
    case bytesTaken(by: SafeName, version: Int)
    /// A version can only come back to its dataset, and that is not here.
    case datasetGone
  }

  /// Everything that was deleted and is not gone yet, the newest first.
  package func trash() async throws -> [TrashRecord] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM trash ORDER BY deleted_at DESC, id DESC").map(TrashRecord.init(row:))
    }
  }

  /// What the files of deleted datasets take.
  package func trashBytes() async throws -> Int {
    try await read { database in try Int.fetchOne(database, sql: "SELECT coalesce(sum(bytes), 0) FROM trash") ?? 0 }
  }

  /// Puts the dataset of that name that was deleted last back into the catalogue; where it is here, or a version is named, the version of it.
  /// Its record stays until its files are in their places.
  package func restoreDataset(_ name: SafeName, version: Int? = nil) async throws -> DatasetRestoration {
    try await write { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT * FROM trash WHERE dataset = ? ORDER BY deleted_at DESC, id DESC", arguments: [name.text])
      let records = try rows.map(TrashRecord.init(row:))
      let isHere = try Self.isDataset(name, in: database)
      let wantsVersion = isHere || version != nil
      guard
        let at = records.firstIndex(where: { record in
          wantsVersion ? !record.isWhole && (version == nil || record.versions == [version]) : record.isWhole
        })
      else {
        if version == nil, isHere, !records.isEmpty { return .nameTaken }
        return version == nil && !records.isEmpty ? .datasetGone : .unknown
      }
      guard isHere || !wantsVersion else { return .datasetGone }
      let row = rows[at]
      let contents = try JSONParser.parse(row["contents"] as String)
      for version in contents["dataset_versions"]?.array ?? [] {
        let taken = try Row.fetchOne(
          database, sql: "SELECT dataset, number FROM dataset_versions WHERE sha256 = ? AND reading = ?",
          arguments: [version["sha256"]?.string, version["reading"]?.string])
        if let taken { return .bytesTaken(by: try Self.safeName(taken["dataset"]), version: taken["number"]) }
      }
      // A name that now means another dataset goes on meaning it.
      if records[at].isWhole { try database.execute(sql: "DELETE FROM dataset_aliases WHERE alias = ?", arguments: [name.text]) }
      for table in ["datasets"] + Self.hanging where try database.tableExists(table) {
        for row in contents[table]?.array ?? [] { try Self.insert(row, into: table, in: database) }
      }
      return .done(try TrashRecord(row: row))
    }
  }

  private static func insert(_ row: JSONNode, into table: String, in database: Database) throws {
    let members = row.object?.members ?? []
    let known = Set(try database.columns(in: table).map(\.name))
    let kept = members.filter { known.contains($0.key) }
    let values: [(any DatabaseValueConvertible)?] = kept.map { member in
      if let text = member.node.string { return text }
      if let number = member.node.int { return number }
      return member.node.double
    }
    let conflict = table == "dataset_aliases" || table == "sidecars" ? "OR IGNORE " : ""
    try database.execute(
      sql:
        "INSERT \(conflict)INTO \(table) (\(kept.map(\.key).joined(separator: ", "))) VALUES (\(kept.map { _ in "?" }.joined(separator: ", ")))",
      arguments: StatementArguments(values))
  }

  /// The files are where they belong, or gone for good.
  package func forgetTrash(_ id: DropID) async throws {
    try await write { database in try database.execute(sql: "DELETE FROM trash WHERE id = ?", arguments: [id.text]) }
  }

  static func lastNumber(inTrashOf name: SafeName, in database: Database) throws -> Int {
    try Int.fetchOne(
      database.cachedStatement(sql: "SELECT coalesce(max(last_number), 0) FROM trash WHERE dataset = ?"), arguments: [name.text]) ?? 0
  }
}

extension TrashRecord {
  init(row: Row) throws {
    guard let id = DropID(row["id"]) else { throw DamagedRow(table: "trash", row: "\(row)") }
    let contents = try JSONParser.parse(row["contents"] as String)
    self.init(
      id: id, dataset: try Catalogue.safeName(row["dataset"]), bytes: row["bytes"], deletedAt: Timestamp(nanoseconds: row["deleted_at"]),
      until: Timestamp(nanoseconds: row["until"]),
      versions: (contents["dataset_versions"]?.array ?? []).compactMap { $0["number"]?.int }.sorted(),
      isWhole: contents["datasets"] != nil)
  }
}
