import DatasetFormats
import Domain
import Platform
import SystemPackage

/// Which rows two versions share: by hashes of their bytes, in whichever order they stand. Memory has a limit: versions of more rows than
/// fit are read several times, a part of all hashes each time.
package struct VersionComparison {
  /// Hashes of both sides that are held at once: 128 MiB.
  static let mostHeld = 1 << 24
  private static let shown = 3
  private static let shownBytes = 300

  private let fileSystem: any FileSystem
  private let mostHeld: Int

  package init(fileSystem: any FileSystem) { self.init(fileSystem: fileSystem, mostHeld: Self.mostHeld) }

  init(fileSystem: any FileSystem, mostHeld: Int) {
    self.fileSystem = fileSystem
    self.mostHeld = mostHeld
  }

  package struct Side {
    var dataset: SafeName
    var version: Int
    var layout: DatasetVersionLayout

    package init(dataset: SafeName, version: Int, layout: DatasetVersionLayout) {
      (self.dataset, self.version, self.layout) = (dataset, version, layout)
    }
  }

  package func difference(from: Side, to: Side) throws -> DatasetDifference {
    let (before, after) = (try ingest(from), try ingest(to))
    var difference = DatasetDifference(
      from: .init(dataset: from.dataset, version: from.version, result: before), before,
      to: .init(dataset: to.dataset, version: to.version, result: after), after)
    var (added, removed) = ([UInt64: Int](), [UInt64: Int]())
    let passes = max(1, (before.rows + after.rows + mostHeld - 1) / mostHeld)
    for pass in 0..<passes {
      let old = try hashes(from, before, pass, of: passes)
      let new = try hashes(to, after, pass, of: passes)
      compare(old, new, &difference, &added, &removed)
    }
    difference.firstAdded = try find(added, in: to, after)
    difference.firstRemoved = try find(removed, in: from, before)
    return difference
  }

  private func ingest(_ side: Side) throws -> IngestResult {
    try PublishedJSON.decode(IngestResult.self, from: try fileSystem.contents(of: side.layout.result))
  }

  private func hashes(_ side: Side, _ ingest: IngestResult, _ pass: Int, of passes: Int) throws -> [UInt64] {
    var hashes: [UInt64] = []
    hashes.reserveCapacity(ingest.rows / passes + 1)
    for split in ingest.splits {
      try StoredRows(side.layout.rows(split: split.name), fileSystem: fileSystem).forEach { row, _ in
        let hash = RowHash.of(row.bytes)
        if passes == 1 || hash % UInt64(passes) == UInt64(pass) { hashes.append(hash) }
      }
    }
    hashes.sort()
    return hashes
  }

  /// Merges two sorted lists; of equal rows each counts.
  private func compare(
    _ old: [UInt64], _ new: [UInt64], _ difference: inout DatasetDifference, _ added: inout [UInt64: Int], _ removed: inout [UInt64: Int]
  ) {
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if left < old.count, right < new.count, old[left] == new[right] {
        difference.sameRows += 1
        left += 1
        right += 1
      } else if right == new.count || left < old.count && old[left] < new[right] {
        difference.removedRows += 1
        if removed.count < 64 { removed[old[left], default: 0] += 1 }
        left += 1
      } else {
        difference.addedRows += 1
        if added.count < 64 { added[new[right], default: 0] += 1 }
        right += 1
      }
    }
  }

  /// The first rows of those hashes, in the order of the file.
  private func find(_ hashes: [UInt64: Int], in side: Side, _ ingest: IngestResult) throws -> [DatasetDifference.Row] {
    struct Enough: Error {}
    var found: [DatasetDifference.Row] = []
    if hashes.isEmpty { return found }
    do {
      for split in ingest.splits {
        try StoredRows(side.layout.rows(split: split.name), fileSystem: fileSystem).forEach { row, number in
          guard hashes[RowHash.of(row.bytes)] != nil else { return }
          found.append(.init(split: split.name, row: number + 1, text: Self.shown(row.bytes)))
          if found.count == Self.shown { throw Enough() }
        }
      }
    } catch is Enough {}
    return found
  }

  private static func shown(_ row: UnsafeBufferPointer<UInt8>) -> String {
    guard row.count > shownBytes else { return String(decoding: row, as: UTF8.self) }
    var end = shownBytes
    while end > 0, row[end] & 0xC0 == 0x80 { end -= 1 }
    return String(decoding: UnsafeBufferPointer(rebasing: row[..<end]), as: UTF8.self) + "…"
  }
}
