import Domain
import Engines
import Platform
import StrictJSON
import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Looks at everything that has kept an agent from working somewhere.
struct CheckUp {
  private let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  func all() async -> [Symptom] {
    rootAndAgent() + disk() + limits() + machine() + (await worker())
  }

  private func rootAndAgent() -> [Symptom] {
    guard files.isFolder(layout.inbox.folder) else {
      return [
        Symptom(
          verdict: .bad, what: "root", found: "\(layout.root) has no inbox/",
          mend: "Make one: dropforge init \(layout.root), or name another with --root.")
      ]
    }
    var symptoms = [Symptom(verdict: .good, what: "root", found: layout.root.string)]
    if let process = ExclusiveLock.holder(of: layout.workspace.lock) {
      symptoms.append(Symptom(verdict: .good, what: "agent", found: "running, process \(process)"))
    } else {
      symptoms.append(
        Symptom(
          verdict: .remark, what: "agent", found: "not running",
          mend: "Start it: dropforge agent --root \(layout.root), or the service: systemctl start dropforge."))
    }
    for folder in layout.folders where files.isFolder(folder) {
      if access(folder.string, W_OK | X_OK) != 0 {
        symptoms.append(
          Symptom(
            verdict: .bad, what: "permissions", found: "\(folder) cannot be written to by this user",
            mend: "Give it to the agent's user: sudo chown -R dropforge '\(folder)'."))
      }
    }
    return symptoms + fileSystems()
  }

  /// Where drops come from decides how they are noticed.
  private func fileSystems() -> [Symptom] {
    var symptoms: [Symptom] = []
    for folder in layout.inbox.watched where files.isFolder(folder) {
      let isOfItsOwn = folder == layout.inbox.folder || FileSystemType.name(of: folder) != FileSystemType.name(of: layout.inbox.folder)
      guard isOfItsOwn, let kind = FileSystemType.name(of: folder) else { continue }
      let place = layout.relative(folder)
      if FileSystemType.isRemote(folder) {
        symptoms.append(
          Symptom(
            verdict: .remark, what: "file system",
            found: "\(place) lies on \(kind): no event tells of what other machines write there, so it is looked through from time to time",
            mend:
              "A shorter settle_seconds or rescan_seconds in dropforge.json makes that more often; `dropforge rescan` or SIGHUP to the agent do it now."
          ))
      } else {
        symptoms.append(Symptom(verdict: .good, what: "file system", found: "\(place) lies on \(kind): events tell of every drop"))
      }
    }
    let inbox = try? files.status(layout.inbox.folder)
    let workspace = try? files.status(layout.workspace.folder)
    if let inbox, let workspace, inbox.device != workspace.device {
      symptoms.append(
        Symptom(
          verdict: .remark, what: "file systems", found: "inbox/ and workspace/ lie on different ones",
          mend: "Drops are copied instead of renamed. Put both on one file system to spare that."))
    }
    return symptoms
  }

  private func disk() -> [Symptom] {
    guard let space = try? files.space(at: files.isFolder(layout.root) ? layout.root : "/") else { return [] }
    let text = "\(Figures.bytes(space.free)) free of \(Figures.bytes(space.total))"
    if space.free < 1 << 30 {
      return [
        Symptom(
          verdict: .bad, what: "disk", found: text, mend: "Free some space: checkpoints of a small model alone take hundreds of megabytes.")
      ]
    }
    return [Symptom(verdict: .good, what: "disk", found: text)]
  }

