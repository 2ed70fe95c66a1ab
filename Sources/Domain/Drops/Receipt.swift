/// The agent's written answer to one drop: `inbox/receipts/<file name>.receipt.json`.
package struct Receipt: Codable, Sendable, Equatable {
  package enum Verdict: String, Codable, Sendable {
    case accepted, rejected, waiting, duplicate
  }

  package var schema = "dropforge.receipt/1"
  package var id: DropID
  /// The file's name as it was dropped.
  package var name: String
  package var kind: DropKind?
  package var status: Verdict
  /// When the drop was claimed (for one that still waits: first seen), and when this was decided.
  package var receivedAt: Timestamp
  package var decidedAt: Timestamp
  /// Of all the drop's files, in bytes.
  package var size: Int
  /// Of the file's bytes; of a folder: of the sorted list of its files' names and hashes. Nil where nothing was read yet.
  package var sha256: String?
  /// What became of it, relative to the root: the dataset's version, the job's folder, the rejection's folder.
  package var path: String?
  /// The name of what it became: the dataset's, the job's identifier.
  package var result: String?
  /// One plain sentence for people.
  package var message: String
  package var problem: Problem?
  package var findings: [Finding]?

  enum CodingKeys: String, CodingKey {
    case schema, id, name, kind, status, size, sha256, path, result, message, problem, findings
    case receivedAt = "received_at"
    case decidedAt = "decided_at"
  }

  package init(
    id: DropID, name: String, kind: DropKind?, status: Verdict, receivedAt: Timestamp, decidedAt: Timestamp, size: Int,
    sha256: String? = nil,
    path: String? = nil, result: String? = nil, message: String, problem: Problem? = nil, findings: [Finding]? = nil
  ) {
    self.id = id
    self.name = name
    self.kind = kind
    self.status = status
    self.receivedAt = receivedAt
    self.decidedAt = decidedAt
    self.size = size
    self.sha256 = sha256
    self.path = path
    self.result = result
    self.message = message
    self.problem = problem
    self.findings = findings
  }
}
