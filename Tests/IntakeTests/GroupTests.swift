import Catalogue
import Domain
import Engines
import Intake
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Many drops at once are handled together; what becomes of each is what would have become of it alone.
struct GroupTests {
  /// Good and bad ones, two that share their bytes, and a job that names what comes with it.
  private static let drops: [(name: String, text: String, kind: DropKind)] =
    (1...9).map { ("c\($0).json", #"{"training": {"method": "sft", "max_steps": \#($0)}}"#, .config) }
    + [("bad.json", "{\"training\": }", .config), ("job.json", Specimen.jobFile("tiny", on: "rows1"), .job)]
    + (1...9).map { ("rows\($0).csv", "first row\nrow \($0)\n", .dataset) }
    + [("bad.csv", "a,b\n\(FakeReading.refused)\n", .dataset), ("same.csv", "first row\nrow 1\n", .dataset)]

  private func claimAll(_ reception: Reception, _ files: FaultyFileSystem = FaultyFileSystem()) throws -> [ClaimedDrop] {
    try Self.drops.map { try reception.claim($0.text, as: $0.name, into: $0.kind, files: files) }
  }

  @Test func each_becomes_what_it_would_alone() async throws {
    let together = try Reception(), alone = try Reception()
    let engine = FakeEngine(FakeReading.read)
    let drops = try claimAll(together)
    try await together.live(recovers: true, engine: engine) { life in
      for drop in drops { _ = await life.told.verdict(on: drop.id) }
    }
    for drop in Self.drops { _ = try await alone.take(drop.text, as: drop.name, into: drop.kind) }
    let readTogether = engine.calls.count { if case .ingestMany = $0 { true } else { false } }
    #expect(readTogether >= 1 && engine.calls.count < 10, "\(engine.calls)")
    func receipts(_ reception: Reception) throws -> [String] {
      try Self.drops.map { drop in
        let receipt = try #require(try reception.receipt(drop.name))
        return "\(drop.name): \(receipt.status) \(receipt.result ?? "") \(receipt.problem?.code ?? "")"
      }
    }
    #expect(try receipts(together) == receipts(alone))
    #expect(
      together.names().map { $0.replacing(/-00[0-9a-f]{2}\//, with: "/") }
        == alone.names().map { $0.replacing(/-00[0-9a-f]{2}\//, with: "/") })
    #expect(together.leftovers().isEmpty)
  }

  @Test func a_receipt_is_published_when_everything_of_its_group_is_durable() async throws {
    let (reception, files) = (try Reception(), FaultyFileSystem())
    var book = UnsyncedBook()
    for drop in Self.drops { book.noteForeign(reception.inbox.folder(of: drop.kind).appending(drop.name)) }
    let drops = try claimAll(reception, files)
    try await reception.live(recovers: true, files: files) { life in
      for drop in drops { _ = await life.told.verdict(on: drop.id) }
    }
    #expect(files.calls.contains { $0.operation == .syncFileSystem })
    for drop in drops {
      let receipt = reception.inbox.receipt(forFileNamed: drop.name)
      let published = try #require(files.calls.lastIndex { $0.operation == .rename && $0.target == receipt && !$0.failed })
      var then = book
      then.note(files.calls[..<published])
      // Of what others of the group, or a later one, still have to do, nothing is promised here.
      let own = try #require(try reception.receipt(drop.name)?.path)
      let losses = then.losses(below: reception.root.folder.path) { !$0.hasPrefix(own) && !$0.hasPrefix("inbox/.claimed/\(drop.id)/") }
      #expect(losses.isEmpty, "\(drop.name)")
    }
  }

  @Test(arguments: [true, false])
  func wherever_it_is_interrupted_there_is_one_of_everything_in_the_end(isKilled: Bool) async throws {
    var points = 0
    for k in stride(from: 1, through: 1_200, by: isKilled ? 23 : 29) {
      let (reception, files) = (try Reception(), FaultyFileSystem())
      let drops = try claimAll(reception)
      let engine = FakeEngine { work in
        isKilled && files.hasFailed ? .crashed(.init(signal: 9, exitCode: nil, lastWords: "")) : await FakeReading.read(work)
      }
      if isKilled { files.stop(at: k) } else { files.fail(.noSpace, at: k) }
      try await reception.live(recovers: true, files: files, engine: engine, retrySeconds: isKilled ? 3_600 : 0.005) { life in
        for drop in drops { _ = await life.told.receipt { $0.id == drop.id && (isKilled || $0.status != .waiting) } }
      }
      guard files.hasFailed else { break }
      points += 1
      try await reception.live(recovers: true) { life in
        for drop in drops where try await life.catalogue.drop(drop.id)?.state != .done { _ = await life.told.verdict(on: drop.id) }
      }
      let standing = reception.standing()
      #expect(standing.leftovers == [], "call \(k)")
      #expect(standing.files.keys.count { $0.hasPrefix("inbox/receipts/") } == Self.drops.count, "call \(k)")
      for (number, drop) in Self.drops.enumerated() where drop.name != "same.csv" {
        let places = standing.files.filter { $0.value == drop.text && !$0.key.hasSuffix("/config.json") }.keys
        #expect(places.count == 1, "call \(k), \(drop.name): \(places)")
        #expect(try reception.receipt(drop.name)?.id == drops[number].id)
      }
    }
    #expect(points > 8, "calls at which it was interrupted")
  }

  /// Their receipts are one file, and their configs one name: the last counts, and none keeps the others waiting.
  @Test func drops_of_one_name_in_one_group() async throws {
    let reception = try Reception()
    var drops = try claimAll(reception)
    for (text, kind) in [
      (#"{"training": {"method": "sft", "max_steps": 99}}"#, DropKind.config), (Specimen.jobFile("twin", on: "rows2"), .job),
    ] {
      drops.append(try reception.claim(text, as: "c1.json", into: kind))
    }
    let last = try #require(drops.last)
    try await reception.live(recovers: true) { life in
      for drop in drops { _ = await life.told.verdict(on: drop.id) }
      #expect(life.told.receipts.allSatisfy { $0.status != .waiting })
    }
    #expect(try reception.receipt("c1.json")?.id == last.id)
    #expect(reception.files().keys.filter { $0.hasPrefix("workspace/configs/c1/versions/") }.count == 2)
    #expect(reception.leftovers().isEmpty)
  }

  /// An attempt is counted when a worker starts. A disk that stays full starts none, however often it is tried.
  @Test func a_disk_that_is_full_for_long_accuses_no_drop() async throws {
    let reception = try Reception()
    let files = FaultyFileSystem()
    let drops = try (1...9).map { try reception.claim("first row\nrow \($0)\n", as: "rows\($0).csv", into: .dataset) }
    files.fail(.noSpace, from: 1, of: [.write])
    let told = Mutex(0)
    try await reception.live(recovers: true, files: files, retrySeconds: 0.001) { life in
      _ = await life.told.receipt { _ in
        told.withLock { count in
          count += 1
          return count > 25 * drops.count
        }
      }
      #expect(life.told.receipts.allSatisfy { $0.status == .waiting && $0.problem?.code == "disk.full" })
      files.heal()
      for drop in drops {
        let receipt = await life.told.verdict(on: drop.id)
        #expect(receipt.status == .accepted, "\(receipt.message)")
      }
    }
    #expect(reception.leftovers().isEmpty)
  }

  /// One that kills its worker harms no other, and is put aside after its third by itself.
  @Test func a_poison_file_in_a_group_is_found_out() async throws {
    let reception = try Reception()
    let drops = try claimAll(reception)
    let engine = FakeEngine { work in
      let orders = (try? PublishedJSON.decode([IngestOrder].self, from: LinuxFileSystem().contents(of: work.call.path))) ?? []
      let order = try? PublishedJSON.decode(IngestOrder.self, from: LinuxFileSystem().contents(of: work.call.path))
      if (orders + [order].compactMap(\.self)).contains(where: { $0.fileName == "rows5.csv" }) {
        return .crashed(.init(signal: 11, exitCode: nil, lastWords: "Fatal error: out of range\n"))
      }
      return await FakeReading.read(work)
    }
    try await reception.live(recovers: true, engine: engine) { life in
      for drop in drops { _ = await life.told.verdict(on: drop.id) }
    }
    for (name, _, kind) in Self.drops where kind == .dataset && name.hasPrefix("rows") {
      let receipt = try #require(try reception.receipt(name))
      #expect(receipt.status == (name == "rows5.csv" ? .rejected : .accepted), "\(name): \(receipt.message)")
    }
    #expect(try reception.receipt("rows5.csv")?.message.contains("died of signal 11, 3 times") == true)
    #expect(reception.leftovers().isEmpty)
  }
}
