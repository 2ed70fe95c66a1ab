import DatasetFormats
import Domain
import Platform
import SystemPackage

/// The README.md of a repository that was dropped as a folder or an archive: which files are which split, and what it says for people.
struct DropCard {
  static let name = "README.md"

  let facts: DatasetCardFacts?
  /// nil: it has no configs, or they are of no use.
  private(set) var splits: CardSplits?
  /// What keeps it from being followed.
  private var remarks: [String] = []
  /// The folder that it lies in, with the slash behind it: of an archive that holds one folder, that.
  private let root: String
  private let isConverted: Bool

  /// - Parameters:
  ///   - bytes: of README.md, at most `FrontMatter.mostBytes`.
  ///   - path: where it lies in the drop.
  /// - Throws: `Problem` where the sidecar wants a config that it has not.
  init(_ bytes: [UInt8], at path: String, _ order: IngestOrder) throws(Problem) {
    root = String(path.dropLast(Self.name.count))
    isConverted = order.isConverted
    var matter = DatasetCardMatter(nil)
    do throws(YAMLSyntaxError) {
      matter = DatasetCardMatter(try FrontMatter.parse(bytes))
    } catch {
      remarks.append(
        "README.md, line \(error.line), column \(error.column): what stands between its lines --- cannot be read: \(error.message). \(error.mend) Splits are told from the files' names."
      )
    }
    facts = matter.facts
    splits = try CardSplits(
      matter, wanted: order.sidecar?.config, sidecarName: DroppedFileName(order.fileName).stem + DatasetSidecar.ending)
  }

  /// Without its configs, where they name nothing that is here.
  private init(_ other: DropCard, remark: String) {
    (facts, root, isConverted) = (other.facts, other.root, other.isConverted)
    remarks = other.remarks + [remark]
  }

  var withoutConfigs: DropCard {
    DropCard(
      self,
      remark: "README.md's config '\(splits?.config ?? "")' names no file that is here. Splits are told from the files' names.")
  }

  var isOfUse: Bool { facts != nil || splits != nil || !remarks.isEmpty }
  var warnings: [String] { remarks + (splits?.remarks ?? []) }

  /// At the top of a folder.
  static func inFolder(_ folder: FilePath, _ order: IngestOrder, _ fileSystem: any FileSystem) throws -> DropCard? {
    let path = folder.appending(name)
    guard let status = try? fileSystem.status(path), status.kind == .file else { return nil }
    let source = try FileSource(path, name: name, fileSystem: fileSystem, onRead: { _ in })
    return try DropCard(try source.first(FrontMatter.mostBytes), at: name, order)
  }

  /// Whether a file of an archive may be the card: at its top, or in a folder at its top.
  static func isCard(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).drop { $0 == "." }
    return parts.last.map { $0 == name } == true && parts.count <= 2
  }

  mutating func place(of path: String) -> CardSplits.Place {
    guard splits != nil else { return .byName }
    var inside = path[...]
    while inside.hasPrefix("./") { inside = inside.dropFirst(2) }
    let root = root.hasPrefix("./") ? root.dropFirst(2) : root[...]
    guard inside.hasPrefix(root) else { return .outside(isOfAnother: false) }
    inside = inside.dropFirst(root.count)
    var names = [String(inside)]
    if isConverted, inside.hasSuffix(".jsonl") { names += ColumnarFile.endings.map { inside.dropLast(".jsonl".count) + $0 } }
    return splits?.place(of: names) ?? .byName
  }
}

/// An archive's card came behind files that it speaks of: the archive is read once more, with it.
struct CardCameLate: Error {
  let card: DropCard
}

extension ByteSource {
  /// Its first bytes, as many as there are.
  func first(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var filled = 0
    while filled < count {
      if filled == bytes.count { bytes += [UInt8](repeating: 0, count: min(bytes.count, count - filled)) }
      let got = try bytes.withUnsafeMutableBytes {
        try read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled..<min($0.count, count)]))
      }
      if got == 0 { break }
      filled += got
    }
    return Array(bytes[..<filled])
  }
}
