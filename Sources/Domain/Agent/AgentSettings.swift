import StrictJSON

/// `dropforge.json` in the root: the agent's own settings. `dropforge init` writes it with every default.
package struct AgentSettings: Section {
  package var runningJobs = 1
  package var runningIngests = 2
  package var threads: Int?
  package var settleSeconds = 8.0
  package var settleSecondsWhole = 0.3
  package var rescanSeconds = 30.0
  package var retrySeconds = 5.0
  package var badRowShare = 0.05
  package var stopSeconds = 20.0
  package var leastFreeDisk = 256
  package var leastFreeMemory = 128
  package var ingestMemory = 1_024
  package var ingestSeconds = 14_400.0
  package var ingestTotal = 1_024
  package var ingestFiles = 10_000
  package var ingestRow = 64
  package var ingestExpansion = 1_000
  package var allowsRewardCommands = false
  package var trashDays = 7.0
  package var python: String?
  package var hubEndpoint: String?
  package var hubTokenFile: String?
  package var hubConnections = 8
  package var downloadHours = 48.0

  package init() {}

  /// How often the inbox is looked through where no event tells of it.
  package var secondsBetweenLooks: Double { min(rescanSeconds, max(1, settleSeconds)) }

  package static let fields: [Field<AgentSettings>] = {
    [
      Field("running_jobs", \.runningJobs, limit: .within(1...64), "Jobs that train at the same time. Default: 1."),
      Field("running_ingests", \.runningIngests, limit: .within(1...64), "Datasets that are read at the same time. Default: 2."),
      Field("threads", \.threads, limit: .within(1...1_024), "Threads for a job's maths. Default: all processors of the machine."),
      Field(
        "settle_seconds", \.settleSeconds, limit: .within(0...3_600),
        "A file that was written in place (cp, an editor) is taken when it was left alone for so long. Files that arrive by rename are taken at once. Default: 8."
      ),
      Field(
        "settle_seconds_whole", \.settleSecondsWhole, limit: .within(0...3_600),
        "The same for a file whose content shows that it is whole: a JSON document with its last bracket. Default: 0.3."),
      Field(
        "rescan_seconds", \.rescanSeconds, limit: .within(1...86_400),
        "The inbox is looked through at least this often, whatever events say; where no events come, every settle_seconds. Default: 30."),
      Field(
        "retry_seconds", \.retrySeconds, limit: .within(0.001...3_600),
        "A drop that could not be taken in for a reason that is not its own (a full disk, a worker that died) is tried again after so long. Default: 5."
      ),
      Field(
        "bad_row_share", \.badRowShare, limit: .within(0...1), "A dataset with more bad rows than this share is rejected. Default: 0.05."),
      Field("stop_seconds", \.stopSeconds, limit: .within(1...3_600), "On a stop, workers get so long to write a checkpoint. Default: 20."),
      Field(
        "least_free_disk_mib", \.leastFreeDisk, limit: .within(0...1_048_576),
        "With less MiB free on the disk the running job that started last is stopped with a checkpoint, and goes on by itself when twice that is free. Default: 256."
      ),
      Field(
        "least_free_memory_mib", \.leastFreeMemory, limit: .within(0...1_048_576),
        "The same for MiB of memory that programs can still have. Default: 128."),
      Field(
        "ingest_memory_mib", \.ingestMemory, limit: .within(256...1_048_576),
        "MiB of memory that reading one drop may take. Default: 1024."),
      Field(
        "ingest_seconds", \.ingestSeconds, limit: .within(0.01...31_536_000), "Seconds that reading one drop may take. Default: 14400."),
      Field(
        "ingest_gib", \.ingestTotal, limit: .within(1...1_048_576), "GiB that may come out of one drop, unpacked. Default: 1024."),
      Field("ingest_files", \.ingestFiles, limit: .within(1...100_000_000), "Files in one folder or archive. Default: 10000."),
      Field("ingest_row_mib", \.ingestRow, limit: .within(1...16_384), "MiB of one row. Default: 64."),
      Field(
        "ingest_expansion", \.ingestExpansion, limit: .within(1...1_000_000_000),
        "Bytes that may come out of a drop for each byte of it, beyond 64 MiB: more is taken for an attack. Default: 1000."),
      Field(
        "allow_reward_commands", \.allowsRewardCommands,
        "Whether a job's rewards may start programs (\"command:\"), with the agent's own rights: whoever can drop a job can run them. Default: false."
      ),
      Field(
        "trash_days", \.trashDays, limit: .within(0...3_650),
        "Days in which a deleted dataset can be restored; its files take room until then. 0: it goes at once. Default: 7."),
      Field(
        "python", \.python,
        "The Python that reads Parquet and Arrow, with pyarrow in it: its path. It is started shut in, for those files alone. Default: python3."
      ),
      Field(
        "hub_endpoint", \.hubEndpoint,
        "Address of the Hugging Face Hub, or of a mirror. Default: HF_ENDPOINT of the agent's environment, else https://huggingface.co."),
      Field(
        "hub_token_file", \.hubTokenFile,
        "Absolute path of a file of mode 600 with a token for the Hub. Default: HF_TOKEN of the agent's environment, else where Hugging Face's tools keep it."
      ),
      Field("hub_connections", \.hubConnections, limit: .within(1...64), "Requests of one download at the same time. Default: 8."),
      Field(
        "download_hours", \.downloadHours, limit: .within(0.01...8_760),
        "A download that would take longer, at the pace of its first seconds, is refused. Default: 48."),
    ]
  }()

  /// What a worker that reads a drop is told.
  package var ingestLimits: IngestLimits {
    var limits = IngestLimits()
    limits.badRowShare = badRowShare
    limits.memoryBytes = ingestMemory << 20
    limits.seconds = ingestSeconds
    limits.totalBytes = ingestTotal << 30
    limits.files = ingestFiles
    limits.rowBytes = ingestRow << 20
    limits.expansion = ingestExpansion
    return limits
  }

  package static func decode(_ node: JSONNode, source: ConfigSource) -> (AgentSettings, [Finding]) {
    guard let object = node.object else {
      return (AgentSettings(), [Finding(.error, "", "the settings are a JSON object, but this is \(node.kindName)")])
    }
    var settings = AgentSettings()
    let findings = settings.overlay(object, path: "", source: source, others: ["schema"])
    return (settings, findings)
  }
}
