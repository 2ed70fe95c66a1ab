import CArchive
import Domain
import Platform
import SystemPackage

/// The entries of a tar, zip or 7z, one after another. Every name inside is somebody else's: it is shown and compared,
/// never used as a path on disk.
package final class ArchiveEntries {
  package struct Entry: Sendable, Equatable {
    package enum Kind: Sendable { case file, folder, link, special }
    /// As in the archive, bytes that are no UTF-8 repaired.
    package var path: String
    package var kind: Kind
  }

  private let reader: LibarchiveReader
  private let name: String
  private let meter: ExpansionMeter
  private let limits: IngestLimits
  private var count = 0
  private var outputBytes = 0

  /// A tar that is read from start to end.
  package init(tar source: any ByteSource, name: String, meter: ExpansionMeter, limits: IngestLimits) throws {
    reader = try LibarchiveReader(.tar, name: name, feed: StreamFeed(source))
    (self.name, self.meter, self.limits) = (name, meter, limits)
  }

  /// A zip or 7z, which must be read at its end first.
  ///
  /// - Parameter head: the file's first bytes.
  package init(
    _ kind: ArchiveKind, at path: FilePath, head: [UInt8], name: String, fileSystem: any FileSystem, meter: ExpansionMeter,
    limits: IngestLimits,
    onRead: @escaping (Int) -> Void
  ) throws {
    let feed = try SeekingFeed(path, fileSystem: fileSystem, onRead: onRead)
    if kind == .sevenZip, let whole = Self.sizeOfSevenZip(head), feed.size < whole {
      throw Problem(truncated: name, form: kind.rawValue, after: feed.size)
    }
    reader = try LibarchiveReader(kind == .zip ? .zip : .sevenZip, name: name, feed: feed)
    (self.name, self.meter, self.limits) = (name, meter, limits)
  }

  /// The size that a 7z states at its start: libarchive says of one that is cut off only that something is wrong with it.
  /// Layout from the format's description (7zFormat.txt): signature and version in 8 bytes, a checksum in 4, then offset
  /// and size of the list of contents behind these 32 bytes, 8 bytes each.
  private static func sizeOfSevenZip(_ head: [UInt8]) -> Int? {
    guard head.count >= 32 else { return 32 }
    let (offset, size) = head.withUnsafeBytes {
      (
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 12, as: UInt64.self)),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 20, as: UInt64.self))
      )
    }
    guard offset < 1 << 60, size < 1 << 60 else { return nil }
    return 32 + Int(offset) + Int(size)
  }

  /// The next entry, or nil at the end. What was not read of the one before is passed over.
  ///
  /// - Throws: `Problem` for an archive that is cut off, damaged or locked, that has more files than the limit, or names
  ///   that lead out of it.
  package func next() throws -> Entry? {
    guard let header = try reader.nextHeader() else { return nil }
    count += 1
    guard count <= limits.files else {
      throw Problem(tooManyFiles: name, limit: limits.files)
    }
    let path = Self.path(of: header)
    guard path.utf8.count <= Self.nameLimit else {
      throw Problem(
        "archive.long-name", "it holds a file whose name is \(path.utf8.count) bytes long", at: .init(file: name),
        why: "no file system takes more than \(Self.nameLimit)", mend: "Pack it anew with shorter names.")
    }
    let entry = Entry(path: Self.shown(path), kind: Self.kind(of: header))
    if archive_entry_is_encrypted(header) != 0 { throw Problem(encrypted: name) }
    if path.hasPrefix("/") || path.hasPrefix("\\") || path.split(whereSeparator: { $0 == "/" || $0 == "\\" }).contains("..") {
      throw Problem(
        "archive.unsafe-name", "it holds a file with a name that leads out of the archive: '\(entry.path)'", at: .init(file: name),
        why: "names inside an archive must be relative and without '..'",
        mend: "Pack it anew from inside its folder: tar -czf data.tar.gz -C FOLDER .")
    }
    return entry
  }

  /// The present entry's bytes. Valid until `next()`.
  package func contents() -> any ByteSource { EntrySource(self) }

  fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try reader.read(into: buffer)
    outputBytes += count
    try meter.check(unpacked: outputBytes)
    return count
  }

  private static func path(of header: OpaquePointer) -> String {
    LibarchiveReader.withUTF8Names {
      guard let name = archive_entry_pathname_utf8(header) ?? archive_entry_pathname(header) else { return "?" }
      return String(cString: name)  // repairs what is no UTF-8
    }
  }

  /// PATH_MAX of Linux.
  private static let nameLimit = 4_096

  /// A name goes into messages, reports and terminals: what steers those is written out. Control characters, line ends, and
  /// those that turn the direction of writing ("Trojan Source", CVE-2021-42574).
  private static func shown(_ path: String) -> String {
    func steers(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
      default: false
      }
    }
    guard path.unicodeScalars.contains(where: steers) else { return path }
    return path.unicodeScalars.map { steers($0) ? "\\u{\(String($0.value, radix: 16, uppercase: true))}" : String($0) }.joined()
  }

  private static func kind(of header: OpaquePointer) -> Entry.Kind {
    if archive_entry_hardlink(header) != nil { return .link }
    // The AE_IF… macros are casts, which Swift does not import; these are their values, those of stat(2).
    switch archive_entry_filetype(header) & 0o170000 {
    case 0o100000: return .file
    case 0o040000: return .folder
    case 0o120000: return .link
    default: return .special
    }
  }
}

/// One entry of an archive as a source.
private final class EntrySource: ByteSource {
  private let entries: ArchiveEntries
  init(_ entries: ArchiveEntries) { self.entries = entries }
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try entries.read(into: buffer) }
}

extension Problem {
  package init(tooManyFiles name: String, limit: Int) {
    self.init(
      "drop.too-many-files", "it holds more than \(limit) files, the limit for one drop", at: .init(file: name),
      mend:
        "Put the rows into fewer files (cat *.jsonl > all.jsonl), or drop it in several parts. More are taken where \"ingest_files\" in dropforge.json says so."
    )
  }
}
