import Domain
import Engines
import Testing

/// What a user reads of a worker that died.
struct CrashTests {
  private func problem(signal: Int32? = nil, exitCode: Int32? = nil, lastWords: String = "") -> String {
    WorkerOutcome.Crash(signal: signal, exitCode: exitCode, lastWords: lastWords).problem(doing: "reading rows.csv").description
  }

  @Test func the_words_for_each_way_to_die() {
    #expect(
      problem(signal: 9)
        == "the worker that was reading rows.csv was killed (signal 9). The kernel kills a process so when memory runs out; so does an administrator. Look with `journalctl -k | grep -i oom` whether memory ran out; if so, use a smaller model, batch or max_length, or a machine with more."
    )
    #expect(
      problem(signal: 11)
        == "the worker that was reading rows.csv died of signal 11. This is a fault of Dropforge, not of your files: please report it with the text below."
    )
    #expect(
      problem(exitCode: 3)
        == "the worker that was reading rows.csv ended with exit code 3. This is a fault of Dropforge, not of your files: please report it with the text below."
    )
  }

  @Test func of_a_backtrace_the_part_that_tells_is_kept() {
    let words =
      "Fatal error: Index out of range\n\n  0 [ra] one in rows.swift\n" + (1...40).map { "    \($0) frame\n" }.joined()
      + "Registers:\nrax 0\nImages:\nmany\n"
    let crash = WorkerOutcome.Crash(signal: 4, exitCode: nil, lastWords: words)
    let lines = crash.problem(doing: "x").cause?.split(separator: "\n") ?? []
    #expect(lines.count == 25)
    #expect(lines.first == "Fatal error: Index out of range" && lines[8] == "…" && lines.last == "40 frame")
    #expect(WorkerOutcome.Crash(signal: 4, exitCode: nil, lastWords: "").problem(doing: "x").cause == nil)
  }
}
