import Domain
import GRDB

/// Where downloaded datasets and models came from.
extension Catalogue {
  /// Notes where the files of a drop that is to be come from. Noted before: it stays.
  package func noteOrigin(_ origin: DatasetOrigin, of drop: DropID, errand: ErrandID) async throws {
    let body = try JSONColumn.text(origin)
    try await write { database in
      try database.execute(
        sql: "INSERT INTO origins (drop_id, errand_id, body) VALUES (?, ?, ?) ON CONFLICT (drop_id) DO NOTHING",
        arguments: [drop.text, errand.text, body])
    }
  }

  package func origin(of drop: DropID) async throws -> DatasetOrigin? {
    try await read { database in try Self.origins(in: database)[drop] }
  }

  /// All of them: there are as many as downloads.
  static func origins(in database: Database) throws -> [DropID: DatasetOrigin] {
    var origins: [DropID: DatasetOrigin] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT drop_id, body FROM origins") {
      if let drop = DropID(row["drop_id"]) { origins[drop] = try JSONColumn.value(DatasetOrigin.self, row["body"]) }
    }
    return origins
  }

  /// How many rows of a dataset that a request asked for are read: what a sidecar would say. One that was dropped keeps its other words.
  package func limitRows(of dataset: SafeName, to rows: Int, for drop: DropID) async throws {
    var sidecar = try await sidecar(for: dataset) ?? DatasetSidecar()
    sidecar.maximumRows = rows
    let body = try JSONColumn.text(sidecar)
    try await write { database in
      try database.execute(
        sql:
          "INSERT INTO sidecars (dataset, drop_id, body) VALUES (?, ?, ?) ON CONFLICT (dataset) DO UPDATE SET drop_id = excluded.drop_id, body = excluded.body",
        arguments: [dataset.text, drop.text, body])
    }
  }
}
