/// What ingest refuses to exceed. Each limit stands in the message that it causes, with the setting that raises it.
package struct IngestLimits: Codable, Sendable, Equatable {
  /// Of all rows, 0 to 1: more bad rows than this and the drop is rejected whole.
  package var badRowShare = 0.05
  /// Of one row, after decompression.
  package var rowBytes = 64 << 20
  /// Of everything that comes out of one drop.
  package var totalBytes = 1 << 40
  /// Files in one archive or folder.
  package var files = 10_000
  /// Bytes out a byte in, for an archive or a compressed file of some size: more is a bomb.
  package var expansion = 1_000
  /// Of the worker's memory: it is a process of its own, and ends there.
  package var memoryBytes = 1 << 30
  /// That reading one drop may take.
  package var seconds = 14_400.0

  package init() {}

  /// Bytes that may come out of a drop of so many, as canonical rows: a header of a megabyte over rows of two bytes unpacks as
  /// an archive does.
  package func outputBytes(forSource bytes: Int) -> Int {
    let (expanded, overflows) = max(bytes, 1).multipliedReportingOverflow(by: expansion)
    return min(totalBytes, max(64 << 20, overflows ? .max : expanded))
  }
}

extension Problem {
  /// - Parameter name: the drop's.
  package init(memoryLimit limits: IngestLimits, name: String, cause: String? = nil) {
    self.init(
      "limit.memory", "reading it takes more memory than the \(limits.memoryBytes >> 20) MiB that a worker may use", at: .init(file: name),
      why: "a row, or what its compression needs to unpack it, is too large for that",
      mend: "Part very long rows into several, or raise \"ingest_memory_mib\" in dropforge.json; start the agent anew and drop it again.",
      cause: cause)
  }

  package init(timeLimit limits: IngestLimits, name: String) {
    let seconds = limits.seconds == limits.seconds.rounded() ? "\(Int(limits.seconds))" : "\(limits.seconds)"
    self.init(
      "limit.time", "reading it took longer than the \(seconds) seconds that a worker may take", at: .init(file: name),
      mend: "Drop it in several parts, or raise \"ingest_seconds\" in dropforge.json; start the agent anew and drop it again.")
  }

  package init(outputLimit limits: IngestLimits, name: String, cause: String? = nil) {
    self.init(
      "limit.output", "its rows take more room than a drop of its size may", at: .init(file: name),
      why: "the limit is \(limits.expansion) times the size of the drop, and \(limits.totalBytes) bytes at most",
      mend:
        "If the rows are truly that long, raise \"ingest_expansion\" or \"ingest_gib\" in dropforge.json; start the agent anew and drop it again.",
      cause: cause)
  }
}
