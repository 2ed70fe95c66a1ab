import Domain
import Engines
import Platform
import SystemPackage

/// Parquet and Arrow on their way in: a converter beside the program writes their rows as JSON lines, which are then read as any drop is.
struct ColumnarRows {
  let files: any FileSystem
  /// The one with pyarrow; nil: whatever the system calls python3.
  let python: String?
  let limits: IngestLimits

  /// Whether a drop, or a file in a folder, has columnar rows: by its name, else by its first bytes.
  func isColumnar(_ path: FilePath, name: String) throws -> Bool {
    switch try files.status(path).kind {
    case .file: return try isColumnarFile(path, name: name)
    case .folder:
      return try files.walk(path).contains { inside, status in
        status.kind == .file && ColumnarFile.stem(of: inside.string) != nil && !inside.components.contains { $0.string.hasPrefix(".") }
      }
    case .symlink, .other: return false
    }
  }

  private func isColumnarFile(_ path: FilePath, name: String) throws -> Bool {
    if ColumnarFile.stem(of: name) != nil { return true }
    guard let file = try? files.open(path, .reading) else { return false }  // its reader says why
    var head = [UInt8](repeating: 0, count: 8)
    let count = try files.closing(file) { () throws(SystemError) in try files.readChunk(file, &head) }
    return ColumnarFile.isColumnar(name: name, head: Array(head[..<count]))
  }

  func order(for drop: DropID, source: FilePath, fileName: String, staging: FilePath) -> ColumnarOrder {
    ColumnarOrder(
      drop: drop, source: source.string, fileName: fileName, staging: staging.string, python: python ?? "python3", limits: limits)
  }

  /// What the converter made.
  func result(in staging: FilePath) throws -> (ColumnarResult, rows: FilePath) {
    let result = try PublishedJSON.decode(ColumnarResult.self, from: try files.contents(of: staging.appending(ColumnarOrder.resultName)))
    return (result, staging.appending(ColumnarOrder.rowsName).appending(result.name))
  }

  /// What ingest said of the rows, told of the drop that they came in.
  func tell(_ result: ColumnarResult, of fileName: String, in version: DatasetVersionLayout) throws {
    var ingest = try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: version.result))
    ingest.sourceSHA256 = result.sha256
    ingest.sourceBytes = result.bytes
    if ingest.files.count == 1, result.name.hasSuffix(".jsonl") { ingest.files[0].name = fileName }
    ingest.warnings = ["Read by \(result.reader)."] + result.remarks + ingest.warnings
    try files.publish(try PublishedJSON.bytes(of: ingest), to: version.result)
  }
}
