import CArchive
import Domain
import Glibc
import Platform
import SystemPackage

/// One libarchive reader, fed through callbacks: nothing is unpacked to disk, and names inside are never used as paths.
///
/// `archive_read_support_format_all` is never called: its mtree format takes plain text for an archive.
final class LibarchiveReader {
  enum Form: String {
    case zstd, xz, bzip2, tar, zip
    case sevenZip = "7z"
  }

  let archive: OpaquePointer
  private let form: Form
  private let name: String
  private let feed: any ArchiveFeed

  /// - Parameter name: the file's, for error texts.
  init(_ form: Form, name: String, feed: some ArchiveFeed) throws {
    guard let archive = archive_read_new() else { throw SystemError(.noMemory, "start libarchive") }
    self.archive = archive
    self.form = form
    self.name = name
    self.feed = feed
    switch form {
    case .zstd: archive_read_support_filter_zstd(archive)
    case .xz: archive_read_support_filter_xz(archive)
    case .bzip2: archive_read_support_filter_bzip2(archive)
    case .tar:
      archive_read_support_format_tar(archive)
      archive_read_support_format_gnutar(archive)
    case .zip: archive_read_support_format_zip_seekable(archive)
    case .sevenZip: archive_read_support_format_7zip(archive)
    }
    if [.zstd, .xz, .bzip2].contains(form) { archive_read_support_format_raw(archive) }
    archive_read_support_format_empty(archive)
    feed.attach(to: archive)
    try check(archive_read_open1(archive))
  }

  deinit { archive_read_free(archive) }

  /// The next entry's header, or nil at the end.
  func nextHeader() throws -> OpaquePointer? {
    var entry: OpaquePointer?
    let code = Self.withUTF8Names { archive_read_next_header(archive, &entry) }
    if code == ARCHIVE_EOF { return nil }
    // "Damaged tar archive": libarchive would look on for the next header, and the entry would be lost without a word.
    if code == ARCHIVE_RETRY { throw Problem(damaged: name, form: form.rawValue, near: nil, cause: words) }
    try check(code)
    return entry
  }

  /// Bytes of the present entry; fewer than asked for only at its end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
    // A wrong checksum or length of a zip's entry is but a warning to libarchive; to us it is not.
    if count < 0 { try check(Int32(count), orWarning: true) }
    return count
  }

  private var words: String {
    archive_error_string(archive).map { String(cString: $0) } ?? "libarchive error \(archive_errno(archive))"
  }

  /// - Parameter orWarning: take a warning for a fault. Those about headers are none: they are about names and dates, which
  ///   we do not use.
  private func check(_ code: Int32, orWarning: Bool = false) throws {
    if let failure = feed.failure { throw failure }
    guard code < (orWarning ? ARCHIVE_OK : ARCHIVE_WARN) else { return }
    let words = self.words
    let lower = words.lowercased()
    if lower.contains("passphrase") || lower.contains("encrypted") { throw Problem(encrypted: name, cause: words) }
    if lower.contains("memory") || lower.contains("allocate") { throw SystemError(.noMemory, "unpack: \(words)") }
    // liblzma says it in its own way, and the reader of zip wants the list of contents, which stands at the end.
    let isCut = lower.contains("truncated") || lower.contains("no progress is possible") || lower.contains("unrecognized archive format")
    if isCut { throw Problem(truncated: name, form: form.rawValue, after: feed.size, cause: words) }
    throw Problem(damaged: name, form: form.rawValue, near: nil, cause: words)
  }

  /// libarchive turns names into the locale's letters, both when it reads a header and when it is asked for the name: in
  /// the C locale it gives nil for those beyond ASCII. This thread only, and no longer than the call.
  static func withUTF8Names<Result>(_ body: () -> Result) -> Result {
    let locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
    guard let locale else { return body() }
    let before = uselocale(locale)
    defer {
      uselocale(before)
      freelocale(locale)
    }
    return body()
  }
}

extension Problem {
  init(encrypted name: String, cause: String? = nil) {
    self.init(
      "archive.encrypted", "the archive is locked with a password", at: .init(file: name),
      mend: "Unpack it with the password and drop the files, or an archive without a password.", cause: cause)
  }
}
