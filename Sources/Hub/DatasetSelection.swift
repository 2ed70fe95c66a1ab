import Domain
import StrictJSON

/// Which files of a dataset's repository a wish means.
struct DatasetSelection {
  let wish: DownloadWish
  let files: [HubFile]
  let card: DatasetCardMatter
  let client: HubClient

  struct Chosen {
    var files: [DownloadPlan.File]
    var config: String?
    var remarks: [String]
  }

  /// - Throws: `Problem` where config, split or files of the wish are not there, or nothing is within its limits.
  func choose() throws -> Chosen {
    var remarks: [String] = []
    let data = files.filter { Self.isData($0.path) }.sorted { $0.path < $1.path }
    guard !data.isEmpty else { throw noData() }
    var (config, chosen) = try ofConfig(data, &remarks)
    if !wish.files.isEmpty {
      (config, chosen, remarks) = (wish.config, try named(data), [])
    }
    chosen = try ofSplits(chosen)
    chosen = limitedByRows(chosen, config, &remarks)
    chosen = try limitedByBytes(chosen, &remarks)
    let names = SplitInference.localNames(of: Set(chosen.map(\.split)))
    let planned = chosen.map { file, split in
      DownloadPlan.File(path: file.path, size: file.size, hash: file.hash, split: names[split] ?? split)
    }
    return Chosen(files: planned, config: config, remarks: remarks)
  }

  private typealias Assigned = [(file: HubFile, split: String)]

  // MARK: which

