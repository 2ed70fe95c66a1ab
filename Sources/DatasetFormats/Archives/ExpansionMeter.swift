import Domain

/// Watches what comes out of a drop against what went in: a few kilobytes that unpack into terabytes are an attack or a
/// mistake, and neither may fill the disk.
package final class ExpansionMeter {
  /// Compression ratios say little about small files: below this nobody is harmed.
  static let harmless = 64 << 20

  private let name: String
  private let sourceBytes: Int
  private let limits: IngestLimits

  /// - Parameters:
  ///   - name: the drop's name, for the error text.
  ///   - sourceBytes: its size on disk.
  package init(name: String, sourceBytes: Int, limits: IngestLimits) {
    self.name = name
    self.sourceBytes = sourceBytes
    self.limits = limits
  }

  /// - Parameter bytes: what one decompressor or one archive has given out so far.
  func check(unpacked bytes: Int) throws(Problem) {
    guard bytes > Self.harmless, bytes / limits.expansion > sourceBytes else { return }
    throw Problem(
      "archive.bomb", "it unpacks to more than \(limits.expansion) times its size of \(sourceBytes) bytes", at: .init(file: name),
      why: "the limit of \(limits.expansion) guards against files made to fill a disk",
      mend: "If the data is truly that repetitive, unpack it yourself and drop the files, or raise \"ingest_expansion\" in dropforge.json.")
  }
}
