import DatasetFormats
import Domain
import Ingestion
import Platform
import StrictJSON
import SystemPackage

/// One drop, read into a version in a folder of its own.
struct Drop {
  let result: IngestResult
  let layout: DatasetVersionLayout
  private let folder: TemporaryFolder

  /// - Parameter place: writes the drop as `name` into a folder, where it is not a plain file.
  init(
    _ name: String, _ bytes: [UInt8] = [], sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits(),
    fileSystem: any FileSystem = LinuxFileSystem(), clock: WallClock = .system, report: @escaping (WorkerEvent) -> Void = { _ in },
    place: ((TemporaryFolder, FilePath) throws -> Void)? = nil
  ) throws {
    folder = try TemporaryFolder()
    let source = folder.path.appending("claimed").appending(name)
    try folder.files.makeFolders(source.removingLastComponent())
    if let place { try place(folder, source) } else { try folder.write(bytes, to: source) }
    let before = try folder.listing("claimed")
    let staging = folder.path.appending("staging").appending("d-1")
    layout = DatasetVersionLayout(folder: staging)
    let order = IngestOrder(
      drop: DropID(at: Timestamp(seconds: 0), random: 1), source: source.string, fileName: name, staging: staging.string, sidecar: sidecar,
      limits: limits)
    do {
      result = try Ingestor(order: order, fileSystem: fileSystem, clock: clock, report: report).run()
    } catch {
      // Whatever happened, the drop is untouched and nothing half-made is left.
      if folder.files.exists(staging) { throw Leftover() }
      if try folder.listing("claimed") != before { throw Leftover() }
      throw error
    }
    if try folder.listing("claimed") != before { throw Leftover() }
  }

  struct Leftover: Error {}

  init(
    _ name: String, _ text: String, sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits()
  ) throws {
    try self.init(name, Array(text.utf8), sidecar: sidecar, limits: limits)
  }

  /// Files by their relative names, read into a folder.
  init(folder name: String, _ files: [String: String], sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits()) throws {
    try self.init(
      name, sidecar: sidecar, limits: limits,
      place: { folder, path in
        try folder.files.makeFolder(path)
        for (file, text) in files {
          let target = path.pushing(FilePath(file))
          try folder.files.makeFolders(target.removingLastComponent())
          try folder.write(Array(text.utf8), to: target)
        }
      })
  }

  /// The canonical rows of a split.
  func rows(_ split: String = "train") throws -> [String] {
    let rows = try DatasetRows(layout, split: split)
    return withExtendedLifetime(rows) { (0..<rows.count).map { String(decoding: rows[$0].bytes, as: UTF8.self) } }
  }

  /// The values of one field of all rows.
  func texts(_ field: String = "text", split: String = "train") throws -> [String] {
    let rows = try DatasetRows(layout, split: split)
    return (0..<rows.count).map { rows[$0].text(FieldName(field)) ?? "-" }
  }

  func contents(_ path: FilePath) throws -> String { String(decoding: try folder.files.contents(of: path), as: UTF8.self) }

  var listing: [String] { get throws { try folder.listing("staging/d-1") } }

  /// The words that a drop is refused with.
  static func problem(
    _ name: String, _ bytes: [UInt8], sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits(),
    fileSystem: any FileSystem = LinuxFileSystem()
  ) -> String {
    words { try Drop(name, bytes, sidecar: sidecar, limits: limits, fileSystem: fileSystem) }
  }

  static func problem(_ name: String, _ text: String, sidecar: DatasetSidecar? = nil, limits: IngestLimits = IngestLimits()) -> String {
    problem(name, Array(text.utf8), sidecar: sidecar, limits: limits)
  }

  static func words(_ drop: () throws -> Drop) -> String {
    do {
      return "no problem, but \(try drop().result.rows) rows"
    } catch let problem as Problem {
      return problem.description
    } catch {
      return "no problem, but \(error)"
    }
  }
}

/// A folder for one test, gone with it.
final class TemporaryFolder {
  let path: FilePath
  let files = LinuxFileSystem()

  init() throws {
    path = FilePath("/tmp").appending("dropforge-\(UInt64.random(in: 0...UInt64.max))")
    try files.makeFolder(path)
  }

  deinit { try? files.removeTree(path) }

  /// Without making it durable, which would take most of the tests' time.
  func write(_ bytes: [UInt8], to path: FilePath) throws {
    let file = try files.open(path, .writing)
    try bytes.withUnsafeBytes { try files.writeAll(file, $0) }
    try files.close(file)
  }

  /// Every file below a folder with its size, sorted.
  func listing(_ folder: String) throws -> [String] {
    try files.walk(path.pushing(FilePath(folder))).map { "\($0.path) \($0.status.size)" }.sorted()
  }
}

/// Files of Tests/Fixtures.
enum Fixture {
  private static let root = FilePath(#filePath).removingLastComponent().removingLastComponent().appending("Fixtures")

  static func bytes(_ path: String) throws -> [UInt8] { try LinuxFileSystem().contents(of: root.pushing(FilePath(path))) }

  /// Drops a fixture under its own name.
  static func drop(_ path: String, sidecar: DatasetSidecar? = nil) throws -> Drop {
    try Drop(String(path.split(separator: "/").last ?? ""), try bytes(path), sidecar: sidecar)
  }
}
