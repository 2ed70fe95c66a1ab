import DatasetFormats
import Domain
import Platform
import SystemPackage

/// The canonical files of a version while they are written: one writer a split, and which file of the drop gave which
/// rows of it.
final class SplitFiles {
  /// The rows that one file gave, next to each other in its split.
  private struct Segment {
    var file: String
    var rows: Range<Int>
    var bytes: Range<Int>
  }

  private let layout: DatasetVersionLayout
  private let fileSystem: any FileSystem
  private let byteLimit: Int
  private var writers: [String: CanonicalWriter] = [:]
  private var segments: [String: [Segment]] = [:]

  /// - Parameter byteLimit: of each split's canonical file.
  init(_ layout: DatasetVersionLayout, _ fileSystem: any FileSystem, byteLimit: Int) {
    self.layout = layout
    self.fileSystem = fileSystem
    self.byteLimit = byteLimit
  }

  func writer(for split: String) throws -> CanonicalWriter {
    if let writer = writers[split] { return writer }
    let writer = try CanonicalWriter(split: split, layout: layout, fileSystem: fileSystem, byteLimit: byteLimit)
    writers[split] = writer
    return writer
  }

  /// Runs the reading of one file, and remembers which rows it gave.
  func recording<Result>(_ file: String, into writer: CanonicalWriter, _ read: () throws -> Result) rethrows -> Result {
    let (rows, bytes) = (writer.rows, writer.byteCount)
    let result = try read()
    segments[writer.split, default: []].append(Segment(file: file, rows: rows..<writer.rows, bytes: bytes..<writer.byteCount))
    return result
  }

  /// Ends every split. One whose files came in another order than that of their names, as in an archive they may, is
  /// written once more in order, so that the same files always give the same rows.
  ///
  /// - Parameter source: hash and size of the dropped file, for rows that stay in it.
  func finish(_ source: (sha256: String, bytes: Int)) throws -> [IngestResult.Split] {
    var splits: [IngestResult.Split] = []
    for name in writers.keys.sorted(by: SplitName.isInOrder) {
      guard let writer = writers.removeValue(forKey: name) else { continue }
      let split = try writer.finishInPlace(sourceBytes: source.bytes, sha256: source.sha256) ?? writer.finish()
      guard split.rows > 0 else {
        try fileSystem.removeTree(layout.rows(split: name))
        try fileSystem.removeTree(layout.index(split: name))
        continue
      }
      let given = (segments[name] ?? []).filter { !$0.rows.isEmpty }
      let sorted = given.sorted { ByteOrder.isBefore($0.file, $1.file) }
      let isSorted = zip(given, sorted).allSatisfy { $0.rows == $1.rows }
      splits.append(isSorted ? split : try rewrite(name, sorted))
    }
    return splits
  }

  private func rewrite(_ split: String, _ order: [Segment]) throws -> IngestResult.Split {
    let unsorted = DatasetVersionLayout(folder: layout.folder.appending("unsorted"))
    try fileSystem.makeFolders(unsorted.data)
    try fileSystem.rename(layout.rows(split: split), to: unsorted.rows(split: split))
    try fileSystem.rename(layout.index(split: split), to: unsorted.index(split: split))
    let writer = try CanonicalWriter(split: split, layout: layout, fileSystem: fileSystem, byteLimit: byteLimit)
    try copy(order.map(\.bytes), of: unsorted.rows(split: split), into: writer)
    let result = try writer.finish()
    try fileSystem.removeTree(unsorted.folder)
    return result
  }
}

extension SplitFiles {
  /// Copies parts of a canonical file row by row. Read and not mapped: a mapping would count as this process's memory.
  private func copy(_ parts: [Range<Int>], of path: FilePath, into writer: CanonicalWriter) throws {
    let file = try fileSystem.open(path, .reading)
    defer { try? fileSystem.close(file) }  // opened for reading: there is nothing that closing could lose
    for part in parts {
      try fileSystem.seek(file, to: part.lowerBound)
      try writer.copyRows(from: PartSource(file, fileSystem, byteCount: part.count))
    }
  }
}

/// The next bytes of an open file, up to a number.
private final class PartSource: ByteSource {
  private let file: FileDescriptor
  private let fileSystem: any FileSystem
  private var left: Int

  init(_ file: FileDescriptor, _ fileSystem: any FileSystem, byteCount: Int) {
    self.file = file
    self.fileSystem = fileSystem
    left = byteCount
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < min(buffer.count, left) {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<min(buffer.count, left)])
      let count = try fileSystem.read(file, into: rest)
      if count == 0 { break }
      filled += count
    }
    left -= filled
    return filled
  }
}

/// Names compared byte by byte, as `LC_ALL=C sort` does: the same on every machine.
enum ByteOrder {
  static func isBefore(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
}
