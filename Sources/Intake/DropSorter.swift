import Domain
import Platform
import StrictJSON
import SystemPackage

/// A small JSON file, read.
package struct JSONDocument: Sendable {
  package var bytes: [UInt8]
  package var node: JSONNode
  package var source: ConfigSource
  package var sha256: String
}

/// Tells what a drop is: from the folder it was dropped into, else from its name and content.
package struct DropSorter: Sendable {
  private let files: any FileSystem

  package init(files: any FileSystem) { self.files = files }

  package enum Sorted: Sendable {
    /// Bytes that only a worker may parse.
    case foreign(DropKind)
    case json(JSONKind, JSONDocument)
    case refused(Problem, DropKind?)
  }

  package enum JSONKind: Sendable, Equatable {
    case config, job, request, sidecar
    /// Says where a model is to be downloaded from.
    case modelWish

    /// The inbox's folder that it belongs into.
    package var dropKind: DropKind {
      switch self {
      case .config: .config
      case .job: .job
      case .request: .request
      case .sidecar: .dataset
      case .modelWish: .model
      }
    }
  }

  /// Small JSON is at most so long: a job file of a megabyte is a mistake.
  static let smallJSONLimit = 1 << 20

  package func sort(_ path: FilePath, kind: DropKind?, isFolder: Bool, size: Int) throws -> Sorted {
    let name = path.lastComponent?.string ?? path.string
    switch kind {
    case .dataset where !isFolder && name.lowercased().hasSuffix(DatasetSidecar.ending):
      return try document(at: path, name: name, kind: .sidecar, dropKind: .dataset)
    case .dataset: return .foreign(.dataset)
    case .model: return try sortModel(path, name: name, isFolder: isFolder, size: size)
    case .config?: return try small(path, name, .config, .config, isFolder)
    case .job?: return try small(path, name, .job, .job, isFolder)
    case .request?: return try small(path, name, .request, .request, isFolder)
    case nil: return try sortLoose(path, name: name, isFolder: isFolder, size: size)
    }
  }

  /// Small JSON with a `source` asks for a download; all else is a worker's to read, a tokenizer.json too.
  private func sortModel(_ path: FilePath, name: String, isFolder: Bool, size: Int) throws -> Sorted {
    guard !isFolder, name.lowercased().hasSuffix(".json"), size <= Self.smallJSONLimit else { return .foreign(.model) }
    let sorted = try document(at: path, name: name, kind: .modelWish, dropKind: .model)
    if case .json(_, let document) = sorted, document.node["source"] == nil { return .foreign(.model) }
    return sorted
  }

  private func small(_ path: FilePath, _ name: String, _ kind: JSONKind, _ dropKind: DropKind, _ isFolder: Bool) throws -> Sorted {
    if isFolder {
      return .refused(
        Problem(
          "drop.folder", "\(name) is a folder, but inbox/\(dropKind.folderName)/ takes JSON files",
          mend: "Drop the JSON file itself. A dataset's folder belongs into inbox/datasets/, a model's into inbox/models/."), dropKind)
    }
    return try document(at: path, name: name, kind: kind, dropKind: dropKind)
  }

  private func sortLoose(_ path: FilePath, name: String, isFolder: Bool, size: Int) throws -> Sorted {
    if isFolder { return .foreign(files.exists(path.appending("config.json")) ? .model : .dataset) }
    if name.lowercased().hasSuffix(DatasetSidecar.ending) {
      return try document(at: path, name: name, kind: .sidecar, dropKind: .dataset)
    }
    if name.lowercased().hasSuffix(ModelWishFile.ending) { return try sortModel(path, name: name, isFolder: isFolder, size: size) }
    let form = DroppedFileName(name)
    if ColumnarFile.stem(of: name) != nil { return .foreign(.dataset) }
    guard form.format == .json, form.compression == nil else {
      return form.isDataset ? .foreign(.dataset) : .refused(unknownKind(name, "its ending is none that a dataset has"), nil)
    }
    guard size <= Self.smallJSONLimit else { return .foreign(.dataset) }
    let sorted = try document(at: path, name: name, kind: .job, dropKind: nil)
    guard case .json(_, let document) = sorted else { return sorted }
    return switch ContentKind.kind(of: document.node) {
    case .job: .json(.job, document)
    case .config: .json(.config, document)
    case .request: .json(.request, document)
    case .dataset: .foreign(.dataset)
    case .model, nil: .refused(unknownKind(name, "its keys are those of no job, config, request or dataset"), nil)
    }
  }

  private func unknownKind(_ name: String, _ why: String) -> Problem {
    Problem(
      "drop.unknown-kind", "it cannot be told what \(name) is", why: why,
      mend:
        "Put it into the folder it is meant for: inbox/datasets/ (\(DatasetFormat.readableEndings)), inbox/jobs/, inbox/configs/, inbox/models/ or inbox/requests/."
    )
  }

  private func document(at path: FilePath, name: String, kind: JSONKind, dropKind: DropKind?) throws -> Sorted {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try files.contents(of: path, limit: Self.smallJSONLimit)
    } catch {
      switch error.code {
      case .permissionDenied, .notPermitted: return .refused(Problem(unreadable: name, error), dropKind)
      case .fileTooLarge:
        return .refused(
          Problem(
            "drop.too-large", "\(name) is larger than \(Self.smallJSONLimit >> 20) MiB, and a job, config or request never is",
            mend: "If it is a dataset, drop it into inbox/datasets/."), dropKind)
      default: throw error
      }
    }
    if bytes.isEmpty {
      return .refused(
        Problem("drop.empty", "\(name) is empty: 0 bytes", mend: "Look whether the program that wrote it has finished, and drop it again."),
        dropKind)
    }
    do throws(JSONSyntaxError) {
      let node = try JSONParser.parse(bytes)
      return .json(kind, JSONDocument(bytes: bytes, node: node, source: ConfigSource(bytes), sha256: SHA256.hash(bytes)))
    } catch {
      return .refused(Problem(syntax: error, in: name), dropKind)
    }
  }
}

