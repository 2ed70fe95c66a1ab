import Domain
import Platform
import Synchronization
import SystemPackage

/// A file that is being brought: `<etag>.incomplete` with its record beside it. Several threads write stretches of it.
///
/// A kill at any moment leaves a file and a record that go together: bytes are written before the record counts them, and made durable
/// before it calls them so. Whatever went wrong all the same the hash at the end finds.
final class PartialFile: Sendable {
  private struct State {
    var record: PartialRecord
    var taken: Set<Int> = []
    /// Raised by a restart: writers of before it give up.
    var generation = 0
    var isChanged = false
    /// Bytes since the last fsync.
    var unsynced = 0
    var restarts = 0
  }

  let path: FilePath
  let etag: String
  let size: Int
  /// In the repository.
  let name: String
  private let recordPath: FilePath
  private let files: any FileSystem
  private let state: Mutex<State>
  /// One at a time writes the record. True: there is none any more.
  private let isOver = Mutex(false)
  /// Some bytes are of an earlier process.
  let isResumed: Bool

  /// Bytes after which what is written is made durable: what a power cut may cost of each file.
  private static let syncBytes = 128 << 20

  /// Takes up what stands, where it is of the same content; else begins.
  init(
    _ layout: DownloadLayout, etag: String, size: Int, commit: String, path name: String, partBytes: Int, boot: String,
    files: any FileSystem
  ) throws {
    let key = SafeName(from: etag).text
    let (path, recordPath) = (layout.incomplete(etag: key), layout.incompleteRecord(etag: key))
    (self.path, self.recordPath) = (path, recordPath)
    (self.etag, self.size, self.name) = (etag, size, name)
    self.files = files
    let standing = try files.statusIfPresent(path)?.size
    let known = standing.flatMap { bytes -> PartialRecord? in
      guard let text = try? files.contents(of: recordPath, limit: 8 << 20),
        let record = try? PublishedJSON.decode(PartialRecord.self, from: text), record.etag == etag, record.size == size
      else { return nil }
      return record.resumed(boot: boot, bytes: bytes)
    }
    isResumed = known.map { $0.written > 0 } ?? false
    let record = known ?? PartialRecord(etag: etag, size: size, commit: commit, path: name, partBytes: partBytes, boot: boot)
    state = Mutex(State(record: record))
    if known == nil {
      try files.makeFolders(layout.incomplete)
      try files.close(try files.open(path, .writing))
      try save(durably: false)
    }
  }

  struct Stretch: Sendable, Equatable {
    var part: Int
    var generation: Int
    /// First byte that is missing, and the byte behind the last.
    var start: Int
    var end: Int
  }

  /// A stretch that nobody is bringing; nil: there is none.
  func take() -> Stretch? {
    state.withLock { state in
      guard let part = state.record.parts.indices.first(where: { !state.record.parts[$0].isWhole && !state.taken.contains($0) }) else {
        return nil
      }
      state.taken.insert(part)
      return Self.stretch(part, state)
    }
  }

  /// The same stretch without what has come meanwhile; nil where the file was begun anew.
  func rest(of stretch: Stretch) -> Stretch? {
    state.withLock { $0.generation == stretch.generation ? Self.stretch(stretch.part, $0) : nil }
  }

  private static func stretch(_ part: Int, _ state: State) -> Stretch {
    let known = state.record.parts[part]
    return Stretch(part: part, generation: state.generation, start: known.start + known.written, end: known.start + known.length)
  }

  func giveBack(_ stretch: Stretch) {
    state.withLock { if $0.generation == stretch.generation { $0.taken.remove(stretch.part) } }
  }

  /// Counts bytes that were written. False where the file was begun anew: the writer is to give up.
  func wrote(_ count: Int, of stretch: Stretch) -> Bool {
    state.withLock { state in
      guard state.generation == stretch.generation else { return false }
      state.record.parts[stretch.part].written += count
      state.unsynced += count
      state.isChanged = true
      return true
    }
  }

  func isCurrent(_ stretch: Stretch) -> Bool { state.withLock { $0.generation == stretch.generation } }

  /// Drops every byte. Whoever brings a stretch of it gives up.
  ///
  /// - Parameter stretch: whose bringing showed that it is needed: another thread may have done it meanwhile.
  /// - Returns: how often that has happened.
  @discardableResult
  func restart(inOnePart: Bool, after stretch: Stretch? = nil) throws -> Int {
    let restarts = state.withLock { state -> Int? in
      if let stretch, stretch.generation != state.generation { return nil }
      state.restarts += 1
      state.generation += 1
      state.taken = []
      state.record.restart(inOnePart: inOnePart)
      state.isChanged = true
      return state.restarts
    }
    guard let restarts else { return 0 }
    try files.close(try files.open(path, .writing))
    try save(durably: false)
    return restarts
  }

  var written: Int { state.withLock(\.record.written) }
  var isWhole: Bool { state.withLock(\.record.isWhole) }
  var parts: Int { state.withLock(\.record.parts.count) }
  var isBusy: Bool { state.withLock { !$0.taken.isEmpty } }

  /// Publishes the record, where something changed; now and then, and where it is asked for, after an fsync of the bytes.
  func save(durably: Bool) throws {
    try isOver.withLock { isOver in if !isOver { try saveAlone(durably: durably) } }
  }

  private func saveAlone(durably: Bool) throws {
    let (record, unsynced, isChanged) = state.withLock { ($0.record, $0.unsynced, $0.isChanged) }
    guard isChanged || durably || !files.exists(recordPath) else { return }
    var saved = record
    let isSynced = unsynced > 0 && (durably || unsynced >= Self.syncBytes)
    if isSynced {
      let file = try files.open(path, .readingAndWriting)
      try files.closing(file) { () throws(SystemError) in try files.sync(file) }
      for at in saved.parts.indices { saved.parts[at].durable = saved.parts[at].written }
    }
    let temporary = recordPath.removingLastComponent().appending(".\(recordPath.lastComponent?.string ?? "record").publishing")
    // No fsync of the record itself: what an older one says holds too, and half of one is no JSON, which begins the file anew.
    let bytes = try PublishedJSON.bytes(of: saved)
    let file = try files.open(temporary, .writing)
    try files.closing(file) { () throws(SystemError) in
      let result = bytes.withUnsafeBytes { buffer in Result { () throws(SystemError) in try files.writeAll(file, buffer) } }
      try result.get()
      if durably { try files.sync(file) }
    }
    try files.rename(temporary, to: recordPath)
    state.withLock { state in
      guard state.record.parts.count == saved.parts.count else { return }
      for at in saved.parts.indices where saved.parts[at].durable > state.record.parts[at].durable {
        state.record.parts[at].durable = min(saved.parts[at].durable, state.record.parts[at].written)
      }
      if isSynced { state.unsynced -= min(unsynced, state.unsynced) }
      state.isChanged = false
    }
  }

  /// The file is whole and checked: it goes to its place, whose folder stands, durably, and the record goes.
  func finish(at target: FilePath) throws {
    let file = try files.open(path, .readingAndWriting)
    try files.closing(file) { () throws(SystemError) in try files.sync(file) }
    try files.rename(path, to: target)
    try files.syncFolder(target.removingLastComponent())
    try isOver.withLock { isOver in
      isOver = true
      try files.removeTree(recordPath)
    }
  }

  /// Nothing of it is kept.
  func discard() throws {
    try isOver.withLock { isOver in
      isOver = true
      try files.removeTree(path)
      try files.removeTree(recordPath)
    }
  }
}
