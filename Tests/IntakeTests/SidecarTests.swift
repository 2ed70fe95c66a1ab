import Catalogue
import Domain
import Intake
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing
import Watching

/// `NAME.dataset.json`, before and after its dataset.
struct SidecarTests {
  private let reception: Reception
  private static let rows = "first row\nsecond row\n"
  private static let sidecar = #"{"text_rows": "line", "description": "read by lines"}"#

  init() throws { reception = try Reception() }

  @Test func before_its_dataset_it_waits_for_it() async throws {
    let receipt = try await reception.take(Self.sidecar, as: "rows.dataset.json", into: .dataset)
    #expect(receipt.status == .accepted && receipt.kind == .dataset && receipt.result == nil)
    #expect(receipt.message == "This sidecar is kept; it will be used when a dataset 'rows' is dropped.")
    #expect(receipt.path == "workspace/sidecars/\(receipt.id).dataset.json")
    #expect(reception.text("workspace/sidecars/\(receipt.id).dataset.json") == Self.sidecar)

    let asked = Orders()
    let dataset = try await reception.take(Self.rows, as: "rows.txt", into: .dataset, engine: asked.engine)
    #expect(dataset.message == "Dataset 'rows': 2 rows of text.")
    #expect(asked.sidecars.map { $0?.textRows } == [.line])
    let card = try JSONParser.parse(try #require(reception.text("workspace/datasets/rows/dataset.json")))
    #expect(card["description"]?.string == "read by lines")
  }

  @Test func after_its_dataset_it_has_it_read_anew() async throws {
    _ = try await reception.take(Self.rows, as: "rows.txt", into: .dataset)
    let asked = Orders()
    let drop = try reception.claim(Self.sidecar, as: "rows.dataset.json", into: .dataset)
    let (kept, again) = try await reception.live(engine: asked.engine) { life in
      (try await life.take(drop), await life.told.receipt { $0.name == "rows.txt" })
    }
    #expect(kept.message == "This sidecar is kept for 'rows', and version 1 is being read anew with it.")
    #expect(again.status == .accepted && again.message == "Dataset 'rows', version 2: 2 rows of text.")
    #expect(asked.sidecars.map { $0?.textRows } == [.line])
    #expect(reception.text("workspace/datasets/rows/versions/1/original/rows.txt") == Self.rows)
    #expect(reception.text("workspace/datasets/rows/versions/2/original/rows.txt") == Self.rows)
    #expect(reception.leftovers().isEmpty)
    // Stored once: the second version's original is a second name of the first's.
    let files = LinuxFileSystem()
    let inodes = try (1...2).map {
      try files.status(reception.workspace.dataset(SafeName(from: "rows")).version($0).original.appending("rows.txt")).inode
    }
    #expect(inodes[0] == inodes[1])
  }

  @Test func the_same_sidecar_again_makes_no_version() async throws {
    _ = try await reception.take(Self.sidecar, as: "rows.dataset.json", into: .dataset)
    _ = try await reception.take(Self.rows, as: "rows.txt", into: .dataset)
    let drop = try reception.claim(Self.sidecar, as: "rows.dataset.json", into: .dataset)
    let again = try await reception.live { life in
      _ = try await life.take(drop)
      return await life.told.receipt { $0.name == "rows.txt" }
    }
    #expect(again.status == .duplicate)
    #expect(reception.text("workspace/datasets/rows/versions/1/original/rows.txt") == Self.rows)
    #expect(reception.leftovers().isEmpty)
  }

  /// The alias becomes a dataset of its own: the same bytes, read in its own way.
  @Test func for_an_alias_it_has_the_bytes_read_under_that_name() async throws {
    _ = try await reception.take(Self.rows, as: "rows.txt", into: .dataset)
    _ = try await reception.take(Self.rows, as: "copy.txt", into: .dataset)
    let asked = Orders()
    let drop = try reception.claim(Self.sidecar, as: "copy.dataset.json", into: .dataset)
    let again = try await reception.live(engine: asked.engine) { life in
      _ = try await life.take(drop)
      return await life.told.receipt { $0.kind == .dataset && $0.id != drop.id }
    }
    #expect(again.name == "copy.txt" && again.status == .accepted && again.result == "copy")
    #expect(asked.sidecars.map { $0?.textRows } == [.line])
    #expect(reception.text("workspace/datasets/copy/versions/1/original/copy.txt") == Self.rows)
    #expect(reception.text("workspace/datasets/rows/versions/1/original/rows.txt") == Self.rows)
  }

  /// The claim stands already, the verdict on the sidecar does not: read at once, the version would be read without it.
  @Test func what_was_claimed_for_a_sidecar_waits_for_the_verdict_on_it() async throws {
    _ = try await reception.take(Self.rows, as: "rows.txt", into: .dataset)
    let drop = try reception.claim(Self.sidecar, as: "rows.dataset.json", into: .dataset)
    let files = LinuxFileSystem()
    let id = try #require(drop.id.readingAnew)
    #expect(id.sidecar == drop.id && drop.id.sidecar == nil)
    try files.makeFolders(reception.inbox.claim(id))
    try files.writeInPlace([], to: reception.inbox.claim(id).appending(".dataset"))
    try files.link(
      reception.workspace.dataset(SafeName(from: "rows")).version(1).original.appending("rows.txt"),
      to: reception.inbox.claim(id).appending("rows.txt"))
    let asked = Orders()
    let again = try await reception.live(recovers: true, engine: asked.engine) { life in await life.told.verdict(on: id) }
    #expect(again.status == .accepted && again.path == "workspace/datasets/rows/versions/2")
    #expect(asked.sidecars.map { $0?.textRows } == [.line])
    #expect(reception.leftovers() == [])
  }

  /// The agent said that the version is being read anew: a crash before it was does not make that untrue.
  @Test func what_was_to_be_read_anew_is_read_after_a_crash() async throws {
    var points = 0
    for k in 1...200 {
      let reception = try Reception()
      _ = try await reception.take(Self.rows, as: "rows.txt", into: .dataset)
      let drop = try reception.claim(Self.sidecar, as: "rows.dataset.json", into: .dataset)
      let files = FaultyFileSystem()
      let asked = Orders(kill: files)
      try await reception.live(files: files, engine: asked.engine, retrySeconds: 3_600) { life in
        files.stop(at: k)
        life.intake.receive(drop)
        _ = await life.told.receipt { $0.id != drop.id || files.hasFailed }
      }
      guard files.hasFailed else { break }
      points += 1
      let versions = try await reception.live(recovers: true) { life in
        func isRead() async throws -> Bool {
          let newest = try await life.catalogue.datasetVersions(of: SafeName(from: "rows")).last
          return newest?.number == 2 && newest?.isStored == true
        }
        if try await !isRead() { _ = await life.told.receipt { $0.name == "rows.txt" && $0.status == .accepted } }
        return try await life.catalogue.datasetVersions(of: SafeName(from: "rows"))
      }
      #expect(versions.map(\.number) == [1, 2], "stopped at call \(k)")
      #expect(versions.map(\.isStored) == [true, true], "stopped at call \(k)")
      #expect(reception.leftovers() == [], "stopped at call \(k)")
      #expect(try reception.receipt("rows.dataset.json")?.status == .accepted, "stopped at call \(k)")
    }
    #expect(points > 20)
  }
}
