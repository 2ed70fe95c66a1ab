import Domain
import HubMock
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Hub

/// A download's time is told before it begins, and what would take too long is not begun.
struct EstimateTests {
  private static let large = MockRepository.File(Content.noise(3_000_000), isLarge: true)
  private static let rows = MockRepository(.dataset, "someone/rows", files: ["big.jsonl": large])

  /// A rate, a count of connections and seconds in what is said, which are measured and never the same.
  private static func plain(_ text: String) -> String {
    text.replacing(#/would take [^ ]+( min \d+)? s/#, with: "would take T").replacing(#/\d[\d.]* [kM]?B of/#, with: "N of")
      .replacing(#/at \d[\d.]* ([kMG]B|bytes) a second/#, with: "at R a second").replacing(#/over [\d.]+ s/#, with: "over T")
  }

  @Test func the_line_is_measured_and_what_came_is_kept() throws {
    let bringing = try Bringing([Self.rows])
    bringing.mock.trouble.pace = 2_000_000
    bringing.trialBytes = 1_000_000
    bringing.connections = 2
    try bringing.run()
    let first = try #require(bringing.progress.firstIndex { $0.estimate != nil })
    #expect(bringing.progress[..<first].allSatisfy { $0.phase == "planning" || $0.phase == "measuring" })
    #expect(bringing.progress[first...].dropFirst().allSatisfy { $0.estimate == nil && $0.phase != "measuring" })
    let estimate = try #require(bringing.progress[first].estimate)
    let (rate, seconds) = (try #require(estimate.rate), try #require(estimate.seconds))
    #expect(rate > 0 && seconds == Double(estimate.bytes) / rate)
    #expect(estimate.bytes > 0 && estimate.bytes < 3_000_000)
    #expect(Self.plain(estimate.how) == "measured over T on 2 connections at most")
    #expect(try bringing.result().estimate == estimate)
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
    // No byte came twice.
    #expect(try bringing.result().transferred == 3_000_000)
  }

  @Test func too_long_for_max_seconds_is_refused_and_goes_on_when_that_is_raised() throws {
    let bringing = try Bringing([Self.rows])
    bringing.mock.trouble.pace = 400_000
    bringing.connections = 1
    bringing.wish.maximumSeconds = 2
    let problem = try #require(bringing.problem())
    #expect(problem.code == "hub.too-slow")
    #expect(
      Self.plain(problem.description)
        == "max_seconds: hf:someone/rows would take T to download. N of 3000.0 kB are still to come at R a second, measured over T on 1 connection at most; \"max_seconds\" allows 2.0 s. Raise \"max_seconds\", or take less with \"max_bytes\", \"max_rows\", \"split\" or \"files\", and drop it again. What has come is kept for that."
    )
    #expect(try bringing.brought().isEmpty)
    let kept = try PublishedJSON.decode(
      PartialRecord.self, from: try bringing.files.contents(of: bringing.layout.incompleteRecord(etag: Self.large.etag))
    ).written
    #expect(kept > 0 && kept < 1_500_000)
    // The next attempt has that much less to bring, and says so.
    bringing.mock.trouble.pace = 0
    bringing.wish.maximumSeconds = 600
    try bringing.run()
    #expect(try bringing.result().transferred == 3_000_000 - kept)
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
  }

  @Test func little_is_not_measured_and_nothing_needs_no_line() throws {
    let bringing = try Bringing([Self.rows])
    try bringing.run()
    let estimates = bringing.progress.compactMap(\.estimate)
    #expect(estimates == [TimeEstimate(bytes: 3_000_000, rate: nil, how: "not measured, as so little is told of by its end")])
    #expect(!bringing.progress.contains { $0.phase == "measuring" })

    // Everything is here; only what says so was lost.
    try bringing.files.removeTree(bringing.layout.result)
    bringing.wish.maximumSeconds = 1
    bringing.mock.forgetRequests()
    try bringing.run()
    #expect(bringing.progress.compactMap(\.estimate).last == TimeEstimate(bytes: 0, rate: nil, how: "nothing is left to come"))
    #expect(bringing.mock.requests.isEmpty)
  }

  @Test func what_comes_whole_while_it_is_measured_is_done() throws {
    let bringing = try Bringing([Self.rows])
    bringing.wish.maximumSeconds = 3_600
    bringing.trialSeconds = 60
    try bringing.run()
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
    #expect(bringing.progress.compactMap(\.estimate).last?.bytes == 0)
  }

  @Test func far_beyond_the_agents_hours_is_not_begun_either() throws {
    let bringing = try Bringing([Self.rows])
    bringing.mock.trouble.pace = 200_000
    bringing.connections = 1
    bringing.trialBytes = 1_000_000
    bringing.hours = 0.0005
    #expect(
      Self.plain(try #require(bringing.problem()).description)
        == "hf:someone/rows would take T to download. N of 3000.0 kB are still to come at R a second, measured over T on 1 connection at most; a download may take 0.0005 hours. Take less with \"max_bytes\", \"max_rows\", \"split\" or \"files\", or raise \"download_hours\" in dropforge.json. What has come is kept for that."
    )
  }

  @Test func a_line_that_breaks_while_it_is_measured_is_tried_again() throws {
    let bringing = try Bringing([Self.rows])
    bringing.trialBytes = 1_000_000
    bringing.partBytes = 8 << 20
    bringing.mock.trouble.cuts = ["big.jsonl": [500_000, 100_000]]
    try bringing.run()
    #expect(try bringing.brought()["train/big.jsonl"] == Self.large.bytes)
    // And where the Hub is gone for good, it is said as ever.
    let gone = try Bringing([Self.rows])
    gone.trialBytes = 1_000_000
    gone.partBytes = 8 << 20
    gone.mock.trouble.cuts = ["big.jsonl": [0, 0, 0, 0, 0, 0, 0]]
    #expect(gone.problem()?.code == "hub.network")
    #expect(gone.waits == [1, 2, 4, 8, 8])
  }

  @Test func a_model_has_no_rows_to_take_fewer_of() {
    let plan = DownloadPlan(
      source: HubSource(kind: .model, repository: "a/m"), revision: "main", commit: "", config: nil, licence: nil,
      files: [.init(path: "m", size: 4_000_000_000, hash: "", split: nil)], endpoint: "", plannedAt: Timestamp(nanoseconds: 0), remarks: [])
    #expect(
      Problem(tooSlow: plan, TimeEstimate(bytes: 3_000_000_000, rate: 1e6, how: "measured"), limit: .wish(600)).description
        == "max_seconds: hf-model:a/m would take 50 min 0 s to download. 3000.0 MB of 4000.0 MB are still to come at 1000.0 kB a second, measured; \"max_seconds\" allows 10 min 0 s. Raise \"max_seconds\", or name fewer files with \"files\", and drop it again. What has come is kept for that."
    )
  }

  @Test func seconds_that_have_passed_are_told_where_they_make_the_difference() {
    let plan = DownloadPlan(
      source: HubSource(kind: .dataset, repository: "a/m"), revision: "main", commit: "", config: nil, licence: nil,
      files: [.init(path: "m", size: 40_000_000, hash: "", split: "train")], endpoint: "", plannedAt: Timestamp(nanoseconds: 0), remarks: []
    )
    #expect(
      Problem(tooSlow: plan, TimeEstimate(bytes: 30_000_000, rate: 1e6, how: "measured"), limit: .wish(50, passed: 25)).why
        == "30.0 MB of 40.0 MB are still to come at 1000.0 kB a second, measured; \"max_seconds\" allows 50.0 s, of which 25.0 s have passed"
    )
  }

