import Domain
import HubMock
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@testable import Hub

/// How a Hub behaves, well and badly, against a mock of it: the fourteen scenarios that a client has to get right.
struct ScenarioTests {
  private static let large = MockRepository.File(Content.noise(3_000_000), isLarge: true)

  private static func plain(_ files: [String: MockRepository.File]) -> MockRepository {
    MockRepository(.dataset, "someone/rows", files: files)
  }

  @Test func scenario01_a_tree_of_several_pages_with_folders() throws {
    var files = Dictionary(uniqueKeysWithValues: (0..<25).map { ("deep/er/part-\($0).jsonl", MockRepository.File(Content.rows($0 + 1))) })
    files["top.jsonl"] = .init(Content.rows(3, "top"))
    let bringing = try Bringing([Self.plain(files)])
    bringing.mock.trouble.pageSize = 4
    try bringing.run()
    let brought = try bringing.brought()
    #expect(brought.count == 26)
    for (path, file) in files { #expect(brought["train/" + path] == file.bytes, "\(path)") }
    // 26 files and 2 folders, four a page; the next page's address is followed as it is given.
    #expect(bringing.mock.requests.filter { $0.path.contains("/tree/") }.count == 7)
    #expect(bringing.progress.last?.done == bringing.progress.last?.total)
  }

  @Test func scenario02_redirects_on_the_hub_are_followed_and_the_token_stays_there() throws {
    var repository = Self.plain(["a.jsonl": .init(Content.rows(40), isLarge: true), "b.jsonl": .init(Content.rows(4))])
    repository.formerIDs = ["someone/old-name"]
    repository.isPrivate = true
    let wish = DownloadWish(name: SafeName(from: "rows"), source: HubSource(kind: .dataset, repository: "someone/old-name"))
    let bringing = try Bringing([repository], tokens: ["hf_mine": ["someone/rows"]], wish: wish)
    bringing.variables["HF_TOKEN"] = "hf_mine"
    try bringing.run()
    #expect(try bringing.brought().keys.sorted() == ["train/a.jsonl", "train/b.jsonl"])
    // The store is another port: another host, which refuses requests that carry a token.
    let store = bringing.mock.requests.filter(\.isToStore)
    #expect(!store.isEmpty)
    #expect(store.allSatisfy { $0.headers["authorization"] == nil })
    #expect(bringing.mock.requests.filter { !$0.isToStore }.allSatisfy { $0.token == "hf_mine" })
    #expect(bringing.mock.requests.allSatisfy { $0.headers["accept-encoding"] == "identity" })
    // The token is written nowhere.
    for (path, text) in try bringing.folder.contents() { #expect(!text.contains("hf_mine"), "\(path)") }
  }

  @Test func scenario03_ranges_that_are_answered_passed_over_and_refused() throws {
    let bringing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    try bringing.run()
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
    #expect(bringing.gets("big.jsonl").compactMap(\.range).map(\.first).sorted() == [0, 1 << 20, 2 << 20])

    let without = try Bringing([Self.plain(["big.jsonl": Self.large])])
    without.mock.trouble.ignoresRange = true
    try without.run()
    #expect(try without.brought()["train/big.jsonl"] == Self.large.bytes)
    #expect(without.gets("big.jsonl").contains { $0.range == nil })

    let refusing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    refusing.mock.trouble.refusedRanges = 1
    try refusing.run()
    #expect(try refusing.brought()["train/big.jsonl"] == Self.large.bytes)
  }

  @Test func scenario04_a_connection_that_breaks_and_a_new_process_that_goes_on() throws {
    let bringing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    bringing.partBytes = 8 << 20  // one stretch
    // Broken off six times without an answer in between that brings more: the process gives up.
    bringing.mock.trouble.cuts = ["big.jsonl": [1_000_000, 0, 0, 0, 0, 0, 0]]
    #expect(bringing.problem()?.code == "hub.network")
    #expect(try bringing.brought().isEmpty)
    let (etag, record) = (Self.large.etag, try Self.record(bringing))
    let commit = try bringing.plan().commit
    #expect(record.etag == etag && record.size == 3_000_000 && record.commit == commit)
    #expect(record.written == 1_000_000)
    #expect(try bringing.left() == ["\(etag).incomplete", "\(etag).json"].sorted())

    // Another process: the rest alone is asked for.
    bringing.mock.trouble.cuts = [:]
    bringing.mock.forgetRequests()
    try bringing.run()
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
    #expect(bringing.gets("big.jsonl").map { $0.range?.first } == [1_000_000])
    #expect(try bringing.result().transferred == 2_000_000)
    // What lay there counts as done, and not for the pace.
    #expect(bringing.progress.last?.done == 3_000_000 && bringing.progress.last?.gained == 2_000_000)
    #expect(try bringing.left().isEmpty)
  }

  /// After a start of the machine only what an fsync has made durable counts.
  @Test func scenario04_after_a_power_cut_what_is_durable_counts() throws {
    let bringing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    bringing.partBytes = 8 << 20
    bringing.mock.trouble.cuts = ["big.jsonl": [1_000_000, 0, 0, 0, 0, 0, 0]]
    _ = bringing.problem()
    var record = try Self.record(bringing)
    #expect(record.parts[0].durable == 1_000_000)  // the process has ended in order
    record.parts[0].durable = 400_000
    try bringing.files.publish(try PublishedJSON.bytes(of: record), to: bringing.layout.incompleteRecord(etag: Self.large.etag))
    bringing.boot = "the next start"
    bringing.mock.trouble.cuts = [:]
    bringing.mock.forgetRequests()
    try bringing.run()
    #expect(bringing.gets("big.jsonl").map { $0.range?.first } == [400_000])
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
  }

  private static func record(_ bringing: Bringing) throws -> PartialRecord {
    try PublishedJSON.decode(
      PartialRecord.self, from: try bringing.files.contents(of: bringing.layout.incompleteRecord(etag: large.etag)))
  }

  @Test func scenario05_another_content_between_two_attempts() throws {
    let bringing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    bringing.partBytes = 8 << 20
    bringing.mock.trouble.cuts = ["big.jsonl": [1_000_000, 0, 0, 0, 0, 0, 0]]
    #expect(bringing.problem()?.code == "hub.network")
    // The same commit has another file now, as no honest Hub would do: what is here of the old one is of no use.
    let other = MockRepository.File(Content.noise(2_000_000, seed: 2), isLarge: true)
    bringing.mock.change("someone/rows") { $0.replace("big.jsonl", with: other) }
    bringing.mock.trouble.cuts = [:]
    bringing.mock.forgetRequests()
    try bringing.run()
    #expect(bringing.gets("big.jsonl").map { $0.range?.first } == [nil])
    #expect(try bringing.brought()["train/big.jsonl"] == other.bytes)
    #expect(try bringing.left().isEmpty)
  }

  @Test func scenario06_wrong_bytes_are_told_and_not_kept() throws {
    let small = MockRepository.File(Content.rows(10))
    for (path, file, hash) in [("big.jsonl", Self.large, "SHA-256"), ("small.jsonl", small, "git's blob SHA-1")] {
      let bringing = try Bringing([Self.plain([path: file])])
      bringing.mock.trouble.wrong = [path]
      let problem = try #require(bringing.problem())
      var bytes = file.bytes
      bytes[bytes.count / 2] ^= 0xFF
      let found = file.isLarge ? SHA256.hash(bytes) : MockRepository.blobHash(bytes)
      #expect(
        problem.description
          == "\(path): what came is not the file that hf:someone/rows has. \(hash.sentenceCased) is \(found), and the Hub says \(file.etag). Try again: something between the Hub and this machine has changed the bytes. None of them are kept."
      )
      #expect(try bringing.brought().isEmpty)
      #expect(try bringing.left().isEmpty)
    }
  }

  @Test func scenario08_limits_and_troubles_of_the_server_pass() throws {
    let bringing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    bringing.connections = 1
    bringing.mock.trouble.answers = [
      ("/revision/", MockReply(429, [("RateLimit", "\"api\";r=0;t=55"), ("RateLimit-Policy", "\"fixed window\";\"api\";q=500;w=300")])),
      ("/tree/", MockReply(500)), ("/tree/", MockReply(503)), ("/resolve/", MockReply(429, [("Retry-After", "7")])),
      ("signature", MockReply(502)), ("signature", MockReply(504)),
    ]
    try bringing.run()
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
    #expect(bringing.waits == [55, 1, 2, 7, 1, 2])
  }

  @Test func scenario08_a_limit_that_lasts_is_left_to_the_agent() throws {
    let bringing = try Bringing([Self.plain(["a.jsonl": .init(Content.rows(1))])])
    bringing.mock.trouble.answers = [("/revision/", MockReply(429, [("RateLimit", "\"api\";r=0;t=900")]))]
    let problem = try #require(bringing.problem())
    #expect(Problem.hubTroubles.contains(problem.code))
    #expect(
      problem.description
        == "\(bringing.mock.endpoint) has had too many requests from here. Its limit lasts 15 min 0 s more. Wait: the download goes on by itself, where it was. With a token the limit is higher: put it into a file that only the agent's user can read, and name that in dropforge.json (\"hub_token_file\"), or set HF_TOKEN in the agent's environment."
    )
    bringing.mock.trouble.answers = Array(repeating: ("/revision/", MockReply(500)), count: 6)
    #expect(
      bringing.problem()?.description
        == "\(bringing.mock.endpoint) has trouble of its own. Wait: the download goes on by itself, where it was.")
    #expect(bringing.waits == [1, 2, 4, 8, 8])
  }

  @Test func scenario09_small_files_are_known_by_gits_hash() throws {
    let bringing = try Bringing([Self.plain(["rows.jsonl": .init(Content.rows(9)), "README.md": .init("# Rows\n")])])
    try bringing.run()
    #expect(try bringing.brought() == ["train/rows.jsonl": Array(Content.rows(9).utf8)])
    // The card holds no rows: it lies beside what is read.
    #expect(try bringing.files.contents(of: bringing.layout.card) == Array("# Rows\n".utf8))
    #expect(try bringing.plan().files.map(\.hash.count) == [40, 40])
    #expect(!bringing.mock.requests.contains { $0.isToStore })
  }

  @Test func scenario10_odd_names_come_and_dangerous_ones_are_refused() throws {
    let names = ["a b.jsonl", "c#d.jsonl", "e%20f.jsonl", "größe/日本語 é.jsonl", "g+h&i=j?k.jsonl"]
    let files = Dictionary(uniqueKeysWithValues: names.map { ($0, MockRepository.File(Content.rows(3, $0))) })
    let bringing = try Bringing([Self.plain(files)])
    try bringing.run()
    let brought = try bringing.brought()
    for (path, file) in files { #expect(brought["train/" + path] == file.bytes, "\(path)") }
    #expect(brought.count == names.count)

    for path in ["../../../etc/cron.d/x.jsonl", "/etc/passwd", "a/../b.jsonl", "a//b.jsonl", "./a.jsonl", "a\\..\\b.jsonl"] {
      let refused = try Bringing([Self.plain(files)])
      refused.mock.trouble.strangePaths = [path]
      #expect(
        refused.problem()?.description
          == "hf:someone/rows has a file whose path leads out of its folder, or cannot be a file's: \(JSONNode(.string(path)).text()). Written as it is, it could overwrite other files. Do not use this repository before its owner has mended it: \(refused.mock.endpoint)/datasets/someone/rows."
      )
      #expect(try refused.folder.contents().isEmpty, "\(path)")
    }
  }

  @Test func scenario11_what_comes_compressed_is_unpacked() throws {
    let text = Content.rows(20_000)
    let bringing = try Bringing([Self.plain(["rows.jsonl": .init(text), "README.md": .init("# Rows\n")])])
    bringing.partBytes = 100_000
    bringing.mock.trouble.compressed = ["rows.jsonl", "README.md"]
    try bringing.run()
    #expect(try bringing.brought()["train/rows.jsonl"] == Array(text.utf8))
    #expect(try bringing.files.contents(of: bringing.layout.card) == Array("# Rows\n".utf8))
  }

  @Test func scenario12_an_empty_file_is_a_file() throws {
    let bringing = try Bringing([
      Self.plain([
        "empty.txt": .init(""), "large.txt": .init([], isLarge: true), "rows.jsonl": .init(Content.rows(2)),
        "twin.jsonl": .init(Content.rows(2)),
      ])
    ])
    try bringing.run()
    let brought = try bringing.brought()
    #expect(brought["train/empty.txt"] == [])
    #expect(brought["train/large.txt"] == [])
    // One content under two names comes once.
    #expect(brought["train/rows.jsonl"] == brought["train/twin.jsonl"])
    #expect(bringing.gets("/resolve/").count == 1)
  }

  @Test func scenario13_a_push_between_list_and_files_changes_nothing() throws {
    var repository = Self.plain(["a.jsonl": .init(Content.rows(5, "old"), isLarge: true), "b.jsonl": .init(Content.rows(5, "old b"))])
    let old = repository.commits[0].sha
    let new = repository.commit(["a.jsonl": .init(Content.rows(6, "new"), isLarge: true), "b.jsonl": .init(Content.rows(6, "new b"))])
    repository.references["main"] = old
    let bringing = try Bringing([repository])
    bringing.mock.trouble.movesTo = ["someone/rows": new]
    try bringing.run()
    let brought = try bringing.brought()
    #expect(brought == ["train/a.jsonl": Array(Content.rows(5, "old").utf8), "train/b.jsonl": Array(Content.rows(5, "old b").utf8)])
    #expect(try bringing.result().origin.commit == old)
    // Everything after the first question names the commit.
    #expect(bringing.mock.requests.dropFirst().filter { !$0.isToStore }.allSatisfy { $0.target.contains(old) })
  }

  @Test func scenario14_what_is_stopped_half_way_goes_on_there() throws {
    let bringing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    bringing.connections = 1
    bringing.mock.trouble.pace = 2_000_000
    bringing.stopsAfter = 300_000
    #expect(throws: DownloadStopped.self) { try bringing.run() }
    let written = try Self.record(bringing).written
    #expect(written >= 300_000 && written < 3_000_000)
    #expect(try bringing.brought().isEmpty)
    bringing.mock.trouble.pace = 0
    bringing.stopsAfter = nil
    try bringing.run()
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
    #expect(try bringing.result().transferred == 3_000_000 - written)
  }

  @Test func scenario14_a_disk_that_is_full_keeps_what_there_is() throws {
    let bringing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    bringing.connections = 1
    bringing.partBytes = 8 << 20
    bringing.files.fail(.noSpace, from: 12, of: [.write])
    #expect(throws: SystemError.self) { try bringing.run() }
    bringing.files.heal()
    let written = try Self.record(bringing).written
    bringing.mock.forgetRequests()
    try bringing.run()
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
    #expect(bringing.gets("big.jsonl").first?.range?.first ?? 0 == written)
  }

  @Test func scenario14_what_does_not_fit_on_the_disk_is_not_begun() throws {
    let bringing = try Bringing([Self.plain(["big.jsonl": Self.large])])
    bringing.files.setRoom(4_000_000)
    bringing.reserved = 1_000_000
    // The plan takes a little room itself.
    let words = try #require(bringing.problem()).description.replacing(#/39\d\d\.\d kB are free/#, with: "4000.0 kB are free")
    #expect(
      words
        == "\(bringing.layout.folder): hf:someone/rows does not fit on the disk. 3000.0 kB in 1 files are to be downloaded, and about 3000.0 kB of rows are read from them; 4000.0 kB are free, of which 1000.0 kB are kept. Free space on the disk, or take less with \"max_bytes\", \"max_rows\", \"split\" or \"files\"; then drop the request again."
    )
    #expect(bringing.gets("big.jsonl").isEmpty)
  }
}
