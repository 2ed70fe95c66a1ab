import Domain
import Platform
import SystemPackage

extension Publisher {
  /// The hashes of every input and of every output that stands in the job's folder by now.
  func manifest(of facts: JobFacts) throws -> Manifest {
    let job = layout.workspace.job(facts.id)
    var inputs = facts.pins.trained.map {
      Manifest.Input(role: "dataset", name: $0.name.text, version: $0.version, sha256: $0.sha256)
    }
    if let eval = facts.pins.eval {
      inputs.append(.init(role: "evaluation dataset", name: eval.name.text, version: eval.version, sha256: eval.sha256))
    }
    if let config = facts.pins.config {
      inputs.append(.init(role: "config", name: config.name.text, version: config.version, sha256: config.sha256))
    }
    if let model = facts.pins.model { inputs.append(.init(role: "base model", name: model.name, version: nil, sha256: model.sha256)) }
    for (role, path) in [("job file", job.job), ("resolved config", job.config)] {
      inputs.append(.init(role: role, name: path.lastComponent?.string ?? role, version: nil, sha256: try files.sha256(of: path).sha256))
    }
    var outputs: [Manifest.Output] = []
    for path in [job.plan, job.metricRows, job.metrics, job.evaluation, job.samples, job.firstBatch] where files.exists(path) {
      outputs.append(try output(path, in: job))
    }
    for (relative, status) in try files.walk(job.finalModel) where status.kind == .file {
      outputs.append(try output(job.finalModel.pushing(relative), in: job))
    }
    return Manifest(
      job: facts.id, version: DropforgeVersion.text, command: "dropforge drop job.json --wait", seed: facts.configuration.seed,
      inputs: inputs,
      outputs: outputs.sorted { $0.path < $1.path },
      machine: .init(processor: Machine.processor, kernels: facts.metrics.kernels, threads: facts.pins.threads, system: Machine.system),
      libraries: facts.metrics.libraries, createdAt: facts.finishedAt)
  }

  private func output(_ path: FilePath, in job: JobLayout) throws -> Manifest.Output {
    let (sha256, bytes) = try files.sha256(of: path)
    var relative = path
    _ = relative.removePrefix(job.folder)
    return .init(path: relative.string, bytes: bytes, sha256: sha256)
  }
}