  // MARK: the trial by itself

  /// Looks of (bytes, seconds), and whether the last of them was enough.
  private static func told(_ trial: LineTrial, _ looks: [(Int, Double)]) -> (rate: Double?, measured: Double, isEnough: Bool) {
    var trial = trial
    var isEnough = false
    for (bytes, at) in looks { isEnough = trial.note(bytes, after: at) }
    return (trial.rate, trial.measured, isEnough)
  }

  @Test func time_before_the_first_byte_does_not_count_and_the_slow_start_neither() {
    let trial = LineTrial(seconds: 1, bytes: 1_000_000)
    // Three seconds for the answer, a slow quarter, then 100,000 a second.
    let slow = Self.told(trial, [(0, 1), (0, 3), (1_000, 3.25), (51_000, 3.75), (76_000, 4)])
    #expect(slow.rate == 100_000 && slow.measured == 1 && slow.isEnough)
    // Much in a moment: from where nothing had come.
    let quick = Self.told(trial, [(0, 0.25), (500_000, 0.5), (1_000_000, 0.75)])
    #expect(quick.rate == 2_000_000 && quick.measured == 0.5 && quick.isEnough)
    let still = Self.told(trial, [(0, 1), (10, 1.25)])
    #expect(still.rate == 40 && !still.isEnough)
    #expect(Self.told(trial, [(0, 9)]).rate == nil)
    // A burst, and then nothing: the whole counts.
    #expect(Self.told(trial, [(0, 0), (1_000, 0.25), (1_000, 1)]).rate == 1_000)
  }
}
