import DatasetFormats
import Domain
import StrictJSON
import TestSupport
import Testing
import Tokenizers

@testable import Training

/// Rows of preferences, as the two sequences that they become.
struct PreferencePairsTests {
  private func pairs(_ text: String, data: String = "{}") throws -> [[String]?] {
    let ingested = try IngestedRows(text)
    let section = Configuration.decode(
      try JSONParser.parse(#"{"training": {"method": "dpo"}, "data": \#(data)}"#), source: .none
    ).0.data
    let settings = TokenizerSettings(endOfText: "<end>", chatTemplate: ChatFormat.template)
    let reader = PreferenceReader(section, ingest: ingested.result).rendering(with: try ChatRenderer(settings, now: 0))
    let rows = try ingested.rows()
    return (0..<rows.count).map { index in
      reader.sequences(of: rows[index])?.map { sequence in
        sequence.map { ($0.isTrained ? "+" : "-") + String(decoding: $0.text, as: UTF8.self) + ($0.endsText ? "$" : "") }.joined(
          separator: "|")
      }
    }
  }

  @Test func a_prompt_stands_before_both_answers() throws {
    #expect(try pairs(#"{"prompt": "1 + 1 = ", "chosen": "2", "rejected": "3"}"# + "\n") == [["-1 + 1 = |+2$", "-1 + 1 = |+3$"]])
  }

  @Test func what_both_answers_begin_with_is_the_prompt() throws {
    #expect(
      try pairs(#"{"chosen": "The sky is blue.", "rejected": "The sky is green."}"# + "\n")
        == [["-The sky is|+ blue.$", "-The sky is|+ green.$"]])
    // Not within a character: é and è begin with the same byte.
    #expect(try pairs(#"{"chosen": "caf\u00e9", "rejected": "caf\u00e8"}"# + "\n") == [["-caf|+é$", "-caf|+è$"]])
  }

  @Test func messages_are_rendered_and_what_the_assistant_says_is_the_answer() throws {
    let row = """
      {"prompt": [{"role": "user", "content": "Hi"}], "chosen": [{"role": "assistant", "content": "Hello."}], \
      "rejected": [{"role": "assistant", "content": "No."}]}
      """
    let head = "-<|user|>\nHi<end>\n<|assistant|>\n|"
    #expect(try pairs(row + "\n") == [["\(head)+Hello.<end>|-\n", "\(head)+No.<end>|-\n"]])
  }

  /// LLaMA-Factory's form.
  @Test func answers_may_be_single_messages() throws {
    let row = """
      {"conversations": [{"from": "human", "value": "Hi"}], "chosen": {"from": "gpt", "value": "Hello."}, \
      "rejected": {"from": "gpt", "value": "No."}}
      """
    let head = "-<|user|>\nHi<end>\n<|assistant|>\n|"
    #expect(try pairs(row + "\n") == [["\(head)+Hello.<end>|-\n", "\(head)+No.<end>|-\n"]])
  }

  /// ultrafeedback_binarized: the prompt as a text beside lists that hold it.
  @Test func a_text_as_prompt_beside_lists_is_left_aside() throws {
    let row = """
      {"prompt": "Hi", "chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}], \
      "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No."}]}
      """
    let head = "-<|user|>\nHi<end>\n<|assistant|>\n|"
    #expect(try pairs(row + "\n") == [["\(head)+Hello.<end>|-\n", "\(head)+No.<end>|-\n"]])
  }

  @Test func a_row_that_lacks_an_answer_is_none() throws {
    let rows = #"{"prompt": "a", "chosen": "b", "rejected": null}"# + "\n" + #"{"prompt": "a", "chosen": "b", "rejected": "c"}"# + "\n"
    let found = try pairs(rows)
    #expect(found.count == 2 && found[0] == nil && found[1] != nil)
  }

  private func sequence(_ prompt: Int, _ answer: Int) -> AnswerSequence {
    AnswerSequence(
      tokens: (0..<Int32(prompt + answer)).map(\.self),
      isAnswer: Array(repeating: false, count: prompt) + Array(repeating: true, count: answer))
  }

  @Test func a_prompt_loses_its_beginning_and_an_answer_its_end() {
    let limits = PreferencePairs.Limits(whole: 100, prompt: 3, completion: 2)
    #expect(limits.cut(sequence(5, 4)).tokens == [2, 3, 4, 5, 6])
    #expect(limits.cut(sequence(5, 4)).answerCount == 2)
  }

  @Test func what_is_too_long_keeps_the_side_that_was_chosen() {
    #expect(PreferencePairs.Limits(whole: 6, side: .keepStart).cut(sequence(5, 4)).tokens == [0, 1, 2, 3, 4, 5])
    #expect(PreferencePairs.Limits(whole: 6, side: .keepEnd).cut(sequence(5, 4)).tokens == [3, 4, 5, 6, 7, 8])
    #expect(PreferencePairs.Limits(whole: 5).cut(sequence(5, 4)).answerCount == 0)
  }

  @Test func pairs_are_counted_cut_and_left_out() throws {
    // Two sequences a pair; every second token belongs to the answer.
    let written = try Written(
      vocabulary: 100, masked: true, sequences: [[1, 2, 3], [1, 4, 5], [5, 6, 7, 8, 9, 10], [5, 6, 7], [11], [11, 12, 13]])
    let split = try written.split()
    let pairs = PreferencePairs(split, limits: .init(whole: 4), seed: 1, shuffles: false)
    #expect(pairs.total == 3 && pairs.count == 2 && pairs.truncated == 1 && pairs.dropped == 1)
    #expect(pairs.length == 3)
    #expect(pairs.pair(1, epoch: 0).number == 1)
    #expect(pairs.pair(1, epoch: 0).chosen.tokens == [5, 6, 7, 8])
  }

  @Test func a_loss_that_runs_away_is_told_from_one_that_swings() {
    var watch = DivergenceWatch()
    for _ in 0..<10 { watch.add(0.7) }
    for loss in [6, 0.5, 6, 0.5, 6, 0.5, 6, 0.5, 6, 6.0] { watch.add(loss) }
    #expect(!watch.hasExploded)
    for _ in 0..<10 { watch.add(7) }
    #expect(watch.hasExploded)
  }
}
