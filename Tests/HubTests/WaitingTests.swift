import Domain
import HubMock
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Hub

/// A download that cannot go on says for what it waits and until when; one that takes longer than it may ends.
struct WaitingTests {
  private static let large = MockRepository.File(Content.noise(3_000_000), isLarge: true)
  private static let rows = MockRepository(.dataset, "someone/rows", files: ["big.jsonl": large])

  /// Times of day and ports are never the same.
  private static func plain(_ text: String) -> String {
    text.replacing(/\d\d:\d\d:\d\d UTC/, with: "TIME").replacing(/127\.0\.0\.1:\d+/, with: "HUB").replacing(
      /port \d+ after \d+ ms/, with: "port N"
    )
    .replacing(#/\d[\d.]* [kM]?B of|\d+ bytes of/#, with: "N of")
  }

  private static func waits(_ bringing: Bringing) -> [String] { bringing.progress.compactMap(\.waits).map(plain) }

  @Test func a_hub_that_cannot_be_reached_is_told_at_once_with_the_next_attempt() throws {
    let bringing = try Bringing([Self.rows])
    bringing.mock.stop()
    #expect(bringing.problem()?.code == "hub.network")
    #expect(bringing.waits == [1, 2, 4, 8, 8])
    let waits = Self.waits(bringing)
    #expect(waits.count == 5)
    #expect(waits.allSatisfy { $0.hasPrefix("http://HUB cannot be reached (") && $0.hasSuffix("); it is tried again at TIME") }, "\(waits)")
    let first = try #require(bringing.progress.first)
    #expect(first.phase == "planning" && first.waits == nil && Self.plain(first.note ?? "") == "asking http://HUB for hf:someone/rows")
  }

  @Test func a_hub_with_trouble_is_told_until_it_answers() throws {
    let bringing = try Bringing([Self.rows])
    bringing.mock.trouble.answers = [
      ("/revision/", MockReply(503, [("X-Error-Message", "under maintenance")])),
      ("/tree/", MockReply(429, [("RateLimit", "\"api\";r=0;t=55")])),
    ]
    try bringing.run()
    #expect(
      Self.waits(bringing) == [
        "http://HUB has trouble of its own (503: under maintenance); it is tried again at TIME",
        "http://HUB has had too many requests from here (429); it is tried again at TIME",
      ])
    #expect(bringing.waits == [1, 55])
    // Nothing is said any more once there was an answer.
    #expect(bringing.progress.last?.waits == nil)
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
  }

  @Test func what_bytes_wait_for_is_told_until_they_come() throws {
    let bringing = try Bringing([Self.rows])
    bringing.showsWaits = true
    bringing.connections = 1
    bringing.mock.trouble.answers = [("/resolve/", MockReply(502, []))]
    bringing.mock.trouble.cuts = ["big.jsonl": [500_000]]
    try bringing.run()
    let waits = Self.waits(bringing)
    #expect(waits.contains("http://HUB has trouble of its own (502); it is tried again at TIME"), "\(waits)")
    #expect(waits.contains { $0.hasPrefix("http://HUB cannot be reached (") && $0.hasSuffix("; it is tried again at TIME") }, "\(waits)")
    #expect(bringing.progress.last?.waits == nil)
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
  }

  // MARK: max_seconds

  @Test func what_takes_longer_than_it_may_is_ended_and_goes_on_when_it_is_asked_for_again() throws {
    let bringing = try Bringing([Self.rows])
    bringing.mock.trouble.pace = 1_000_000
    bringing.connections = 1
    bringing.wish.maximumSeconds = 600
    bringing.agesAfter = 700_000
    let problem = try #require(bringing.problem())
    #expect(problem.code == "hub.late" && !Problem.hubTroubles.contains(problem.code))
    #expect(
      Self.plain(problem.description)
        == "max_seconds: hf:someone/rows was not here after the 10 min 0 s that it may take. N of 3000.0 kB had come. Raise \"max_seconds\", or take less with \"max_bytes\", \"max_rows\", \"split\" or \"files\", and drop it again. What has come is kept for that."
    )
    #expect(try bringing.brought().isEmpty)
    let record = try bringing.files.contents(of: bringing.layout.incompleteRecord(etag: Self.large.etag))
    let kept = try PublishedJSON.decode(PartialRecord.self, from: record).written
    #expect(kept >= 700_000 && kept < 3_000_000)
    bringing.mock.trouble.pace = 0
    bringing.agesAfter = nil
    try bringing.run()
    #expect(try bringing.result().transferred == 3_000_000 - kept)
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
  }

  @Test func seconds_count_from_the_first_start_and_waits_are_among_them() throws {
    let bringing = try Bringing([Self.rows])
    bringing.wish.maximumSeconds = 600
    bringing.startedAt = Timestamp(nanoseconds: WallClock.system.now()) + -599
    bringing.mock.trouble.answers = [("/revision/", MockReply(429, [("Retry-After", "30")]))]
    #expect(
      Self.plain(try #require(bringing.problem()).description)
        == "max_seconds: hf:someone/rows was not here after the 10 min 0 s that it may take. Nothing had come; http://HUB has had too many requests from here (429). Raise \"max_seconds\", or take less with \"max_bytes\", \"max_rows\", \"split\" or \"files\", and drop it again. What has come is kept for that."
    )
    #expect(bringing.waits.isEmpty)
    bringing.startedAt = Timestamp(nanoseconds: WallClock.system.now()) + -601
    #expect(bringing.problem()?.why == "0 bytes of 3000.0 kB had come")
    // What is here takes no time.
    bringing.startedAt = nil
    try bringing.run()
    try bringing.files.removeTree(bringing.layout.result)
    bringing.startedAt = Timestamp(nanoseconds: WallClock.system.now()) + -601
    try bringing.run()
  }

  // MARK: what nobody here could read

  @Test func parquet_without_a_converter_is_refused_before_its_first_byte() throws {
    let bringing = try Bringing([
      MockRepository(
        .dataset, "someone/rows", files: ["data/train-00000-of-00001.parquet": Self.large, "more.jsonl": .init(Content.rows(3))])
    ])
    bringing.noConverter = Problem("parquet.no-converter", "nothing here reads it", mend: "Make one.")
    #expect(bringing.problem()?.description == "data/train-00000-of-00001.parquet: nothing here reads it. Make one.")
    #expect(bringing.gets("/resolve/").isEmpty)
    bringing.wish.files = ["more.jsonl"]
    try bringing.files.removeTree(bringing.layout.plan)
    try bringing.run()
    #expect(try bringing.brought().keys.sorted() == ["train/more.jsonl"])
  }
}
