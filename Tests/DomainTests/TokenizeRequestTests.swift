import Domain
import StrictJSON
import Testing

struct TokenizeRequestTests {
  private func decode(_ text: String) throws -> (InboxRequest?, [String]) {
    let (request, findings) = InboxRequest.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    return (request, findings.map(\.description))
  }

  @Test func a_request_with_everything_is_read() throws {
    let (decoded, findings) = try decode(
      #"""
      {"action": "tokenize", "dataset": "rows", "version": 2, "tokenizer": "gpt2", "method": "sft", "max_length": 512, "stride": 64,
       "min_tokens": 3, "filter_special_tokens": true, "stop_words": ["en", "german"], "stop_word_list": ["foo"], "duplicates": "near",
       "near_similarity": 0.9, "max_samples": 100, "eval_split": 0.2, "seed": 7, "threads": 2, "comment": "why"}
      """#)
    #expect(findings.isEmpty)
    guard case .tokenize(let request) = decoded else {
      Issue.record("no request")
      return
    }
    #expect(request.dataset == "rows" && request.version == 2 && request.tokenizer == "gpt2" && request.method == .sft)
    #expect(request.maximumLength == 512 && request.treatment.stride == 64 && request.treatment.minimumTokens == 3)
    #expect(request.treatment.filtersSpecialTokens && request.treatment.stopWords == [.english, .german])
    #expect(request.treatment.ownStopWords == ["foo"] && request.treatment.duplicates == .near && request.treatment.similarity == 0.9)
    #expect(request.data.maximumSamples == 100 && request.data.evalSplit == 0.2 && request.seed == 7 && request.threads == 2)
    let configuration = request.configuration
    #expect(configuration.training.method == .sft && configuration.training.maximumLength == 512 && configuration.seed == 7)
    #expect(configuration.data.treatment.makesWindows && configuration.data.rowLimit == 100 && configuration.data.heldOutShare == 0.2)
    // What the worker is given says the same again.
    let (again, errors) = Configuration.decode(configuration.node, source: .none)
    #expect(errors.errors.isEmpty && again.data == configuration.data)
  }

  @Test func with_a_longest_sequence_nothing_is_dropped_unless_asked_for() throws {
    func treatment(_ more: String) throws -> RowTreatment? {
      guard case .tokenize(let request) = try decode(#"{"action": "tokenize", "dataset": "a", "tokenizer": "byte"\#(more)}"#).0 else {
        return nil
      }
      return request.configuration.data.treatment
    }
    #expect(try treatment("")?.changesNothing == true)
    #expect(try treatment(#", "max_length": 8"#)?.makesWindows == true)
    #expect(try treatment(#", "max_length": 8, "truncate": true"#)?.makesWindows == false)
    #expect(RowTreatment().title.isEmpty)
    #expect(
      try treatment(#", "max_length": 8, "stride": 2, "stop_words": ["en", "german"], "duplicates": "near""#)?.title
        == "stride 2, truncate false, stop_words english german, duplicates near")
  }

  private static let known =
    "known here: $schema, action, completion_field, dataset, duplicates, eval_split, filter_special_tokens, max_length, max_samples, method, min_tokens, near_similarity, prompt_field, schema, seed, stop_word_list, stop_words, stride, text_field, threads, tokenizer, train_split, truncate, version"

  @Test(arguments: [
    (
      #"{"action": "tokenize"}"#,
      [
        "error: dataset: this field is missing; it names the dataset to tokenize",
        #"error: tokenizer: this field is missing; it is "byte", or the name of a model or of a finished job"#,
      ]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "byte", "max_lenght": 8}"#,
      [#"error: max_lenght (line 1): no such field. Did you mean "max_length"?"#]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "byte", "colour": 8}"#,
      ["error: colour (line 1): no such field; \(known)"]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "byte", "max_length": 8, "stride": 8}"#,
      ["error: stride (line 1): 8 must be less than max_length 8: each window has to go on behind the one before it"]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "byte", "stride": 8}"#,
      ["error: stride (line 1): says what becomes of rows longer than max_length, which is missing"]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "byte", "max_length": 9, "stride": 8, "truncate": true}"#,
      ["error: stride (line 1): with truncate nothing is left for a window to overlap with; remove one of the two"]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "byte", "stop_words": ["englisch"]}"#,
      [
        #"error: stop_words (line 1): element 1: "englisch" is not allowed; it must be one of english, german, french, spanish, italian, portuguese, dutch, swedish, danish, norwegian, finnish, polish, russian, turkish. Did you mean "english"?"#
      ]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "byte", "duplicates": "exakt", "max_length": 1}"#,
      [
        #"error: duplicates (line 1): "exakt" is not allowed; it must be one of keep, exact, normalized, near. Did you mean "exact"?"#,
        "error: max_length (line 1): 1 is outside of what is allowed: from 2 to 1048576",
      ]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "train"}"#,
      [
        #"error: tokenizer (line 1): a tokenizer is trained by a job ("tokenizer": {"name": "train"}); name the finished job here then"#
      ]
    ),
    (
      #"{"action": "tokenize", "dataset": "a", "tokenizer": "byte", "method": "dpo"}"#,
      ["error: method (line 1): tokens for dpo are made by its job; a request makes those of pretrain and sft"]
    ),
    (
      #"{"action": "tokenise", "dataset": "a"}"#,
      [
        #"error: action (line 1): "tokenise" is not known; it is one of cancel, pause, resume, rescan, delete, rename, evaluate, tokenize, download, describe, convert, export, restore. Did you mean "tokenize"?"#
      ]
    ),
  ])
  func a_wrong_form_is_named(text: String, expected: [String]) throws {
    let (request, findings) = try decode(text)
    #expect(request == nil)
    #expect(findings == expected)
  }

  @Test func a_config_says_what_is_done_to_rows_in_the_same_words() throws {
    func findings(_ method: String, _ data: String, length: Int = 64) throws -> [String] {
      let text = #"{"training": {"method": "\#(method)", "max_length": \#(length)}, "data": {\#(data)}}"#
      return Configuration.decode(try JSONParser.parse(text), source: .none).1.errors.map(\.description)
    }
    #expect(try findings("pretrain", #""stride": 16, "duplicates": "exact", "stop_words": ["english"]"#).isEmpty)
    #expect(
      try findings("sft", #""stride": 64"#) == [
        "error: data.stride: 64 must be less than max_length 64: each window has to go on behind the one before it"
      ])
    #expect(
      try findings("dpo", #""min_tokens": 4"#) == [
        "error: data.min_tokens: rows are treated for pretrain and sft only; dpo takes its rows whole. Remove the field"
      ])
  }
}

struct LengthDistributionTests {
  @Test func percentiles_are_the_least_length_that_so_many_do_not_exceed() {
    let lengths = LengthDistribution((1...10).map { ($0, $0 == 10 ? 11 : 1) })
    #expect(lengths.count == 20 && lengths.tokens == 155 && lengths.min == 1 && lengths.max == 10 && lengths.mean == 7.75)
    #expect(
      lengths.percentiles == ["p1": 1, "p5": 1, "p10": 2, "p25": 5, "p50": 10, "p75": 10, "p90": 10, "p95": 10, "p99": 10])
  }

  @Test func bars_hold_everything_once() {
    let lengths = LengthDistribution([(3, 2), (99, 1), (100, 4), (2_000, 1)])
    #expect(lengths.histogram.map(\.from) == [0, 100, 2_000] && lengths.histogram.map(\.count) == [3, 4, 1])
    #expect(lengths.histogram.allSatisfy { $0.to - $0.from == 100 })
  }

  @Test func of_nothing_there_is_nothing() {
    let lengths = LengthDistribution([])
    #expect(lengths.count == 0 && lengths.percentiles.isEmpty && lengths.histogram.isEmpty)
  }
}
