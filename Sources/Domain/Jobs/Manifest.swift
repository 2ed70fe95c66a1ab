/// `manifest.json` in a job's folder: hashes of every input, seeds, versions, the command: enough to repeat the run.
package struct Manifest: Codable, Sendable, Equatable {
  package struct Input: Codable, Sendable, Equatable {
    package var role: String
    package var name: String
    package var version: Int?
    package var sha256: String
    package init(role: String, name: String, version: Int?, sha256: String) {
      self.role = role
      self.name = name
      self.version = version
      self.sha256 = sha256
    }
  }

  package struct Output: Codable, Sendable, Equatable {
    /// Relative to the job's folder.
    package var path: String
    package var bytes: Int
    package var sha256: String
    package init(path: String, bytes: Int, sha256: String) {
      self.path = path
      self.bytes = bytes
      self.sha256 = sha256
    }
  }

  package struct Machine: Codable, Sendable, Equatable {
    package var processor: String
    /// The instruction sets that the kernels chose: part of what the same bits depend on.
    package var kernels: String
    package var threads: Int
    package var system: String
    package init(processor: String, kernels: String, threads: Int, system: String) {
      self.processor = processor
      self.kernels = kernels
      self.threads = threads
      self.system = system
    }
  }

  package var schema = "dropforge.manifest/1"
  package var job: JobID
  package var version: String
  package var command: String
  package var seed: Int
  package var inputs: [Input]
  package var outputs: [Output]
  package var machine: Machine
  package var libraries: [String: String]
  package var createdAt: Timestamp

  enum CodingKeys: String, CodingKey {
    case schema, job, version, command, seed, inputs, outputs, machine, libraries
    case createdAt = "created_at"
  }

  package init(
    job: JobID, version: String, command: String, seed: Int, inputs: [Input], outputs: [Output], machine: Machine,
    libraries: [String: String],
    createdAt: Timestamp
  ) {
    self.job = job
    self.version = version
    self.command = command
    self.seed = seed
    self.inputs = inputs
    self.outputs = outputs
    self.machine = machine
    self.libraries = libraries
    self.createdAt = createdAt
  }
}
