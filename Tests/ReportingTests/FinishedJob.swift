import Domain
import Platform
import Reporting
import StrictJSON
import SystemPackage
import TestSupport

/// A job that has done its work: its facts, and its folder as the worker leaves it.
struct FinishedJob {
  let root: TemporaryRoot
  var facts: JobFacts

  init() throws {
    root = try TemporaryRoot()
    facts = JobFacts(
      id: JobID(name: SafeName(from: "tiny"), number: 2), name: "tiny", createdAt: Specimen.time, startedAt: Specimen.time + 1,
      finishedAt: Specimen.time + 3, configuration: Configuration.decode(try JSONParser.parse(Self.config), source: .none).0,
      pins: Specimen.pins(), metrics: Specimen.metrics(), trainRows: 1_234, trainSchema: .promptCompletion)
    try write("job", to: layout.job)
    try write("config", to: layout.config)
    try write("rows", to: layout.metricRows)
    try write("summary", to: layout.metrics)
    try write("weights", to: layout.finalModel.appending("model.safetensors"))
  }

  private static let config =
    #"{"training": {"method": "sft", "max_steps": 4, "batch_size": 2, "gradient_accumulation_steps": 3}, "seed": 7}"#

  var layout: JobLayout { root.workspace.job(facts.id) }
  var publisher: Publisher { Publisher(layout: root.layout, files: LinuxFileSystem()) }

  private func write(_ text: String, to path: FilePath) throws {
    let files = LinuxFileSystem()
    try files.makeFolders(path.removingLastComponent())
    try files.writeInPlace(Array(text.utf8), to: path)
  }

  func text(_ path: FilePath) throws -> String { String(decoding: try LinuxFileSystem().contents(of: path), as: UTF8.self) }
}
