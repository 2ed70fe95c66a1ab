import Domain

/// What zstd, xz and bzip2 make of a source. Their checksums are checked by the libraries below libarchive.
final class DecompressedSource: ByteSource {
  private let reader: LibarchiveReader
  private let upstream: any ByteSource
  private let meter: ExpansionMeter
  private let isEmpty: Bool
  private var outputBytes = 0

  init(_ upstream: any ByteSource, _ compression: Compression, name: String, meter: ExpansionMeter) throws {
    self.upstream = upstream
    self.meter = meter
    let form: LibarchiveReader.Form =
      switch compression {
      case .zstd: .zstd
      case .xz: .xz
      case .bzip2: .bzip2
      case .gzip: preconditionFailure("gzip is GzipSource's")
      }
    reader = try LibarchiveReader(form, name: name, feed: StreamFeed(upstream))
    isEmpty = try reader.nextHeader() == nil
  }

  func settle() { upstream.settle() }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !isEmpty else { return 0 }
    let count = try reader.read(into: buffer)
    outputBytes += count
    try meter.check(unpacked: outputBytes)
    return count
  }
}
