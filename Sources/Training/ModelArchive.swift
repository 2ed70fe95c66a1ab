import DatasetFormats
import Domain
import Platform
import SystemPackage

/// A model that was dropped as an archive: the files that a model consists of are written out, under their own last names
/// and into one folder; nothing else of it reaches the disk.
struct ModelArchive {
  let order: ModelOrder
  let files: any FileSystem

  /// Names that a Hugging Face folder has.
  static func belongs(_ name: String) -> Bool {
    let whole: Set<String> = [
      "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
      "vocab.json", "merges.txt", "chat_template.jinja", "README.md", "LICENSE", "LICENSE.txt", "model.safetensors.index.json",
    ]
    return whole.contains(name) || name.hasSuffix(".safetensors")
  }

  /// Returns the folder that was made.
  func extract(to folder: FilePath) throws -> FilePath {
    try files.makeFolders(folder)
    let entries = try open()
    var home: String?
    var names: Set<String> = []
    while let entry = try entries.next() {
      guard entry.kind == .file else { continue }
      let parts = entry.path.split(separator: "/").map(String.init)
      guard let name = parts.last, Self.belongs(name) else { continue }
      let parent = parts.dropLast().joined(separator: "/")
      if let home, home != parent {
        throw Problem(
          "model.several", "\(order.fileName) holds files of a model in two folders: '\(home)' and '\(parent)'",
          mend: "Pack one model an archive: tar -czf model.tar.gz -C MODEL_FOLDER .")
      }
      home = parent
      guard names.insert(name).inserted else {
        throw Problem(
          "model.twice", "\(order.fileName) holds the file '\(name)' twice",
          mend: "Pack the model anew: tar -czf model.tar.gz -C MODEL_FOLDER .")
      }
      try write(entries.contents(), to: folder.appending(name))
    }
    try files.syncFolder(folder)
    KillPoint.pass(.modelExtracted)
    return folder
  }

  private func open() throws -> ArchiveEntries {
    let path = FilePath(order.source)
    let source = try FileSource(path, name: order.fileName, fileSystem: files)
    let meter = ExpansionMeter(name: order.fileName, sourceBytes: source.size, limits: order.limits)
    switch try ContentLayers(source, name: order.fileName, meter: meter) {
    case .archive(.tar, let tar, _): return try ArchiveEntries(tar: tar, name: order.fileName, meter: meter, limits: order.limits)
    case .archive(let kind, let bytes, isCompressed: false):
      return try ArchiveEntries(
        kind, at: path, head: bytes.head, name: order.fileName, fileSystem: files, meter: meter, limits: order.limits, onRead: { _ in })
    case .archive, .text:
      throw Problem(
        "model.no-model", "it is neither a folder nor an archive of one", at: .init(file: order.fileName),
        mend: "Drop the model's folder, or pack it: tar -czf model.tar.gz -C MODEL_FOLDER .")
    }
  }

  private func write(_ contents: any ByteSource, to path: FilePath) throws {
    let file = try files.open(path, .creating)
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try chunk.withUnsafeMutableBytes { try contents.read(into: $0) }
      if count == 0 { break }
      try chunk.withUnsafeBytes { try files.writeAll(file, UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
    try files.sync(file)
    try files.close(file)
  }
}
