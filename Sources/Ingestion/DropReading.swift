import DatasetFormats
import Domain
import Platform
import SystemPackage

/// Reads the files of one drop into the canonical files of a version, and gathers what is known of them then.
final class DropReading {
  private(set) var files: [IngestResult.SourceFile] = []
  private(set) var warnings: [String] = []
  private(set) var skipped = SkippedFiles()
  private(set) var rows = 0
  let columns = ColumnTable()
  let badRows: BadRowLog
  let mended: MendedRows
  let splits: SplitFiles
  /// The drop's README.md; of an archive nil until it comes.
  private(set) var card: DropCard?

  private let order: IngestOrder
  private let fileSystem: any FileSystem
  private let progress: IngestProgress
  private var unpackedBytes = 0
  private let onlyCard: Bool

  /// - Parameters:
  ///   - size: of the drop, where it is a file.
  ///   - onlyCard: of an archive nothing is read but its README.md, which is thrown (`CardCameLate`).
  init(
    _ order: IngestOrder, _ layout: DatasetVersionLayout, _ fileSystem: any FileSystem, _ progress: IngestProgress, size: Int?,
    card: DropCard? = nil, onlyCard: Bool = false
  ) throws {
    self.order = order
    self.card = card
    self.onlyCard = onlyCard
    self.fileSystem = fileSystem
    self.progress = progress
    badRows = BadRowLog(layout.badRows, fileSystem)
    mended = try MendedRows(order.mended.map { FilePath($0) }, fileSystem: fileSystem)
    splits = SplitFiles(layout, fileSystem, byteLimit: size.map(order.limits.outputBytes) ?? order.limits.totalBytes)
  }

  var sidecarName: String { DroppedFileName(order.fileName).stem + DatasetSidecar.ending }

  // MARK: one file

  /// Reads the drop where it is a file, and returns its hash.
  func readDrop(at path: FilePath) throws -> (sha256: String, bytes: Int) {
    try readFile(at: path, name: order.fileName, isInside: false)
  }

  /// - Parameters:
  ///   - name: relative to the drop; of the drop itself, its name.
  ///   - isInside: the file is one of several.
  ///   - split: that README.md says.
  private func readFile(at path: FilePath, name: String, isInside: Bool, split: String? = nil) throws -> (sha256: String, bytes: Int) {
    let source = try FileSource(path, name: name, fileSystem: fileSystem, onRead: progress.add)
    guard source.size > 0 else {
      guard isInside else { throw Problem(empty: name) }
      skipped.add(name, "because they are empty")
      return (try source.finish(), 0)
    }
    let meter = ExpansionMeter(name: name, sourceBytes: source.size, limits: order.limits)
    switch try ContentLayers(source, name: name, meter: meter) {
    case .text(let text, let isCompressed, let wide):
      if !isCompressed, DroppedFileName(name).compression != nil {
        warnings.append("\(name): its name says that it is compressed, but it is not; it was read as it is.")
      }
      try readRows(
        try decoded(text, wide, name), isUnpacked: isCompressed, name: name, isInside: isInside,
        plainFile: isCompressed || isInside ? nil : path, split: split)
    case .archive(.tar, let tar, _):
      let entries = try ArchiveEntries(tar: tar, name: name, meter: meter, limits: order.limits)
      try readEntries(entries, of: name, meter, isInside: isInside, split: split)
    case .archive(let kind, let head, isCompressed: false):
      let entries = try ArchiveEntries(
        kind, at: path, head: head.head, name: name, fileSystem: fileSystem, meter: meter, limits: order.limits, onRead: progress.add)
      try readEntries(entries, of: name, meter, isInside: isInside, split: split)
    case .archive(let kind, _, isCompressed: true):
      throw Problem(
        "archive.nested", "it is a \(kind.rawValue) archive that was compressed once more", at: .init(file: name),
        mend: "Take the outer compression off and drop the .\(kind.rawValue) itself.")
    }
    return (try source.finish(), source.size)
  }

  // MARK: archives

  private func readEntries(
    _ entries: ArchiveEntries, of archive: String, _ meter: ExpansionMeter, isInside: Bool, split: String?
  ) throws {
    while let entry = try entries.next() {
      let name = isInside ? "\(archive)/\(entry.path)" : entry.path
      if entry.path == "[Content_Types].xml" { throw Problem(officeDocument: archive) }
      switch entry.kind {
      case .folder: continue
      case .link: skipped.add(name, "because links are not followed")
      case .special: skipped.add(name, "because they are no regular files")
      case .file where !isInside && card == nil && DropCard.isCard(entry.path): try takeCard(entries, at: entry.path)
      case .file where onlyCard: continue
      case .file: try readEntry(entries, entry.path, name: name, meter, isInside: isInside, split: split)
      }
    }
  }

