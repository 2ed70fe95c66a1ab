import SystemPackage

/// The layout of a root folder. Every path of `inbox/` and `workspace/` is made here; nobody else joins path components.
package struct RootLayout: Sendable, Equatable {
  package let root: FilePath

  package init(root: FilePath) { self.root = root }

  package var inbox: InboxLayout { InboxLayout(folder: root.appending("inbox")) }
  package var workspace: WorkspaceLayout { WorkspaceLayout(folder: root.appending("workspace")) }
  package var templates: FilePath { root.appending("templates") }
  /// The agent's own settings (`AgentSettings`).
  package var settings: FilePath { root.appending("dropforge.json") }

  /// The path as users and other files see it: relative to the root, with forward slashes.
  package func relative(_ path: FilePath) -> String {
    var rest = path
    return rest.removePrefix(root) ? rest.string : path.string
  }

  /// The other way round: a path that a file of ours names relative to the root.
  package func absolute(_ relative: String) -> FilePath { root.pushing(FilePath(relative)) }

  /// Every folder that must exist before the agent starts.
  package var folders: [FilePath] { inbox.folders + workspace.folders + [templates] }
}

/// `inbox/`: what users drop, and the agent's answers.
package struct InboxLayout: Sendable, Equatable {
  package let folder: FilePath

  package func folder(of kind: DropKind) -> FilePath { folder.appending(kind.folderName) }
  /// The agent's written answers, one a drop: `<file name>.receipt.json`.
  package var receipts: FilePath { folder.appending("receipts") }
  package func receipt(forFileNamed name: String) -> FilePath { receipts.appending(SafeName(from: name).text + ".receipt.json") }

  package var rejected: FilePath { folder.appending("rejected") }
  /// `rejected/<time>-<name>/`, with the drop itself and `REASON.md`.
  package func rejection(of name: String, at time: Timestamp, id: DropID) -> FilePath {
    rejected.appending("\(time.compact)-\(SafeName(from: name))-\(id.text.suffix(4))")
  }
  package static let reasonFileName = "REASON.md"

  /// Where a drop lies between its claim and its fate. A dot folder: the watcher and users pass it by.
  package var claimed: FilePath { folder.appending(".claimed") }
  package func claim(_ id: DropID) -> FilePath { claimed.appending(id.text) }
  /// Where a claimed file is written anew whose bytes could not be made durable. Dot names are never a drop.
  package func spare(_ id: DropID) -> FilePath { claim(id).appending(".rewritten") }

  package var folders: [FilePath] { [folder] + DropKind.allCases.map(folder(of:)) + [receipts, rejected, claimed] }
  /// The folders that are watched for drops, the inbox itself first.
  package var watched: [FilePath] { [folder] + DropKind.allCases.map(folder(of:)) }
}

/// `workspace/`: what the agent makes.
package struct WorkspaceLayout: Sendable, Equatable {
  package let folder: FilePath

  package var status: FilePath { folder.appending("status.json") }
  package var catalogue: FilePath { folder.appending("catalogue.sqlite") }
  /// Held by the running agent: one agent a root.
  package var lock: FilePath { folder.appending(".agent.lock") }
  package var log: FilePath { folder.appending("agent.log") }
  /// Room that the agent keeps for its own words on a full disk.
  package var reserve: FilePath { folder.appending(".reserve") }
  /// Where workers build what is later renamed into its place; emptied at start.
  package var staging: FilePath { folder.appending(".staging") }
  package func staging(_ id: DropID) -> FilePath { staging.appending(id.text) }
  /// The order of a worker that builds in `staging(id)`.
  package func order(_ id: DropID) -> FilePath { staging.appending("\(id).order.json") }

  package var datasets: FilePath { folder.appending("datasets") }
  package func dataset(_ name: SafeName) -> DatasetLayout { DatasetLayout(folder: datasets.appending(name.text)) }
  package var configs: FilePath { folder.appending("configs") }
  package func config(_ name: SafeName) -> ConfigLayout { ConfigLayout(folder: configs.appending(name.text)) }
  package var models: FilePath { folder.appending("models") }
  package func model(_ name: SafeName) -> ModelLayout { ModelLayout(folder: models.appending(name.text)) }
  package var jobs: FilePath { folder.appending("jobs") }
  package func job(_ id: JobID) -> JobLayout { JobLayout(folder: jobs.appending(id.text)) }

  package var sweeps: FilePath { folder.appending("sweeps") }
  package func sweep(_ id: SweepID) -> SweepLayout { SweepLayout(folder: sweeps.appending(id.text)) }

  /// Carried-out requests and sidecars, as dropped: no original is thrown away.
  package var requests: FilePath { folder.appending("requests") }
  package func request(_ id: DropID) -> FilePath { requests.appending("\(id).json") }
  package var sidecars: FilePath { folder.appending("sidecars") }
  package func sidecar(_ id: DropID) -> FilePath { sidecars.appending("\(id)\(DatasetSidecar.ending)") }

  /// Where rows of a columnar drop are written as JSON lines, before they are read.
  package func columnar(_ id: DropID) -> FilePath { staging.appending("\(id).columnar") }
  /// The order of the worker that looks through stored datasets.
  package var surveyOrder: FilePath { staging.appending("survey.order.json") }
  /// What was deleted and may be restored for a while, a folder each.
  package var trash: FilePath { folder.appending("trash") }
  package func trash(_ id: DropID) -> DatasetLayout { DatasetLayout(folder: trash.appending(id.text)) }
  /// Rows that were asked for as files, a folder each.
  package var exports: FilePath { folder.appending("exports") }

  package var folders: [FilePath] {
    [folder, staging, datasets, configs, models, jobs, sweeps, errands, requests, sidecars, trash, exports]
  }
}

/// `workspace/configs/<name>/`.
package struct ConfigLayout: Sendable, Equatable {
  package let folder: FilePath
  package var latest: FilePath { folder.appending("config.json") }
  package var versions: FilePath { folder.appending("versions") }
  package func version(_ number: Int) -> FilePath { versions.appending("\(number).json") }
  package var validation: FilePath { folder.appending("validation.json") }
}

/// `workspace/models/<name>/`: a Hugging Face folder and our card beside its files.
package struct ModelLayout: Sendable, Equatable {
  package let folder: FilePath
  package init(folder: FilePath) { self.folder = folder }
  package var card: FilePath { folder.appending("model.json") }
  /// Only while it is being made: what came out of an archive.
  package var extracted: FilePath { folder.appending("files") }
}

/// `workspace/sweeps/<id>/`: the table of a sweep's jobs, which lie in `workspace/jobs/` like any other.
package struct SweepLayout: Sendable, Equatable {
  package let folder: FilePath
  package init(folder: FilePath) { self.folder = folder }
  /// As dropped.
  package var file: FilePath { folder.appending("job.json") }
  package var results: FilePath { folder.appending("sweep.json") }
  package var page: FilePath { folder.appending("sweep.md") }
  /// Files created here by users are obeyed by all of its jobs: `ControlWord`.
  package var control: FilePath { folder.appending("control") }
}
