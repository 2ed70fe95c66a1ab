import Domain
import Platform
import Reporting
import SystemPackage
import TestSupport
import Testing

/// The views: where each stands, and as what text.
struct PublisherTests {
  private let root: TemporaryRoot
  private let publisher: Publisher

  init() throws {
    root = try TemporaryRoot()
    publisher = Publisher(layout: root.layout, files: LinuxFileSystem())
  }

  private func text(_ path: FilePath) throws -> String { String(decoding: try LinuxFileSystem().contents(of: path), as: UTF8.self) }

  @Test func a_receipt() throws {
    try publisher.publish([Specimen.receipt(name: "My rows.csv", message: "Dataset 'My-rows': 2 rows of text.")])
    #expect(
      try text(root.inbox.receipts.appending("My-rows.csv.receipt.json")) == """
        {
          "decided_at": "2026-11-21T07:48:04.000Z",
          "id": "d-20261121T074803Z-00000001",
          "kind": "dataset",
          "message": "Dataset 'My-rows': 2 rows of text.",
          "name": "My rows.csv",
          "received_at": "2026-11-21T07:48:03.000Z",
          "schema": "dropforge.receipt/1",
          "size": 12,
          "status": "accepted"
        }

        """)
  }

  @Test func the_receipt_of_a_name_is_the_last_one() throws {
    try publisher.publish([Specimen.receipt(status: .waiting, message: "It waits.")])
    try publisher.publish([Specimen.receipt(message: "Taken.")])
    let receipt = try PublishedJSON.decode(Receipt.self, from: Array(try text(root.inbox.receipts.appending("rows.csv.receipt.json")).utf8))
    #expect(receipt.status == .accepted && receipt.message == "Taken.")
    #expect(try LinuxFileSystem().names(in: root.inbox.receipts).count == 1)
  }

  @Test func the_agents_status() throws {
    let job = JobID(name: SafeName(from: "tiny"), number: 1)
    try publisher.publish(
      AgentStatus(
        version: "0.1.0", pid: 42, since: Specimen.time, heartbeat: Specimen.time + 10, state: "running",
        running: [.init(id: job, state: .training, progress: 45, loss: 2.5, eta: 12, reason: nil)],
        queue: [
          .init(
            id: JobID(name: SafeName(from: "next"), number: 1), state: .pending, progress: 0, loss: nil, eta: nil,
            reason: "queued behind 1 job")
        ], datasets: 2, jobs: 3, drops: ["rows.csv"], disk: .init(freeBytes: 5, totalBytes: 10),
        lastErrors: [.init(at: Specimen.time, what: "old-1: the dataset has nothing to train on")]))
    #expect(
      try text(root.workspace.status) == """
        {
          "datasets": 2,
          "disk": {
            "free_bytes": 5,
            "total_bytes": 10
          },
          "drops": [
            "rows.csv"
          ],
          "errands": [],
          "heartbeat": "2026-11-21T07:48:13.000Z",
          "jobs": 3,
          "last_errors": [
            {
              "at": "2026-11-21T07:48:03.000Z",
              "what": "old-1: the dataset has nothing to train on"
            }
          ],
          "open_drops": 1,
          "pid": 42,
          "queue": [
            {
              "id": "next-1",
              "progress": 0,
              "reason": "queued behind 1 job",
              "state": "pending"
            }
          ],
          "running": [
            {
              "eta": 12,
              "id": "tiny-1",
              "loss": 2.5,
              "progress": 45,
              "state": "training"
            }
          ],
          "schema": "dropforge.agent/1",
          "since": "2026-11-21T07:48:03.000Z",
          "state": "running",
          "version": "0.1.0"
        }

        """)
  }

  @Test func a_view_is_whole_or_not_there() throws {
    let files = FaultyFileSystem()
    let publisher = Publisher(layout: root.layout, files: files)
    files.fail(.noSpace, at: 1, of: [.rename])
    #expect(throws: SystemError.self) { try publisher.publish([Specimen.receipt()]) }
    #expect(try LinuxFileSystem().names(in: root.inbox.receipts).isEmpty)
  }

  @Test(arguments: [
    ("plain", #""plain""#), ("with: colon", #""with: colon""#), ("quote\"s", #""quote\"s""#), ("ünï", #""ünï""#), ("- a", #""- a""#),
  ])
  func a_name_reads_back_as_itself_in_yaml(text: String, scalar: String) throws {
    var job = try FinishedJob()
    job.facts.name = text
    try job.publisher.publish(job.facts)
    #expect(try job.text(job.layout.finalModel.appending("README.md")).contains("\n- name: \(scalar)\n  results:\n"))
  }
}