  private func takeCard(_ entries: ArchiveEntries, at path: String) throws {
    let found = try DropCard(try entries.contents().first(FrontMatter.mostBytes), at: path, order)
    guard found.isOfUse else { return }
    if onlyCard || (found.splits != nil && (!files.isEmpty || !skipped.files.isEmpty)) { throw CardCameLate(card: found) }
    card = found
  }

  private func readEntry(
    _ entries: ArchiveEntries, _ path: String, name: String, _ meter: ExpansionMeter, isInside: Bool, split: String?
  ) throws {
    guard isWanted(path, name: name) else { return }
    var split = split
    if !isInside {
      guard let told = toldSplits(of: path) else { return }
      split = told[0]
      if told.count > 1 {
        warnings.append(
          "\(name): README.md has it for the splits \(told.compactMap(\.self).joined(separator: " and ")); of an archive it is read once, for '\(told[0] ?? "")'."
        )
      }
    }
    let nested = "because archives inside an archive are not opened"
    guard DroppedFileName(path).archive == nil else { return skipped.add(name, nested) }
    switch try ContentLayers(entries.contents(), name: name, meter: meter) {
    case .text(let text, _, let wide):
      try readRows(try decoded(text, wide, name), isUnpacked: true, name: name, isInside: true, split: split)
    case .archive: skipped.add(name, nested)
    }
  }

  // MARK: folders

  /// Reads the drop where it is a folder. Its hash is that of the list that `sha256sum` prints for its files, sorted
  /// byte by byte; files that nobody means, such as .DS_Store, are not in it.
  func readFolder(_ folder: FilePath) throws -> (sha256: String, bytes: Int) {
    let found: [(path: FilePath, status: FileStatus)]
    do throws(SystemError) {
      found = try fileSystem.walk(folder)
    } catch {
      throw Problem(opening: order.fileName, error)
    }
    var list: [(name: String, sha256: String)] = []
    var total = 0
    for (path, status) in found.sorted(by: { ByteOrder.isBefore($0.path.string, $1.path.string) }) {
      let name = path.string
      if SkippedFiles.isJunk(name) { continue }
      guard status.kind == .file else {
        skipped.add(name, status.kind == .symlink ? "because links are not followed" : "because they are no regular files")
        continue
      }
      guard list.count < order.limits.files else { throw Problem(tooManyFiles: order.fileName, limit: order.limits.files) }
      let told = isWanted(name, name: name) ? toldSplits(of: name) ?? [] : []
      var read: (sha256: String, bytes: Int)?
      for split in told { read = try readFile(at: folder.pushing(path), name: name, isInside: true, split: split) }
      let known = try read ?? hash(folder.pushing(path), name)
      list.append((name, known.sha256))
      total += known.bytes
    }
    return (SHA256.hash(list.map { "\($0.sha256)  \($0.name)\n" }.joined().utf8), total)
  }

  private func hash(_ path: FilePath, _ name: String) throws -> (sha256: String, bytes: Int) {
    let source = try FileSource(path, name: name, fileSystem: fileSystem, onRead: progress.add)
    return (try source.finish(), source.size)
  }

  /// The splits that a file is read for, as README.md says it: nil in place of one that its name tells, nil in place of all where it is
  /// passed over.
  private func toldSplits(of path: String) -> [String?]? {
    switch card?.place(of: path) ?? .byName {
    case .byName: return [nil]
    case .splits(let splits): return splits
    case .outside(let isOfAnother):
      // What another config takes is told of with the configs.
      if !isOfAnother { skipped.add(path, "because no config of README.md names them") }
      return nil
    }
  }

  /// Whether a file of a folder or archive is read; where it is not and that is worth a word, it is noted.
  private func isWanted(_ path: String, name: String) -> Bool {
    if SkippedFiles.isExpected(path) { return false }
    if DroppedFileName(path).isDataset || order.sidecar?.format != nil { return true }
    skipped.add(name, "because their endings are none that is read")
    return false
  }

  // MARK: rows

  private func decoded(_ text: PeekedSource, _ wide: TextEncoding?, _ name: String) throws -> DecodedText {
    let format = order.sidecar?.format ?? DroppedFileName(name).format
    return try DecodedText(
      text, wide: wide, told: order.sidecar?.encoding, isJSON: ![.csv, .tsv, .plainText].contains(format), name: name,
      sidecarName: sidecarName)
  }

