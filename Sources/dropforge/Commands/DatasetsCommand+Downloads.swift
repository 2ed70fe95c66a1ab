import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

extension DatasetsCommand {
  struct Available: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "available", abstract: "Datasets of the Hugging Face Hub that can be asked for by one word.")
    @Flag(help: "One JSON array.") var json = false

    func run() async throws {
      try await reporting {
        if json { return Terminal.say(JSONNode(.array(DatasetPreset.all.map(Self.node))).text(.pretty)) }
        let rows = DatasetPreset.all.map { preset in
          [
            preset.name, preset.repository + (preset.config.map { ", \($0)" } ?? ""), preset.split ?? "all",
            preset.rows.map(Figures.grouped) ?? "", preset.bytes.map(Figures.bytes) ?? "", preset.fileBytes.map(Figures.bytes) ?? "",
            preset.licence, preset.summary,
          ]
        }
        Terminal.say(Terminal.table(["NAME", "SOURCE", "SPLIT", "ROWS", "SIZE", "A FILE OF IT", "LICENCE", "WHAT IT IS"], rows))
        Terminal.say(
          "\nDrop a file NAME.dataset.json into inbox/datasets/ that says which, and how much of it:\n"
            + #"  {"source": "finemath", "max_rows": 100000}"#
            + "\nAny other one of the Hub is hf:OWNER/NAME. Sizes are about what was last seen.")
      }
    }

    private static func node(_ preset: DatasetPreset) -> JSONNode {
      var object: JSONObject = ["name": preset.name.node, "source": preset.source.description.node]
      if let config = preset.config { object["config"] = config.node }
      if let split = preset.split { object["split"] = split.node }
      if let rows = preset.rows { object["rows"] = rows.node }
      if let bytes = preset.bytes { object["bytes"] = bytes.node }
      if let bytes = preset.fileBytes { object["file_bytes"] = bytes.node }
      object["columns"] = preset.columns.node
      object["license"] = preset.licence.node
      object["description"] = preset.summary.node
      return JSONNode(.object(object))
    }
  }

  struct Downloaded: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "downloaded", abstract: "What is being downloaded from the Hub, and what was: the newest first.")
    @OptionGroup var root: RootOption
    @Flag(help: "One JSON array.") var json = false

    func run() async throws {
      try await reporting {
        let downloads = try DownloadShelf(try root.existing()).downloads()
        if json { return Terminal.say(JSONNode(.array(try downloads.map { try $0.node })).text(.pretty)) }
        if downloads.isEmpty {
          return Terminal.say("nothing was downloaded yet; `dropforge datasets available` tells what can be had by one word")
        }
        Terminal.say(Terminal.table(["NAME", "STATE", "PROGRESS", "SIZE", "SOURCE", "COMMIT", "LICENCE", "REMARK"], downloads.map(\.row)))
      }
    }
  }
}

/// Downloads as their files tell them.
struct DownloadShelf {
  private let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  struct Download {
    var status: ErrandStatus
    var order: DownloadOrder?
    var plan: DownloadPlan?

    var row: [String] {
      let isOpen = !status.state.isFinal
      return [
        status.about.text, status.state.rawValue, status.progress.map { "\(Figures.fixed($0, 1)) %" } ?? "",
        plan.map { Figures.bytes($0.bytes) } ?? "", order?.wish.title ?? "", plan.map { String($0.commit.prefix(12)) } ?? "",
        plan?.licence ?? "",
        isOpen
          ? [
            status.state == .running && (status.done ?? 0) == 0 ? status.phase : nil,
            status.rate.flatMap { $0 > 0 ? "\(Figures.bytes(Int($0))) a second" : nil }, status.eta.map { "\(Figures.duration($0)) to go" },
            status.estimate?.seconds.map { "\(Figures.duration($0)) estimated" },
            status.reason ?? (status.total == nil ? status.note : nil),
          ]
          .compactMap(\.self).joined(separator: ", ")
          : status.state == .completed ? "" : status.reason ?? "",
      ]
    }

    var node: JSONNode {
      get throws {
        var object = try JSONParser.parse(PublishedJSON.bytes(of: status)).object ?? JSONObject()
        if let order { object["wish"] = try JSONParser.parse(PublishedJSON.bytes(of: order.wish)) }
        if let plan { object["plan"] = try JSONParser.parse(PublishedJSON.bytes(of: plan)) }
        return JSONNode(.object(object))
      }
    }
  }

  func downloads() throws -> [Download] {
    guard files.isFolder(layout.workspace.errands) else { return [] }
    return try files.names(in: layout.workspace.errands).compactMap { ErrandID($0.string) }.compactMap { id -> Download? in
      let folder = layout.workspace.errand(id)
      guard let status = read(ErrandStatus.self, folder.status), status.kind == .download else { return nil }
      let download = DownloadLayout(folder: folder.folder)
      return Download(status: status, order: read(DownloadOrder.self, download.order), plan: read(DownloadPlan.self, download.plan))
    }.sorted { $0.status.createdAt > $1.status.createdAt }
  }

  /// nil where it is not there, or is of another version.
  private func read<Value: Decodable>(_ type: Value.Type, _ path: FilePath) -> Value? {
    (try? files.contents(of: path)).flatMap { try? PublishedJSON.decode(type, from: $0) }
  }
}
