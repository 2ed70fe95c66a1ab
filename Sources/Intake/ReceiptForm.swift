import Domain
import SystemPackage

/// A receipt of which the drop's part is filled in already. A plain value: the catalogue fills in the rest within its
/// transaction, once it knows the version's or the job's number.
struct ReceiptForm: Sendable {
  let drop: ClaimedDrop
  let layout: RootLayout
  let now: Timestamp

  func callAsFunction(
    _ kind: DropKind?, _ status: Receipt.Verdict, size: Int? = nil, sha256: String?, path: FilePath?, result: String? = nil,
    message: String,
    problem: Problem? = nil, findings: [Finding] = []
  ) -> Receipt {
    Receipt(
      id: drop.id, name: drop.name, kind: kind, status: status, receivedAt: drop.receivedAt, decidedAt: now, size: size ?? drop.size,
      sha256: sha256, path: path.map(layout.relative), result: result, message: message, problem: problem,
      findings: findings.isEmpty ? nil : findings)
  }
}