  /// - Parameters:
  ///   - isUnpacked: the text comes out of something compressed, or of an archive.
  ///   - plainFile: the drop itself, where it is a file and its bytes are the rows.
  ///   - split: that README.md says.
  private func readRows(
    _ text: DecodedText, isUnpacked: Bool, name: String, isInside: Bool, plainFile: FilePath? = nil, split told: String? = nil
  ) throws {
    let sidecar = order.sidecar
    let split = try sidecar?.split.map(SplitName.told) ?? told ?? (isInside ? SplitInference.split(ofDropped: name) : SplitName.train)
    let writer = try splits.writer(for: split)
    if let wanted = sidecar?.maximumRows, writer.rows >= wanted { return skipped.add(name, "because max_rows is reached") }

    let counted = CountedSource(isUnpacked ? ReadAheadSource(text.source) : text.source) { [self] count in
      unpackedBytes += count
      progress.tick()
      guard unpackedBytes > order.limits.totalBytes else { return }
      throw Problem(
        "drop.too-large", "it holds more than \(order.limits.totalBytes) bytes, the limit for one drop", at: .init(file: order.fileName),
        mend: "Drop it in several parts, as datasets of their own, or raise \"ingest_gib\" in dropforge.json.")
    }
    let window = try ByteWindow(counted, rowLimit: order.limits.rowBytes)
    _ = try window.more()
    let hasMark = window.skipByteOrderMark()
    if window.isAtEnd, window.bytes.allSatisfy({ $0 <= 0x20 }) {
      guard isInside else { throw Problem(empty: name) }
      return skipped.add(name, "because they are empty")
    }
    let choice = try FormatChoice(
      file: name, named: DroppedFileName(name).format, told: sidecar?.format, content: window.bytes, isWhole: window.isAtEnd,
      sidecarName: sidecarName)
    if let remark = choice.remark { warnings.append(remark) }
    if !isInside { try SidecarFit.check(sidecar, against: [choice.format]) }
    if let plainFile, choice.format == .jsonl, !hasMark, text.isAsItCame, try canStay(plainFile) { writer.stayInPlace(of: plainFile) }

    let sink = RowSink(
      file: name, output: writer, columns: columns, badRows: badRows, limits: order.limits, maximumRows: sidecar?.maximumRows,
      rowsBefore: rows, mended: mended)
    let before = rows
    progress.rows = { [unowned sink] in before + sink.rows }
    defer { progress.rows = { [unowned self] in rows } }
    do {
      try splits.recording(name, into: writer) {
        try choice.format.reader.read(window, FormatSettings(choice.format, drop: order.fileName, sidecar: sidecar), into: sink)
      }
    } catch is RowTooLong {
      throw Problem(tooLongRow: sink.sourceRow + 1, file: name, limit: order.limits.rowBytes)
    }
    rows += sink.rows
    warnings += [text.remark].compactMap(\.self) + sink.warnings
    if sink.holdsOnlyHeader {
      guard isInside else { throw Problem(onlyHeader: name, sidecarName: sidecarName) }
      skipped.add(name, "because they hold a header and no rows")
    }
    files.append(
      IngestResult.SourceFile(
        name: name, format: choice.format, bytes: counted.count, rows: sink.rows, badRows: sink.badRowCount,
        encoding: text.title + (hasMark ? " with byte order mark" : ""), dialect: sink.dialect, split: split))
  }
}

extension DropReading {
  /// Whether the dropped file may become the canonical one: it ends as a canonical one does, and nobody else has a name for
  /// it or could write to it, so that rows which were checked stay as they are.
  private func canStay(_ file: FilePath) throws -> Bool {
    guard order.rowsMayStay, order.sidecar?.maximumRows == nil else { return false }
    let status = try fileSystem.status(file)
    guard status.kind == .file, status.links == 1, status.owner == Machine.user, status.size > 0 else { return false }
    var last: [UInt8] = [0]
    let opened = try fileSystem.open(file, .reading)
    try fileSystem.closing(opened) { () throws(SystemError) in
      try fileSystem.seek(opened, to: status.size - 1)
      _ = try fileSystem.readChunk(opened, &last)
    }
    return last == [0x0A]
  }
}

/// Counts what is read of another source.
private final class CountedSource: ByteSource {
  private(set) var count = 0
  private let source: any ByteSource
  private let onRead: (Int) throws -> Void

  init(_ source: any ByteSource, onRead: @escaping (Int) throws -> Void) {
    self.source = source
    self.onRead = onRead
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let got = try source.read(into: buffer)
    count += got
    try onRead(got)
    return got
  }

  func turn() { source.turn() }
  func settle() { source.settle() }
}
