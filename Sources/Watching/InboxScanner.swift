import Domain
import Platform
import SystemPackage

/// Looks: turns a path in the inbox into a sighting. It knows which names in the inbox are drops and how a folder is walked;
/// what follows from a sighting is `SettleTracker`'s.
package struct InboxScanner: Sendable {
  private let inbox: FilePath
  private let kinds: [FilePath: DropKind]
  private let fileSystem: any FileSystem
  private let openForWriting: @Sendable (FilePath) -> OpenForWriting.Answer
  /// Names in the inbox that are ours.
  private let ownNames: Set<FilePath.Component>

  package init(
    layout: InboxLayout, fileSystem: any FileSystem,
    openForWriting: @escaping @Sendable (FilePath) -> OpenForWriting.Answer = OpenForWriting.ask
  ) {
    inbox = layout.folder
    kinds = Dictionary(uniqueKeysWithValues: DropKind.allCases.map { (layout.folder(of: $0), $0) })
    self.fileSystem = fileSystem
    self.openForWriting = openForWriting
    ownNames = Set(layout.folders.filter { $0 != layout.folder }.compactMap(\.lastComponent))
  }

  /// The kind of what is dropped into a watched folder; nil for the inbox itself.
  package func kind(of folder: FilePath) -> DropKind? { kinds[folder] }

  /// Whether a name in a watched folder can be a drop: in the inbox itself our own folders are none.
  package func isDrop(_ name: FilePath.Component, in folder: FilePath) -> Bool { folder != inbox || !ownNames.contains(name) }

  /// Every path in a watched folder that can be a drop.
  package func drops(in folder: FilePath) throws(SystemError) -> [FilePath] {
    try fileSystem.names(in: folder).filter { isDrop($0, in: folder) }.map { folder.appending($0) }
  }

  /// nil where nothing is there (any more).
  /// - Parameter entering: called before a folder of a dropped tree is listed, itself included: what a watch that is added
  ///   there does not tell, the listing shows.
  package func sight(_ path: FilePath, entering: (FilePath) -> Void = { _ in }) throws(SystemError) -> Sighting? {
    guard let status = try fileSystem.statusIfPresent(path) else { return nil }
    var sighting = Sighting(path: path, kind: kind(of: path.removingLastComponent()), status: status)
    guard status.kind == .folder, TemporaryName.verdict(on: sighting.name) == .ordinary else { return sighting }
    do throws(SystemError) {
      var summary = FolderSummary(folder: status)
      try walk(path, entering: entering) { member, status in
        summary.add(member, status, isUnfinished: Self.isUnfinished(member))
      }
      sighting.summary = summary
    } catch {
      sighting.trouble = error
    }
    return sighting
  }

  package func answer(_ question: SettleTracker.Question, for sighting: Sighting) -> Sighting {
    var answered = sighting
    switch question {
    case .isOpenForWriting: answered.writers = writers(of: sighting)
    case .showsItselfWhole:
      let bytes = try? fileSystem.contents(of: sighting.path, limit: WholeDocument.maximumBytes)
      answered.showsItselfWhole = bytes.map { WholeDocument.shows($0, name: sighting.name, kind: sighting.kind) } ?? false
    }
    return answered
  }

  private func writers(of sighting: Sighting) -> Sighting.Writers {
    guard sighting.status.kind == .folder else { return Sighting.Writers(openForWriting(sighting.path), member: nil) }
    var found = Sighting.Writers.nobody
    try? walk(sighting.path, entering: { _ in }) { member, status in
      guard status.kind == .file else { return }
      if case .somebody = found { return }
      let answer = Sighting.Writers(openForWriting(sighting.path.pushing(member)), member: member)
      if answer != .nobody { found = answer }
    }
    return found
  }

  private static func isUnfinished(_ member: FilePath) -> Bool {
    guard let name = member.lastComponent else { return false }
    return TemporaryName.verdict(onMember: name.string) == .writing
  }

  /// Every member of a tree, folders before what is in them. What vanishes while it is walked was not there.
  private func walk(
    _ folder: FilePath, entering: (FilePath) -> Void, _ visit: (FilePath, FileStatus) -> Void
  ) throws(SystemError) {
    var pending: [FilePath] = [""]
    while let relative = pending.popLast() {
      let here = folder.pushing(relative)
      entering(here)
      let names: [FilePath.Component]
      do throws(SystemError) {
        names = try fileSystem.names(in: here)
      } catch {
        if error.code == .noSuchFileOrDirectory { continue }
        throw error
      }
      for name in names {
        let member = relative.appending(name)
        guard let status = try fileSystem.statusIfPresent(folder.pushing(member)) else { continue }
        visit(member, status)
        if status.kind == .folder { pending.append(member) }
      }
    }
  }
}

extension Sighting.Writers {
  init(_ answer: OpenForWriting.Answer, member: FilePath?) {
    self =
      switch answer {
      case .yes: .somebody(member)
      case .no: .nobody
      case .unknown: .unknown
      }
  }
}
