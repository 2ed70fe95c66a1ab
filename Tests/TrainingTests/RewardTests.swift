import DatasetFormats
import Domain
import Foundation
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// What answers are rewarded for: formulas of small-doge's rewards.py, docs/methods.md.
struct RewardTests {
  private let ingested: IngestedRows
  private let rows: DatasetRows

  init() throws {
    ingested = try IngestedRows(#"{"problem": "6 * 7 =", "solution": "42"}"# + "\n")
    rows = try ingested.rows()
  }

  private func settings(_ text: String) throws -> RewardSettings { try #require(RewardSettings(node: try JSONParser.parse(text))) }

  private func judge(_ reward: String, _ answers: [String], answer: String? = "42") throws -> [Double?] {
    let jury = try RewardJury([try settings(reward)], answer: { _ in answer }, folder: ingested.folders.folder.path)
    return jury.judge(answers.map { RewardInput(prompt: "6 * 7 =", completion: $0, row: rows[0]) }).columns[0].values
  }

  @Test func an_answer_is_right_as_a_number_and_wherever_the_text_says_it_stands() throws {
    let right = [
      "42", " 42.0 ", "$42$.", "It is so. #### 42", "<answer>42</answer>", "so \\boxed{42}", "<think>41?</think><answer> 42 </answer>",
      "84/2", "<|begin_of_solution|>\n\\boxed{42}\n<|end_of_solution|>",
    ]
    #expect(try judge(#""accuracy""#, right) == right.map { _ in 1 })
    let wrong = ["41", "", "forty-two", "42 or 43", "#### 42 #### 43", "\\boxed{4{2}}", "nan"]
    #expect(try judge(#""accuracy""#, wrong) == wrong.map { _ in 0 })
    #expect(try judge(#""accuracy""#, ["1,234"], answer: "Thus 1+1\n#### 1234") == [1])
    #expect(try judge(#""accuracy""#, ["42"], answer: nil) == [nil])
    #expect(try judge(#"{"name": "accuracy", "pattern": "= ([0-9]+)"}"#, ["6 * 7 = 42, I think", "= 41"]) == [1, 0])
  }

  @Test func the_answer_can_stand_in_a_column_of_its_own() throws {
    let jury = try RewardJury([try settings(#"{"name": "accuracy", "column": "solution"}"#)], answer: nil, folder: nil)
    #expect(jury.judge([RewardInput(prompt: "", completion: "42", row: rows[0])]).rewards == [1])
  }

  @Test func the_form_is_that_of_thought_and_solution() throws {
    let good = "<|begin_of_thought|>\nhm\nhm\n<|end_of_thought|>\n\n<|begin_of_solution|>\n42\n<|end_of_solution|>"
    #expect(try judge(#""format""#, [good, good + "!", "42"]) == [1, 0, 0])
    #expect(try judge(#""format_deepseek""#, ["<think>a\nb</think>\n<answer>42</answer>", "<answer>42</answer>"]) == [1, 0])
    #expect(try judge(#"{"name": "regex", "pattern": "[0-9]"}"#, ["a1", "a"]) == [1, 0])
    #expect(try judge(#"{"name": "regex", "pattern": "[0-9]+", "full_match": true}"#, ["12", "a12"]) == [1, 0])
  }

  @Test func reasoning_steps_bring_an_eighth_each() throws {
    #expect(try judge(#""reasoning_steps""#, ["**First:** a **Second:** b", "none"]) == [0.25, 0])
    #expect(try judge(#"{"name": "reasoning_steps", "markers": ["A", "B"]}"#, ["A"]) == [0.5])
  }

  @Test func the_shorter_of_right_answers_is_the_better() throws {
    // Lengths 2, 4, 6: λ = 0.5, 0, -0.5; a wrong answer gets no more than 0.
    #expect(try judge(#""length""#, ["42", "42.0", "042.00"]) == [0.5, 0, -0.5])
    #expect(try judge(#""length""#, ["41", "42.0", "041.00"]) == [0, 0, -0.5])
    #expect(try judge(#""length""#, ["42", "41"]) == [0, 0])
  }

  @Test func the_cosine_goes_with_the_length() throws {
    let found = try judge(#"{"name": "cosine", "max_len": 4}"#, ["42", "41", "42.0", "41.0", "41.0000"])
    let expected: [Double] = [0.75, -0.25, 0.5, -0.5, -0.5]
    for (a, b) in zip(found, expected) { #expect(abs(try #require(a) - b) < 1e-12) }
  }

  @Test func repetition_is_punished_by_its_share() throws {
    // Four trigrams, two of them different.
    #expect(try judge(#""repetition_penalty""#, ["a b A b a b", "a b", "one two three four"]) == [-0.5, 0, 0])
  }

  @Test func rewards_are_weighed_and_what_says_nothing_is_left_out() throws {
    let jury = try RewardJury(
      [try settings(#"{"name": "regex", "pattern": "a", "weight": 2}"#), try settings(#""accuracy""#)], answer: { _ in nil }, folder: nil)
    let verdict = jury.judge(["a", "b"].map { RewardInput(prompt: "", completion: $0, row: rows[0]) })
    #expect(verdict.rewards == [2, 0] && verdict.complaints.isEmpty)
  }

  @Test func a_program_is_asked_with_a_line_an_answer() throws {
    let script = try ingested.folders.source(
      "while read -r line; do case \"$line\" in *good*) echo 1.5;; *none*) echo null;; *) echo 0;; esac; done\n", named: "score.sh")
    #expect(try judge(#"{"name": "command", "command": ["sh", "\#(script)"]}"#, ["good", "none", "bad"]) == [1.5, nil, 0])
    #expect(try judge(#""command:sh \#(script)""#, ["good"]) == [1.5])
    // It sees the row, too.
    let rows = try ingested.folders.source("grep -c '\"row\":{\"problem\":\"6 \\* 7 =\"'\n", named: "row.sh")
    #expect(try judge(#""command:sh \#(rows)""#, ["x"]) == [1])
  }

  @Test(arguments: [
    ("exit 3", "'sh SCRIPT' ended with status 3"), ("echo oops >&2; exit 1", "'sh SCRIPT' ended with status 1: oops"),
    ("echo many", "it wrote 'many' where a number was due"), ("echo 1; echo 2; echo 3", "it gave 3 numbers for 2 answers"),
    ("sleep 60", "'sh' took longer than 0 seconds"), ("echo nan; echo 1", "1 of its numbers are none"),
  ])
  func a_reward_that_fails_is_counted_and_told_and_ends_nothing(script: String, complaint: String) throws {
    let path = try ingested.folders.source(script + "\n", named: "score.sh")
    let jury = try RewardJury(
      [
        try settings(#"{"name": "command", "command": ["sh", "\#(path)"], "timeout": \#(script == "sleep 60" ? "0.2" : "600")}"#),
        try settings(#"{"name": "regex", "pattern": "a"}"#),
      ], answer: nil, folder: ingested.folders.folder.path)
    let verdict = jury.judge(["a", "b"].map { RewardInput(prompt: "", completion: $0, row: rows[0]) })
    #expect(verdict.columns[0].failures == (script.contains("nan") ? 1 : 2))
    #expect(verdict.rewards[0] == 1)
    #expect(
      verdict.complaints == [
        "The reward 'command' failed (once so far): \(complaint.replacing("SCRIPT", with: path.string)). Its answers go without it."
      ])
  }

  @Test func a_program_that_is_not_there_is_a_failure_too() throws {
    let jury = try RewardJury([try settings(#""command:/no/such/program""#)], answer: nil, folder: ingested.folders.folder.path)
    let verdict = jury.judge([RewardInput(prompt: "", completion: "a", row: rows[0])])
    #expect(verdict.rewards == [nil])
    #expect(
      verdict.complaints == [
        "The reward 'command' failed (once so far): '/no/such/program' cannot be started: No such file or directory. Its answers go without it."
      ])
  }

  @Test func a_pattern_that_is_none_is_told_before_anything_starts() throws {
    let problem = try #require(throws: Problem.self) {
      _ = try RewardJury([try settings(#"{"name": "regex", "pattern": "("}"#)], answer: nil, folder: nil)
    }
    #expect(problem.what == "the reward 'regex' has a pattern that is no regular expression: (")
  }
}
