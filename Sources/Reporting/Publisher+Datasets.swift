import Domain
import Platform
import SystemPackage

/// What a dataset's page is made of.
package struct DatasetFacts: Sendable {
  package var card: DatasetCard
  package var quality: DatasetQuality
  /// The first page of samples, as it was written.
  package var samples: [UInt8]?

  package init(card: DatasetCard, quality: DatasetQuality, samples: [UInt8]?) {
    self.card = card
    self.quality = quality
    self.samples = samples
  }
}

extension Publisher {
  package func publish(_ datasets: [DatasetFacts]) throws {
    if datasets.isEmpty { return }
    let syncs = GroupedSyncs(files, count: datasets.count)
    for facts in datasets {
      try syncs.publish(DatasetPage(facts).text.utf8, to: layout.workspace.dataset(facts.card.name).report)
    }
    try syncs.flush()
  }
}
