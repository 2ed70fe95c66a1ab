import Domain
import Engines
import Foundation
import Platform
import SystemPackage
import TestSupport
import Testing

struct NativeEngineTests {
  private let problem = Problem("csv.ragged-row", "a row is ragged", at: .init(row: 3), mend: "Mend it.")

  @Test func events_are_heard_in_the_order_in_which_they_are_said() async throws {
    let events: [WorkerEvent] = [
      .phase(.loading, share: nil), .phase(.tokenizing, share: 0.5),
      .planned(RunShape(parameters: 1, trainSequences: 2, trainTokens: 3, evalTokens: 4, epochs: 5, steps: 6, resumedFrom: 0)),
      .step(StepReport(epoch: 1, step: 2, loss: 0.5, lr: 0.1, accuracy: 0.25, gradNorm: 1, tokensPerSecond: 10, elapsed: 1, eta: 2)),
      .evaluated(MetricsRow(step: 1, epoch: 1)), .checkpoint(step: 2, path: "checkpoints/x"), .warning("careful"),
      .ingested(bytes: 5, of: nil, rows: 2),
    ]
    let worker = try ScriptedWorker(try events.map(ScriptedWorker.say).joined(separator: "\n"))
    #expect(await worker.run() == .done)
    #expect(worker.told == events)
  }

  @Test func a_librarys_chatter_is_passed_over() async throws {
    let worker = try ScriptedWorker(
      """
      echo 'loading shared library, please wait'
      echo
      echo '{"progress": 3}'
      echo '[1, 2'
      printf 'not \\377 UTF-8\\n'
      \(try ScriptedWorker.say(.warning("after the chatter")))
      printf '{"warning":{"_0":"without a line feed"}}'
      """)
    #expect(await worker.run() == .done)
    #expect(worker.told == [.warning("after the chatter"), .warning("without a line feed")])
  }

  /// JSON leaves these as they are within a string, and Unicode calls each the end of a line.
  @Test func only_a_line_feed_ends_a_line() async throws {
    let text = "a\u{2028}b\u{2029}c\u{85}d\u{B}e\u{C}f\r\ng"
    let worker = try ScriptedWorker(try ScriptedWorker.say(.warning(text)))
    #expect(await worker.run() == .done)
    #expect(worker.told == [.warning(text)])
  }

  @Test func a_line_that_never_ends_is_chatter_too() async throws {
    let worker = try ScriptedWorker(
      """
      head -c 5000000 /dev/zero | tr '\\0' 'x'
      echo
      \(try ScriptedWorker.say(.warning(String(repeating: "long ", count: 60_000))))
      """)
    #expect(await worker.run() == .done)
    #expect(worker.told == [.warning(String(repeating: "long ", count: 60_000))])
  }

  @Test func a_refusal_is_the_problem_that_was_said() async throws {
    let worker = try ScriptedWorker("\(try ScriptedWorker.say(.failed(problem)))\nexit 65")
    #expect(await worker.run() == .refused(problem))
    #expect(worker.told.isEmpty)
  }

  @Test func a_fault_that_was_said_is_the_problem_too() async throws {
    let worker = try ScriptedWorker("\(try ScriptedWorker.say(.failed(problem)))\nexit 70")
    #expect(await worker.run() == .refused(problem))
  }

  @Test(arguments: [(0, WorkerOutcome.done), (85, .stopped)])
  func exit_codes_are_those_of_the_wall(code: Int, outcome: WorkerOutcome) async throws {
    #expect(await (try ScriptedWorker("exit \(code)")).run() == outcome)
  }

  @Test(arguments: [1, 65, 70, 127])
  func ending_without_a_word_is_a_crash(code: Int32) async throws {
    let worker = try ScriptedWorker("echo 'the last words' >&2\nexit \(code)")
    #expect(await worker.run() == .crashed(.init(signal: nil, exitCode: code, lastWords: "the last words\n")))
  }

  @Test(arguments: [6, 9, 11, 15] as [Int32])
  func a_signal_is_named_with_the_last_words(signal: Int32) async throws {
    let worker = try ScriptedWorker("echo 'first line' >&2\necho 'Fatal error: out of range' >&2\nkill -\(signal) $$\nsleep 5")
    #expect(await worker.run() == .crashed(.init(signal: signal, exitCode: nil, lastWords: "first line\nFatal error: out of range\n")))
  }

  @Test func of_a_torrent_of_errors_the_beginning_and_the_end_are_kept() async throws {
    let worker = try ScriptedWorker(
      """
      yes 'a line of errors that is said again and again' | head -n 200000 >&2
      head -c 3000000 /dev/zero | tr '\\0' 'x' >&2
      echo ' the end' >&2
      exit 3
      """)
    guard case .crashed(let crash) = await worker.run() else {
      Issue.record("no crash")
      return
    }
    #expect(crash.exitCode == 3)
    #expect(crash.lastWords.hasPrefix("a line of errors that is said again and again\n"))
    #expect(crash.lastWords.contains("\n[…]\nxxx") && crash.lastWords.hasSuffix("xxx the end\n"))
    #expect(crash.lastWords.utf8.count < 7_000)
  }

  @Test func a_worker_that_is_not_there_could_not_be_started() async throws {
    let folder = try TemporaryFolder()
    let worker = folder.path.appending("dropforge-worker")
    let outcome = await NativeEngine(worker: worker).run(.ingest("/order"), threads: nil, stop: StopRequest(), graceSeconds: 1) { _ in }
    guard case .crashed(let crash) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(!crash.wasStarted)
    #expect(crash.lastWords.hasPrefix("\(worker): "))
    let problem = crash.problem(doing: "reading rows.csv")
    #expect(problem.what == "the worker for reading rows.csv could not be started")
    #expect(
      problem.mend == "Look whether dropforge-worker lies beside dropforge and may be executed; install both again, from the same version.")
  }

  @Test func the_worker_gets_its_words_and_its_agents_number() async throws {
    let worker = try ScriptedWorker(
      "echo \"$@\" > \"$(dirname \"$4\")/arguments\"\ncut -d' ' -f5 /proc/$$/stat > \"$(dirname \"$4\")/group\"\necho $$ >> \"$(dirname \"$4\")/group\""
    )
    #expect(await worker.run() == .done)
    let files = try worker.folder.contents()
    #expect(
      files["arguments"] == "--parent \(ProcessInfo.processInfo.processIdentifier) ingest \(worker.folder.path.appending("order.sh"))\n")
    let numbers = try #require(files["group"]).split(separator: "\n")
    #expect(numbers.count == 2 && numbers[0] == numbers[1], "it leads a process group of its own: \(numbers)")
  }

  @Test(arguments: [(3, "3 passive false"), (nil, "- passive false")] as [(Int?, String)])
  func the_maths_libraries_are_told_how_many_threads_and_to_wait_quietly(threads: Int?, expected: String) async throws {
    let worker = try ScriptedWorker("echo \"${OMP_NUM_THREADS:--} $OMP_WAIT_POLICY $OMP_DYNAMIC\" > \"$(dirname \"$4\")/environment\"")
    #expect(await worker.run(threads: threads) == .done)
    let inherited = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"]
    let line = threads == nil ? expected.replacing("-", with: inherited ?? "-") : expected
    #expect(try worker.folder.contents()["environment"] == line + "\n")
  }

  @Test func standard_input_is_empty() async throws {
    let worker = try ScriptedWorker("read line && exit 1\nexit 0")
    #expect(await worker.run() == .done)
  }
}
