import Domain
import Platform
import StrictJSON
import SystemPackage

@testable import DatasetFormats

/// What a format makes of a text.
struct FormatReading {
  var rows: [String]
  var bad: [BadRow]
  var badText: String
  var columns: [DatasetColumn]
  var dialect: String?
  var warnings: [String]

  /// - Parameters:
  ///   - blockSize: bytes that come into the window at a time: small, so that rows are cut everywhere.
  init(
    _ format: DatasetFormat, _ text: some Sequence<UInt8>, sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits(),
    blockSize: Int = ByteWindow.blockSize, maximumRows: Int? = nil, file: String? = nil
  ) throws {
    let folder = try TemporaryFolder()
    let files = LinuxFileSystem()
    let layout = DatasetVersionLayout(folder: folder.path)
    try files.makeFolders(layout.data)
    let name = file ?? "rows\(format.endings[0])"
    let output = try CanonicalWriter(split: "train", layout: layout, fileSystem: files)
    let log = BadRowLog(layout.badRows, files)
    let sink = RowSink(file: name, output: output, columns: ColumnTable(), badRows: log, limits: limits, maximumRows: maximumRows)
    let window = try ByteWindow(MemorySource(text), rowLimit: limits.rowBytes, blockSize: blockSize)
    try format.reader.read(window, FormatSettings(format, drop: name, sidecar: sidecar), into: sink)
    _ = try output.finish()
    try log.finish()
    let written = try DatasetRows(layout, split: "train")
    rows = withExtendedLifetime(written) { (0..<written.count).map { String(decoding: written[$0].bytes, as: UTF8.self) } }
    bad = log.first
    badText = log.count > 0 ? try folder.read("bad-rows.jsonl") : ""
    columns = sink.columns.result()
    dialect = sink.dialect
    warnings = sink.warnings
  }

  init(
    _ format: DatasetFormat, _ text: String, sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits(),
    blockSize: Int = ByteWindow.blockSize, maximumRows: Int? = nil
  ) throws {
    try self.init(format, Array(text.utf8), sidecar: sidecar, limits: limits, blockSize: blockSize, maximumRows: maximumRows)
  }

  /// The problem that a text is refused with.
  static func problem(
    _ format: DatasetFormat, _ text: some Sequence<UInt8>, sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits(),
    blockSize: Int = ByteWindow.blockSize
  ) -> String {
    do {
      let reading = try FormatReading(format, text, sidecar: sidecar, limits: limits, blockSize: blockSize)
      return "no problem, but \(reading.rows)"
    } catch {
      return "\(error)"
    }
  }

  static func problem(
    _ format: DatasetFormat, _ text: String, sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits(),
    blockSize: Int = ByteWindow.blockSize
  ) -> String {
    problem(format, Array(text.utf8), sidecar: sidecar, limits: limits, blockSize: blockSize)
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
