import Domain
import Platform
import SystemPackage

/// What is to come, and where each file of it goes.
extension Download {
  /// What was planned before, or a plan that is made now and holds from here on.
  func planned() throws -> DownloadPlan {
    if files.exists(layout.plan), let plan = try? PublishedJSON.decode(DownloadPlan.self, from: try files.contents(of: layout.plan)) {
      return plan
    }
    tellPlanning(nil)
    let wish = order.wish
    let session = try HubSession(client) { wait in
      // To wait beyond the end would change nothing.
      if let due, wait.until > due { throw Problem(lateFor: wish, why: "nothing had come; \(wait.problem.inBrief)") }
      tellPlanning(wait)
      client.sleep(wait.seconds)
    }
    let revision = try session.revision(wish.revision)
    tellPlanning(nil)
    let all = try session.files(of: revision.commit)
    let card = DatasetCardMatter(revision.card)
    var plan = DownloadPlan(
      source: wish.source, revision: wish.revision, commit: revision.commit, config: nil, licence: card.licence, files: [],
      endpoint: client.endpoint, plannedAt: Timestamp(nanoseconds: clock.now()), remarks: [], card: card.facts)
    switch wish.source.kind {
    case .model: plan.files = try ModelSelection(wish: wish, files: all, client: client).choose()
    case .dataset:
      let chosen = try DatasetSelection(wish: wish, files: all, card: card, client: client).choose()
      (plan.files, plan.config, plan.remarks) = (chosen.files, chosen.config, chosen.remarks)
      if let readme = all.first(where: { $0.path == "README.md" }) {
        plan.files.append(.init(path: readme.path, size: readme.size, hash: readme.hash, split: nil))
      }
    }
    try files.publish(try PublishedJSON.bytes(of: plan), to: layout.plan)
    KillPoint.pass(.downloadPlanned)
    return plan
  }

  private func tellPlanning(_ wait: HubWait?) {
    report(
      ErrandProgress(
        phase: "planning", done: 0, total: nil, unit: .bytes, note: "asking \(client.endpoint) for \(order.wish.source)",
        waits: wait?.sentence))
  }

  /// The same content is brought once.
  func board(of plan: DownloadPlan) throws -> [TransferBoard.Item] {
    var items: [TransferBoard.Item] = []
    var byHash: [String: Int] = [:]
    for file in plan.files {
      let target = target(of: file, in: plan)
      if let at = byHash[file.hash] {
        items[at].targets.append(target)
      } else {
        byHash[file.hash] = items.count
        items.append(TransferBoard.Item(file: file, targets: [target]))
      }
    }
    return items
  }

  /// A model's files lie as in the repository; a dataset's in a folder of their split, so that whoever reads them tells it rightly.
  private func target(of file: DownloadPlan.File, in plan: DownloadPlan) -> FilePath {
    guard plan.source.kind == .dataset else { return layout.files.pushing(FilePath(file.path)) }
    guard let split = file.split else { return layout.card }
    let name = SafeName(from: split).text
    let usual = "\(name)/\(file.path)"
    if SplitInference.split(ofDropped: usual) == name { return layout.files.pushing(FilePath(usual)) }
    // Its own name speaks of another split: it is called by its place in the list.
    let number = plan.files.firstIndex(of: file) ?? 0
    let ending = file.path.split(separator: "/").last.flatMap { name in name.firstIndex(of: ".").map { name[$0...] } } ?? ""
    let plain = "\(name)/part-\(number)\(ending)"
    if SplitInference.split(ofDropped: plain) == name { return layout.files.pushing(FilePath(plain)) }
    // A name that no folder tells.
    return layout.files.pushing(FilePath(SplitInference.shard(number, of: plan.files.count, split: name, ending: String(ending))))
  }

  /// What nobody here could read is refused before its first byte.
  func checkForms(_ plan: DownloadPlan) throws {
    guard var problem = noConverter, plan.source.kind == .dataset,
      let file = plan.files.first(where: { $0.split != nil && ColumnarFile.stem(of: $0.path) != nil })
    else { return }
    problem.place = .init(file: file.path)
    throw problem
  }
}
