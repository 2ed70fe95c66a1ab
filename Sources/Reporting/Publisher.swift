import Domain
import Platform
import SystemPackage

/// Writes the views that people and programs read. Each is one file, published whole; none is read back as state.
package struct Publisher: Sendable {
  package let layout: RootLayout
  let files: any FileSystem

  package init(layout: RootLayout, files: any FileSystem) {
    self.layout = layout
    self.files = files
  }

  /// All of them, or an error: then some may stand, and they may be published again.
  package func publish(_ receipts: [Receipt]) throws {
    let syncs = GroupedSyncs(files, count: receipts.count)
    for receipt in receipts {
      try syncs.publish(try PublishedJSON.bytes(of: receipt), to: layout.inbox.receipt(forFileNamed: receipt.name))
    }
    try syncs.flush()
  }

  package func publish(_ cards: [DatasetCard]) throws {
    let syncs = GroupedSyncs(files, count: cards.count)
    for card in cards { try syncs.publish(try PublishedJSON.bytes(of: card), to: layout.workspace.dataset(card.name).card) }
    try syncs.flush()
  }

  package func publish(_ status: AgentStatus) throws {
    try files.publish(try PublishedJSON.bytes(of: status), to: layout.workspace.status)
  }

  /// Every report of a job that has done its work, the manifest last: its hashes cover the others.
  package func publish(_ facts: JobFacts) throws {
    let job = layout.workspace.job(facts.id)
    for report in JobReports.all {
      try files.publish(try report.text(facts).utf8, to: report.path(job))
    }
    try files.publish(try PublishedJSON.bytes(of: try manifest(of: facts)), to: job.manifest)
  }
}

/// A file about a finished job that is made from its facts alone.
protocol JobReport: Sendable {
  func path(_ job: JobLayout) -> FilePath
  func text(_ facts: JobFacts) throws -> String
}

/// To add a report: a file of its own, and a line here.
enum JobReports {
  static let all: [any JobReport] = [
    ModelCardReport(),
    ModelConfigReport(),
    TrainingMetricsReport(),
    JobReadmeReport(),
  ]
}