extension Problem {
  init(syntax error: JSONSyntaxError, in name: String) {
    self.init(
      "json.\(error.code.rawValue)", "\(name) is not valid JSON",
      at: .init(file: name, line: error.line, character: error.column, byte: error.byte),
      why: error.message, mend: "Mend that place in the file and drop it again.")
  }

  init(unreadable name: String, _ error: SystemError) {
    self.init(
      "drop.unreadable", "\(name) cannot be read: the agent has no right to", why: "the file's owner has closed it to others",
      mend: "Open it for reading (chmod a+r '\(name)') and drop it again.", cause: error.description)
  }

  /// What failed is our own disk, not the drop.
  init(storing error: SystemError) {
    let isFull = error.code == .noSpace || error.code == .diskQuotaExceeded
    self.init(
      isFull ? Problem.diskFullCode : Problem.diskErrorCode, isFull ? "the disk is full" : "the agent could not store something",
      mend: error.mend ?? "Look into the agent's log.", cause: error.description)
  }

  /// - Parameter space: on the disk of the root. Much of it is free where the number of files, or a quota, is what is used up.
  init(diskFull space: DiskSpace, for drop: ClaimedDrop, cause: String) {
    let needed = Self.room(for: drop)
    let figures = "\(Figures.bytes(space.free)) are free on it, and taking in \(drop.name) needs about \(Figures.bytes(needed))"
    self.init(
      Problem.diskFullCode, "the disk is full",
      why: space.free > 2 * needed ? "\(figures), so that a quota or the number of files (df -i) is used up" : figures,
      mend: "Free space on the disk; the drop is taken in by itself then.", cause: cause)
  }

  /// Bytes that are stored beside the drop itself: a dataset's rows are about as large as what they were read from, and some
  /// times as large where that is compressed; then the catalogue, cards and receipts.
  private static func room(for drop: ClaimedDrop) -> Int {
    let form = DroppedFileName(drop.name)
    let isPacked = form.compression != nil || form.archive != nil
    let rows = drop.kind == .dataset || drop.kind == .model || form.isDataset && drop.kind == nil ? drop.size * (isPacked ? 5 : 1) : 0
    return rows + 100_000
  }
}
