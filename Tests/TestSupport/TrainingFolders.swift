import Domain
import Platform
import StrictJSON
import SystemPackage

/// A job's folder and a dataset's, laid out as the agent would have, for training in the test's own process.
package final class TrainingFolders: Sendable {
  package let folder: TemporaryFolder
  package let dataset: DatasetLayout
  package let files = LinuxFileSystem()

  package init() throws {
    folder = try TemporaryFolder()
    dataset = DatasetLayout(folder: folder.path.appending("dataset"))
  }

  package func job(_ name: String) -> JobLayout { JobLayout(folder: folder.path.appending(name)) }

  package var version: DatasetVersionLayout { dataset.version(1) }

  package var pin: TrainOrder.DatasetPin {
    .init(
      name: SafeName(from: "rows"), version: 1, sha256: String(repeating: "0", count: 64), folder: version.folder.string,
      datasetFolder: dataset.folder.string)
  }

  /// Where ingest reads its source from.
  package func source(_ text: String, named name: String) throws -> FilePath { try folder.write(text, to: "source/\(name)") }

  /// The order and the resolved config of a job, as the scheduler writes them.
  package func prepare(_ name: String, config: JSONNode, threads: Int = 2, baseModel: FilePath? = nil) throws -> TrainOrder {
    let job = job(name)
    for path in job.folders { try files.makeFolders(path) }
    let (configuration, findings) = Configuration.decode(config, source: .none)
    precondition(findings.errors.isEmpty, "the test's config has errors: \(findings)")
    try files.publish((configuration.node.text(.pretty) + "\n").utf8, to: job.config)
    return TrainOrder(
      job: JobID(name: SafeName(from: name), number: 1), name: name, folder: job.folder.string, train: pin, eval: nil,
      baseModel: baseModel?.string,
      tokenizer: nil, threads: threads)
  }

  package func bytes(_ path: FilePath) throws -> [UInt8] { try files.contents(of: path) }
}
