import Catalogue
import Domain
import Engines
import Intake
import Platform
import Scheduling
import StrictJSON
import SystemPackage

/// Conversions and exports, in the background: what a request asks for is noted, a worker streams the rows, and what it made is moved to
/// where it belongs in one step. Converted rows come in by the inbox, as every dataset does.
struct RowsErrands: ErrandWork {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  let limits: IngestLimits

  /// What stands in the catalogue of such an errand.
  struct Body: Codable, Sendable {
    var dataset: SafeName
    var version: Int
    var form: RowsOrder.Form
    /// Of the dataset that converted rows become.
    var name: SafeName?
  }

  private func body(_ errand: ErrandRecord) throws -> Body { try PublishedJSON.decode(Body.self, from: errand.body.utf8) }

  private func output(_ folder: ErrandLayout) -> FilePath { folder.folder.appending("output") }

  // MARK: asking

  /// What a request means, or why it cannot be done.
  func body(
    for reference: DatasetReference, form: RowsOrder.Form, name: String?, unknown: (SafeName) async throws -> Problem
  ) async throws -> Result<Body, Problem> {
    guard let latest = try await catalogue.latestStoredVersion(of: reference.name) else {
      return .failure(try await unknown(reference.name))
    }
    let wantedVersion = reference.version ?? latest.number
    guard let version = try await catalogue.version(wantedVersion, of: latest.dataset), version.isStored else {
      let known = try await catalogue.datasetVersions(of: latest.dataset).map { "\($0.number)" }.joined(separator: ", ")
      return .failure(
        Problem(
          "dataset.no-version", "the dataset '\(latest.dataset)' has no version \(wantedVersion)", at: .init(field: "dataset"),
          mend: "It has \(known)."))
    }
    var body = Body(dataset: version.dataset, version: version.number, form: form)
    guard case .converted(let target) = form else { return .success(body) }
    if let problem = Self.fault(of: version.result, version.dataset, target) { return .failure(problem) }
    let wanted = SafeName(from: name ?? "\(version.dataset)-\(Self.suffix(target))")
    if try await catalogue.sidecar(for: wanted)?.reading != nil {
      return .failure(
        Problem(
          "convert.sidecar", "a sidecar says how datasets called '\(wanted)' are read, and the converted rows are others",
          at: .init(field: "name"), mend: "Choose another name: {\"action\": \"convert\", \"name\": \"…\"}."))
    }
    body.name = wanted
    return .success(body)
  }

  private static func fault(of result: IngestResult, _ dataset: SafeName, _ target: DatasetSchema) -> Problem? {
    let shape = DatasetShape(result)
    if result.detected == target, shape != .implicitPreference { return Problem(dataset, isAlready: target, shape) }
    return shape.conversions.contains(target) ? nil : Problem(dataset, cannotBecome: target, shape)
  }

  static func suffix(_ target: DatasetSchema) -> String {
    switch target {
    case .instruction: "alpaca"
    case .preference: "preference"
    default: target.rawValue.replacing("/", with: "-")
    }
  }

  // MARK: ErrandWork

  func begin(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandStart {
    let body = try body(errand)
    guard try await catalogue.version(body.version, of: body.dataset)?.isStored == true else {
      throw Problem(
        "dataset.gone", "the dataset '\(body.dataset)', version \(body.version), is not here any more",
        mend: "It was deleted meanwhile: restore it, or drop it again.")
    }
    let order = RowsOrder(
      dataset: body.dataset, version: body.version, folder: layout.workspace.dataset(body.dataset).version(body.version).folder.string,
      output: output(folder).string, form: body.form, limits: limits)
    try files.publish(try PublishedJSON.bytes(of: order), to: folder.order)
    return .worker(.errand(errand.kind, folder.folder), threads: nil)
  }

  func conclude(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandResult {
    let body = try body(errand)
    let made = output(folder)
    let result = try PublishedJSON.decode(RowsResult.self, from: try files.contents(of: made.appending(RowsOrder.resultName)))
    let left = result.refused.map { " " + $0.sentence + "." }.joined()
    if let name = body.name, case .converted(let target) = body.form {
      let path = try drop(made, result, as: name)
      return ErrandResult(
        path: layout.relative(path),
        message:
          "\(Figures.grouped(result.written)) rows of \(target.rawValue) were made of '\(body.dataset)', and come in as '\(name)'.\(left)")
    }
    let format = body.form == .csv ? "csv" : "jsonl"
    let target = layout.workspace.exports.appending("\(body.dataset)-\(body.version)-\(format)")
    try files.removeTree(target)
    try files.move(made, to: target)
    return ErrandResult(
      path: layout.relative(target),
      message:
        "\(Figures.grouped(result.written)) rows of '\(body.dataset)', version \(body.version), lie in \(layout.relative(target))/ as \(format.uppercased())."
    )
  }

  func abandon(_ errand: ErrandRecord, in folder: ErrandLayout) async throws { try files.removeTree(output(folder)) }

  /// One file where all rows are train, else a folder with a file a split. An inbox may lie on another disk.
  private func drop(_ made: FilePath, _ result: RowsResult, as name: SafeName) throws -> FilePath {
    let inbox = layout.inbox.folder(of: .dataset)
    let isOne = result.files.count == 1 && result.files[0].name == "train.jsonl"
    try files.removeFile(made.appending(RowsOrder.resultName))
    let source = isOne ? made.appending("train.jsonl") : made
    let target = inbox.appending(isOne ? "\(name).jsonl" : name.text)
    let hidden = inbox.appending(".\(target.lastComponent?.string ?? "").part")
    try files.removeTree(hidden)
    do throws(SystemError) {
      try files.rename(source, to: hidden)
    } catch {
      guard error.code == .improperLink else { throw error }
      try files.copyTree(source, to: hidden)
    }
    do throws(SystemError) {
      try files.move(hidden, to: target)
    } catch {
      try? files.removeTree(hidden)  // the error is the one to tell
      guard error.code == .fileExists else { throw error }
      throw Problem(
        "convert.in-the-way", "\(layout.relative(target)) lies in the inbox", mend: "Wait until it is taken in, and convert again.")
    }
    try files.removeTree(made)
    return target
  }
}
