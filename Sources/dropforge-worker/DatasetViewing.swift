import Domain
import Ingestion
import Platform
import StrictJSON
import SystemPackage

/// Looks at stored rows, for the command: a page of them, or what two versions differ in.
struct DatasetViewing {
  private let files: any FileSystem

  init(_ files: any FileSystem) { self.files = files }

  func run(_ verb: String, _ words: inout Words) throws -> WorkerExit {
    let asJSON = words.flag("--json")
    if verb == "compare" {
      let sides = [try side(&words), try side(&words)]
      let difference = try VersionComparison(fileSystem: files).difference(from: sides[0], to: sides[1])
      Output.write(asJSON ? String(decoding: try PublishedJSON.bytes(of: difference), as: UTF8.self) : difference.text + "\n")
      return difference.isEmpty ? .done : .differs
    }
    let split = words.option("--split")
    let page = words.option("--page").flatMap(Int.init) ?? 1
    let rows = words.option("--rows").flatMap(Int.init) ?? SamplePage.rowsAPage
    let (dataset, version, layout) = try place(&words)
    let text = try SamplePage.text(
      of: layout, dataset: dataset, version: version, split: split, page: page, rowsAPage: max(1, rows), fileSystem: files)
    Output.write(asJSON ? text : try SampleText(JSONParser.parse(text, repeatedKeys: .keepLast)).text)
    return .done
  }

  /// NAME VERSION FOLDER.
  private func place(_ words: inout Words) throws -> (SafeName, Int, DatasetVersionLayout) {
    let name = SafeName(from: try words.required("dataset"))
    let version = Int(try words.required("version")) ?? 1
    return (name, version, DatasetVersionLayout(folder: FilePath(try words.required("folder"))))
  }

  private func side(_ words: inout Words) throws -> VersionComparison.Side {
    let (dataset, version, layout) = try place(&words)
    return .init(dataset: dataset, version: version, layout: layout)
  }
}

/// A page of rows for a terminal.
private struct SampleText {
  private let page: JSONNode

  init(_ page: JSONNode) { self.page = page }

  private static let cellBytes = 1_200

  var text: String {
    func figure(_ key: String) -> String { Figures.grouped(page[key]?.int ?? 0) }
    var lines = [
      "\(page["dataset"]?.string ?? "")@\(figure("version")), \(page["split"]?.string ?? ""): page \(figure("page")) of \(figure("pages")), \(figure("rows")) rows"
    ]
    for item in page["items"]?.array ?? [] {
      lines.append("\n── row \(Figures.grouped(item["row"]?.int ?? 0))")
      if let begins = item["begins"]?.string { lines.append("\(Self.shown(begins)) (\(figure("bytes")) bytes, shown cut)") }
      for member in item["data"]?.object?.members ?? [] {
        lines.append("\(Self.shown(member.key)): \(Self.shown(member.node.string ?? member.node.text()))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What would steer a terminal is written out.
  private static func shown(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
      if shown.utf8.count > cellBytes { return shown + "…" }
      let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F..<0xA0).contains(scalar.value)
      if isControl { shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}" } else { shown.unicodeScalars.append(scalar) }
    }
    return shown
  }
}