  private func limits() -> [Symptom] {
    var symptoms = [inotify()]
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      symptoms.append(
        limit.rlim_cur >= 1_024
          ? Symptom(verdict: .good, what: "open files", found: "\(limit.rlim_cur)")
          : Symptom(
            verdict: .bad, what: "open files", found: "only \(limit.rlim_cur)",
            mend: "ulimit -n 4096, or LimitNOFILE=4096 in the service's unit."))
    }
    return symptoms
  }

  /// Asks for what the agent asks for: a limit may be high and used up all the same, by other programs of this user.
  private func inotify() -> Symptom {
    let instances = number("/proc/sys/fs/inotify/max_user_instances") ?? 0
    let watches = number("/proc/sys/fs/inotify/max_user_watches") ?? 0
    do throws(SystemError) {
      let inotify = try Inotify()
      defer { inotify.stop() }
      for folder in layout.inbox.watched where files.isFolder(folder) { _ = try inotify.watch(folder) }
    } catch {
      return error.code == .noSpace
        ? Symptom(
          verdict: .bad, what: "inotify", found: "all \(watches) watches of this user are used up: drops are found by looking, not at once",
          mend: "sudo sysctl fs.inotify.max_user_watches=1048576")
        : Symptom(
          verdict: .bad, what: "inotify",
          found: "no instance is to be had, of \(instances) a user: drops are found by looking, not at once",
          mend: "sudo sysctl fs.inotify.max_user_instances=1024")
    }
    return Symptom(verdict: .good, what: "inotify", found: "\(instances) instances and \(watches) watches a user, not used up")
  }

  private func machine() -> [Symptom] {
    [
      Symptom(verdict: .good, what: "processor", found: "\(Machine.processor), \(Machine.processors) to be used"),
      Symptom(
        verdict: Machine.memory >= 2 << 30 ? .good : .remark, what: "memory", found: Figures.bytes(Machine.memory),
        mend: Machine.memory >= 2 << 30 ? nil : "Keep models and batches small: the job's plan says what it needs."),
      Symptom(verdict: .good, what: "system", found: Machine.system),
      sandbox(),
    ]
  }

  /// What keeps a worker that reads drops from the rest of the disk.
  private func sandbox() -> Symptom {
    let version = Confinement.landlockVersion
    guard version < Confinement.neededLandlockVersion else {
      return Symptom(verdict: .good, what: "sandbox", found: "Landlock \(version): a worker that reads a drop reaches nothing else")
    }
    return Symptom(
      verdict: .remark, what: "sandbox",
      found: version == 0 ? "the kernel has no Landlock, or it is switched off" : "the kernel's Landlock is version \(version), too old",
      mend:
        "Workers that read drops have limits all the same. For more, run a kernel of 5.19 or later with lsm=landlock,… on its command line."
    )
  }

  /// The worker tells what its kernels and libraries are: only it is linked to them.
  private func worker() async -> [Symptom] {
    guard files.exists(Program.worker) else {
      return [
        Symptom(verdict: .bad, what: "worker", found: "\(Program.worker) is missing", mend: "Install dropforge-worker beside dropforge.")
      ]
    }
    do {
      let result = try await run(
        .path(Program.worker), arguments: ["doctor"], output: .string(limit: 65_536), error: .string(limit: 65_536))
      guard result.terminationStatus.isSuccess, let members = try JSONParser.parse(result.standardOutput).object?.members else {
        return [
          Symptom(
            verdict: .bad, what: "worker", found: "it does not start: \(result.standardError)",
            mend: "Install its libraries: sudo apt-get install libdnnl2 libarchive13 libisal2 libyaml-0-2 libcurl4 libssl3.")
        ]
      }
      return members.map { Symptom(verdict: .good, what: $0.key, found: $0.node.string ?? $0.node.text()) }
    } catch {
      return [
        Symptom(
          verdict: .bad, what: "worker", found: "\(error)",
          mend: "Install its libraries: sudo apt-get install libdnnl2 libarchive13 libisal2 libyaml-0-2 libcurl4 libssl3.")
      ]
    }
  }

  private func number(_ path: FilePath) -> Int? {
    guard let bytes = try? files.contents(of: path) else { return nil }
    return Int(String(decoding: bytes, as: UTF8.self).filter(\.isNumber))
  }
}