  /// What may hold rows. Cards, licences, scripts and the datasets library's own records do not.
  static func isData(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
    guard !path.split(separator: "/").contains(where: { $0.hasPrefix(".") || $0.hasPrefix("__") }) else { return false }
    if ["dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "dummy_data.zip"].contains(name) { return false }
    let form = DroppedFileName(name)
    if ["readme", "license", "licence", "requirements"].contains(form.stem) { return false }
    return form.isDataset || name.hasSuffix(".parquet") || name.hasSuffix(".arrow")
  }

  private func ofConfig(_ data: [HubFile], _ remarks: inout [String]) throws -> (String?, Assigned) {
    guard !card.configs.isEmpty else { return try ofFolder(data) }
    let config: DatasetCardMatter.Config
    if let name = wish.config {
      guard let found = card.configs.first(where: { $0.name == name }) else { throw unknownConfig(name, among: card.configs.map(\.name)) }
      config = found
    } else if let usual = card.usual {
      config = usual
    } else if wish.files.isEmpty {
      throw Problem(
        "hub.config-missing", "\(wish.source) has several configs, and none of them is the usual one", at: .init(field: "config"),
        why: "it has \(Self.list(card.configs.map(\.name)))",
        mend: "Say which is meant, as \"config\": \(JSONNode(.string(card.configs[0].name)).text()).")
    } else {
      return (nil, [])
    }
    let within = { (path: String) in config.folder.map { PathPattern($0).matches(path) } ?? true }
    guard let patterns = config.patterns else { return (config.name, assigned(data.filter { within($0.path) })) }
    var chosen: Assigned = []
    for (split, texts) in patterns {
      let all = texts.map(config.pattern)
      if wish.splits.isEmpty || wish.splits.contains(split) {
        for (text, pattern) in zip(texts, all) where !data.contains(where: { pattern.matches($0.path) }) {
          remarks.append(CardSplits.unmatched(text, of: split, config: config.name))
        }
      }
      chosen += data.filter { file in all.contains { $0.matches(file.path) } }.map { ($0, split) }
    }
    return (config.name, chosen)
  }

  /// Without a word in the card a config is a folder of that name, at the top or in `data/`.
  private func ofFolder(_ data: [HubFile]) throws -> (String?, Assigned) {
    guard let name = wish.config, name != "default" else { return (wish.config, assigned(data)) }
    for folder in [name, "data/\(name)"] {
      let inside = data.filter { $0.path.hasPrefix(folder + "/") }
      if !inside.isEmpty { return (name, assigned(inside)) }
    }
    if !wish.files.isEmpty { return (name, []) }
    let folders = Set(data.compactMap { $0.path.split(separator: "/").dropLast().first.map(String.init) }).subtracting(["data"])
    throw unknownConfig(name, among: ["default"] + folders.sorted())
  }

  private func named(_ data: [HubFile]) throws -> Assigned {
    for text in wish.files where !files.contains(where: { PathPattern(text).matches($0.path) }) {
      throw Problem(
        "hub.file-unknown", "\(wish.source) has no file that '\(text)' means", at: .init(field: "files"),
        mend: "Look at its files at \(client.page)/tree/\(wish.revision); there are \(Self.list(data.map(\.path))).")
    }
    let patterns = wish.files.map(PathPattern.init)
    return assigned(data.filter { file in patterns.contains { $0.matches(file.path) } })
  }

  private func assigned(_ data: [HubFile]) -> Assigned {
    let byPath = Dictionary(data.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    return SplitInference.splits(of: data.map(\.path)).compactMap { path, split in byPath[path].map { ($0, split) } }
  }

  private func ofSplits(_ chosen: Assigned) throws -> Assigned {
    if chosen.isEmpty { throw noData() }
    let there = Set(chosen.map(\.split))
    for split in wish.splits where !there.contains(split) {
      let hint = NearestKey.suggestion(for: split, among: there.sorted()).map { " Did you mean \"\($0)\"?" } ?? ""
      throw Problem(
        "hub.split-unknown", "\(wish.source) has no split '\(split)'\(wish.config.map { " in its config '\($0)'" } ?? "")",
        at: .init(field: "split"), mend: "It has \(Self.list(there.sorted())); several are joined by +, and \"all\" is every one.\(hint)"
      )
    }
    return wish.splits.isEmpty ? chosen : chosen.filter { wish.splits.contains($0.split) }
  }

  // MARK: how much

  /// As many files of each split, in order, as hold the rows that are wanted, where the card counts rows: of equal parts, with a tenth
  /// to spare. What is too much is left to whoever reads them, who counts.
  private func limitedByRows(_ chosen: Assigned, _ config: String?, _ remarks: inout [String]) -> Assigned {
    guard let most = wish.maximumRows else { return chosen }
    var kept: Assigned = []
    for split in Self.unique(chosen.map(\.split)) {
      let parts = chosen.filter { $0.split == split }
      guard parts.count > 1, let rows = card.rows[config ?? "default"]?[split] else {
        kept += parts
        continue
      }
      let needed = Int((Double(most) * 1.1 * Double(parts.count) / Double(rows)).rounded(.up))
      if needed < parts.count {
        remarks.append(
          "Of the split '\(split)' \(needed) of \(parts.count) files are taken: they hold the \(Figures.grouped(most)) rows that are wanted."
        )
      }
      kept += parts.prefix(max(1, needed))
    }
    return kept
  }

  /// As many files, in order and of each split in turn, as fit.
  private func limitedByBytes(_ chosen: Assigned, _ remarks: inout [String]) throws -> Assigned {
    guard let most = wish.maximumBytes else { return chosen }
    let splits = Self.unique(chosen.map(\.split))
    var queues = splits.map { split in chosen.filter { $0.split == split } }
    var kept: Assigned = []
    var bytes = 0
    var isOpen = [Bool](repeating: true, count: queues.count)
    while let turn = queues.indices.first(where: { isOpen[$0] && !queues[$0].isEmpty }) {
      for at in queues.indices[turn...] where isOpen[at] && !queues[at].isEmpty {
        let next = queues[at][0]
        if bytes + next.file.size > most {
          isOpen[at] = false
        } else {
          bytes += next.file.size
          kept.append(next)
          queues[at].removeFirst()
        }
      }
    }
    guard let first = chosen.first else { return [] }
    guard !kept.isEmpty else {
      throw Problem(
        "hub.too-large", "not even the first file of \(wish.source) fits into \(Figures.grouped(most)) bytes",
        at: .init(file: first.file.path, field: "max_bytes"), why: "it has \(Figures.grouped(first.file.size))",
        mend: "Raise \"max_bytes\", or name smaller files with \"files\".")
    }
    if kept.count < chosen.count {
      remarks.append(
        "\(kept.count) of \(chosen.count) files are taken, \(Figures.bytes(bytes)): more would exceed \"max_bytes\", \(Figures.grouped(most))."
      )
    }
    return splits.flatMap { split in kept.filter { $0.split == split } }
  }

  // MARK: words

  private func noData() -> Problem {
    Problem(
      "hub.no-data", "\(wish.source) has no file that holds rows\(wish.config.map { " for the config '\($0)'" } ?? "")",
      why: "files are looked for that end in \(DatasetFormat.readableEndings), or .parquet",
      mend: "Look at its files at \(client.page)/tree/\(wish.revision), and name some with \"files\".")
  }

  private func unknownConfig(_ name: String, among names: [String]) -> Problem {
    let hint = NearestKey.suggestion(for: name, among: names).map { " Did you mean \"\($0)\"?" } ?? ""
    return Problem(
      "hub.config-unknown", "\(wish.source) has no config '\(name)'", at: .init(field: "config"),
      mend: "\(names.count == 1 ? "It has one" : "It has"): \(Self.list(names)).\(hint)")
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
  }

  private static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}
