import CArchive
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Makes archives and compressed files for tests, with libarchive's own writer.
package struct ArchiveMaker {
  package struct Entry {
    package var path: String
    package var bytes: [UInt8] = []
    package var kind = Kind.file
    package enum Kind { case file, folder, symlink(to: String), hardlink(to: String), fifo }

    package init(_ path: String, _ text: String = "", _ kind: Kind = .file) {
      self.init(path, Array(text.utf8), kind)
    }

    package init(_ path: String, _ bytes: [UInt8], _ kind: Kind = .file) {
      self.path = path
      self.bytes = bytes
      self.kind = kind
    }
  }

  package enum Form { case raw, tar, zip, sevenZip }
  package enum Filter { case none, gzip, zstd, xz, bzip2 }

  package static func bytes(_ form: Form, _ entries: [Entry]) throws -> [UInt8] { try bytes(form, .none, entries) }

  /// - Parameters:
  ///   - password: locks a zip.
  ///   - cipher: `zipcrypt`, `aes128` or `aes256`.
  package static func bytes(
    _ form: Form, _ filter: Filter, _ entries: [Entry], password: String? = nil, cipher: String = "zipcrypt"
  ) throws -> [UInt8] {
    let archive = try #require(archive_write_new())
    defer { archive_write_free(archive) }
    switch form {
    case .raw: archive_write_set_format_raw(archive)
    case .tar: archive_write_set_format_pax_restricted(archive)
    case .zip: archive_write_set_format_zip(archive)
    case .sevenZip: archive_write_set_format_7zip(archive)
    }
    switch filter {
    case .none: archive_write_add_filter_none(archive)
    case .gzip: archive_write_add_filter_gzip(archive)
    case .zstd: archive_write_add_filter_zstd(archive)
    case .xz: archive_write_add_filter_xz(archive)
    case .bzip2: archive_write_add_filter_bzip2(archive)
    }
    if let password {
      #expect(archive_write_set_options(archive, "zip:encryption=\(cipher)") == ARCHIVE_OK)
      archive_write_set_passphrase(archive, password)
    }
    let room = entries.reduce(1 << 20) { $0 + $1.bytes.count * 2 + 4_096 }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 16)
    defer { buffer.deallocate() }
    // libarchive keeps this place until it is closed.
    let used = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    used.initialize(to: 0)
    defer { used.deallocate() }
    #expect(archive_write_open_memory(archive, buffer.baseAddress, buffer.count, used) == ARCHIVE_OK)
    // Names beyond ASCII need a locale that has them.
    let locale = try #require(newlocale(LC_CTYPE_MASK, "C.UTF-8", nil))
    let before = uselocale(locale)
    defer {
      uselocale(before)
      freelocale(locale)
    }
    for entry in entries { try add(entry, to: archive) }
    #expect(archive_write_close(archive) == ARCHIVE_OK)
    return Array(buffer[..<used.pointee])
  }

  private static func add(_ entry: Entry, to archive: OpaquePointer) throws {
    let header = try #require(archive_entry_new())
    defer { archive_entry_free(header) }
    archive_entry_set_pathname_utf8(header, entry.path)
    archive_entry_set_perm(header, 0o644)
    // Values of stat(2): libarchive's own names for them are casts, which Swift does not import.
    switch entry.kind {
    case .file:
      archive_entry_set_filetype(header, 0o100000)
      archive_entry_set_size(header, Int64(entry.bytes.count))
    case .folder: archive_entry_set_filetype(header, 0o040000)
    case .fifo: archive_entry_set_filetype(header, 0o010000)
    case .symlink(let target):
      archive_entry_set_filetype(header, 0o120000)
      archive_entry_set_symlink(header, target)
    case .hardlink(let target):
      archive_entry_set_filetype(header, 0o100000)
      archive_entry_set_hardlink(header, target)
    }
    #expect(archive_write_header(archive, header) == ARCHIVE_OK)
    if case .file = entry.kind { #expect(archive_write_data(archive, entry.bytes, entry.bytes.count) == entry.bytes.count) }
  }

  package static func compressed(_ bytes: [UInt8], _ filter: Filter) throws -> [UInt8] {
    try self.bytes(.raw, filter, [Entry("data", bytes)])
  }
}
