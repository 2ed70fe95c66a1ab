import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage
import Testing

@testable import Ingestion

struct ConversionTests {
  /// The first row of a dataset in another schema, as text.
  private func convert(_ rows: [String], to target: DatasetSchema) throws -> [String] {
    let drop = try Drop("rows.jsonl", rows.joined(separator: "\n"))
    let conversion = try RowConversion(drop.result, to: target, dataset: SafeName(from: "rows"))
    return try drop.rows().flatMap { row -> [String] in
      switch conversion.convert(try JSONParser.parse(row)) {
      case .rows(let rows): rows.map { JSONNode(.object($0)).text() }
      case .refused(let reason): [reason]
      }
    }
  }

  private func convert(_ row: String, to target: DatasetSchema) throws -> [String] { try convert([row], to: target) }

  private let alpaca = #"{"instruction":"Add.","input":"1 and 2","output":"3"}"#
  private let chat =
    #"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}],"source":"x"}"#
  private let shared = #"{"conversations":[{"from":"human","value":"Hi"},{"from":"gpt","value":"Hello"}]}"#

  @Test func one_exchange_becomes_every_form() throws {
    #expect(
      try convert(alpaca, to: .messages) == [
        #"{"messages":[{"role":"user","content":"Add.\n\n1 and 2"},{"role":"assistant","content":"3"}]}"#
      ])
    #expect(
      try convert(alpaca, to: .conversations) == [
        #"{"conversations":[{"from":"human","value":"Add.\n\n1 and 2"},{"from":"gpt","value":"3"}]}"#
      ])
    #expect(try convert(alpaca, to: .promptCompletion) == [#"{"prompt":"Add.\n\n1 and 2","completion":"3"}"#])
    #expect(try convert(alpaca, to: .text) == [#"{"text":"Add.\n\n1 and 2\n\n3"}"#])
    #expect(try convert(chat, to: .instruction) == [#"{"instruction":"Hi","input":"","output":"Hello","system":"Be brief.","source":"x"}"#])
    #expect(try convert(chat, to: .promptCompletion) == [#"{"prompt":"Be brief.\n\nHi","completion":"Hello","source":"x"}"#])
    #expect(
      try convert(shared, to: .messages) == [#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}"#])
    #expect(
      try convert(#"{"question":"1+1?","answer":"2"}"#, to: .problemSolution) == [#"{"problem":"1+1?","solution":"2"}"#])
  }

  @Test func openorca_keeps_its_system_prompt() throws {
    #expect(
      try convert(#"{"system_prompt":"S","question":"Q","response":"A","id":"niv.1"}"#, to: .messages) == [
        #"{"messages":[{"role":"system","content":"S"},{"role":"user","content":"Q"},{"role":"assistant","content":"A"}],"id":"niv.1"}"#
      ])
  }

  @Test func instances_become_a_row_each() throws {
    let row =
      #"{"instruction":"Add.","instances":[{"instruction_with_input":"Add 1 and 2.","input":"1 and 2","output":"3"},{"input":"2 and 2","output":"4"}]}"#
    #expect(
      try convert(row, to: .instruction) == [
        #"{"instruction":"Add 1 and 2.","input":"","output":"3"}"#, #"{"instruction":"Add.\n\n2 and 2","input":"","output":"4"}"#,
      ])
  }

  @Test func tool_calls_survive_in_both_directions() throws {
    let glaive =
      #"{"conversations":[{"from":"human","value":"Weather?"},{"from":"function_call","value":"{\"name\":\"weather\",\"arguments\":{\"city\":\"Rome\"}}"},{"from":"observation","value":"sun"},{"from":"gpt","value":"Sunny."}],"tools":"[{\"name\":\"weather\"}]"}"#
    let messages = try convert(glaive, to: .messages)
    #expect(
      messages == [
        #"{"messages":[{"role":"user","content":"Weather?"},{"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"weather","arguments":{"city":"Rome"}}}]},{"role":"tool","content":"sun"},{"role":"assistant","content":"Sunny."}],"tools":[{"name":"weather"}]}"#
      ])
    #expect(
      try convert(messages[0], to: .conversations) == [
        glaive.replacing(#"\"name\":\"weather\",\"arguments\""#, with: #"\"name\":\"weather\",\"arguments\""#)
      ])
  }

  @Test func several_exchanges_do_not_fit_into_one() throws {
    let two =
      #"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"},{"role":"assistant","content":"d"}]}"#
    #expect(
      try convert(two, to: .instruction) == ["it is more than one exchange of texts, and a row of instruction/input/output holds one"])
    #expect(try convert(two, to: .text) == [#"{"text":"a\n\nb\n\nc\n\nd"}"#])
  }

  @Test func implicit_preferences_get_their_prompt() throws {
    #expect(
      try convert(#"{"chosen":"Q: 1+1? A: 2","rejected":"Q: 1+1? A: 3"}"#, to: .preference) == [
        #"{"prompt":"Q: 1+1? A:","chosen":" 2","rejected":" 3"}"#
      ])
    let lists =
      #"{"chosen":[{"role":"user","content":"x"},{"role":"assistant","content":"good"}],"rejected":[{"role":"user","content":"x"},{"role":"assistant","content":"bad"}]}"#
    #expect(
      try convert(lists, to: .preference) == [
        #"{"prompt":[{"role":"user","content":"x"}],"chosen":[{"role":"assistant","content":"good"}],"rejected":[{"role":"assistant","content":"bad"}]}"#
      ])
    #expect(
      try convert(#"{"prompt":"P","chosen":"C","rejected":"R"}"#, to: .messages) == [
        #"{"messages":[{"role":"user","content":"P"},{"role":"assistant","content":"C"}]}"#
      ])
  }

  @Test func of_rated_answers_the_best_and_the_worst_are_a_pair() throws {
    let rows = [
      #"{"prompt":"p","response":"middling","reward":0.5}"#, #"{"prompt":"q","response":"only","reward":1}"#,
      #"{"prompt":"p","response":"good","reward":0.9}"#, #"{"prompt":"p","response":"bad","reward":-1}"#,
    ]
    let drop = try Drop("rows.jsonl", rows.joined(separator: "\n"))
    let pairs = RatedPairs(
      conversion: try RowConversion(drop.result, to: .preference, dataset: SafeName(from: "rows")), rows: drop.layout.rows(split: "train"),
      index: drop.layout.index(split: "train"), fileSystem: LinuxFileSystem())
    var made: [String] = []
    var refused: [String] = []
    let read = try pairs.run(emit: { made.append(JSONNode(.object($0)).text()) }, refuse: { refused.append("\($0): \($1)") })
    #expect(read == 4)
    #expect(made == [#"{"prompt":"p","chosen":"good","rejected":"bad"}"#])
    #expect(refused == ["1: no other answer to its prompt is worth more or less"])
  }

  @Test func what_cannot_be_is_refused_with_what_can() throws {
    func words(_ row: String, _ target: DatasetSchema) -> String {
      do { return try convert(row, to: target).joined() } catch { return "\(error)" }
    }
    #expect(
      words(chat, .preference)
        == "to: the rows of 'rows' (ChatML: messages of role and content) cannot be converted to prompt/chosen/rejected. They do not hold what such rows need. They can be converted to conversations, instruction/input/output, prompt/completion, text."
    )
    #expect(
      words(chat, .messages)
        == "to: the rows of 'rows' are messages already. They can be converted to conversations, instruction/input/output, prompt/completion, text."
    )
    #expect(
      words(#"{"text":"Once."}"#, .messages)
        == "to: the rows of 'rows' (texts) cannot be converted to messages. They do not hold what such rows need. Train on them with the method pretrain; or where other columns hold a prompt and a completion, say so in rows.dataset.json, {\"columns\": {\"prompt\": \"…\", \"completion\": \"…\"}}, and convert it then."
    )
    #expect(
      words(#"{"a":1,"b":2}"#, .messages)
        == "to: the rows of 'rows' (a table whose columns make none of the known shapes) cannot be converted to messages. Nothing says which column means what. "
        + "Say which column is which in rows.dataset.json, {\"columns\": {\"prompt\": \"…\", \"completion\": \"…\"}}, and convert it then.")
  }

  @Test func a_sidecar_converts_when_the_rows_are_read() throws {
    var sidecar = DatasetSidecar()
    sidecar.convert = .messages
    let drop = try Drop("rows.jsonl", [alpaca, alpaca.replacing("3", with: "4")].joined(separator: "\n"), sidecar: sidecar)
    #expect(drop.result.detected == .messages && drop.result.rows == 2)
    #expect(drop.result.columns.map(\.name) == ["messages"])
    #expect(drop.result.warnings.contains("Converted from instruction/input/output to messages."))
    #expect(try drop.rows()[1] == #"{"messages":[{"role":"user","content":"Add.\n\n1 and 2"},{"role":"assistant","content":"4"}]}"#)
    #expect(try drop.listing.map { String($0.split(separator: " ")[0]) } == ["data/train.index", "data/train.jsonl", "ingest.json"])
  }

  @Test func an_export_as_csv_reads_back_as_the_same_rows() throws {
    let rows = [
      #"{"a":"plain","b":"with, comma"}"#, #"{"a":"two\nlines","b":"a \"quote\""}"#, #"{"a":" edge ","b":null}"#, #"{"a":"","b":"x"}"#,
      #"{"a":"tree","b":{"list":[1,2]}}"#,
    ]
    let drop = try Drop("rows.jsonl", rows.joined(separator: "\n"))
    let folder = try TemporaryFolder()
    let order = RowsOrder(
      dataset: SafeName(from: "rows"), version: 1, folder: drop.layout.folder.string, output: folder.path.appending("out").string,
      form: .csv)
    let result = try RowsExport(order: order, fileSystem: LinuxFileSystem()).run()
    let text = String(decoding: try folder.files.contents(of: folder.path.appending("out").appending("train.csv")), as: UTF8.self)
    #expect(
      text == "a,b\r\nplain,\"with, comma\"\r\n\"two\nlines\",\"a \"\"quote\"\"\"\r\n\" edge \",\r\n,x\r\ntree,\"{\"\"list\"\":[1,2]}\"\r\n"
    )
    #expect(result.files == [.init(name: "train.csv", rows: 5, bytes: text.utf8.count)] && result.written == 5)
    let again = try Drop("again.csv", text)
    #expect(try again.texts("a") == ["plain", "two\nlines", " edge ", "", "tree"])
    #expect(try again.texts("b") == ["with, comma", "a \"quote\"", "", "x", "{\"list\":[1,2]}"])
  }

  @Test func an_export_as_json_lines_is_the_very_bytes() throws {
    let drop = try Fixture.drop("jsonl/gsm8k/test.jsonl")
    let folder = try TemporaryFolder()
    let order = RowsOrder(
      dataset: SafeName(from: "rows"), version: 1, folder: drop.layout.folder.string, output: folder.path.appending("out").string,
      form: .jsonl)
    _ = try RowsExport(order: order, fileSystem: LinuxFileSystem()).run()
    #expect(
      try folder.files.contents(of: folder.path.appending("out").appending("train.jsonl"))
        == (try LinuxFileSystem().contents(of: drop.layout.rows(split: "train"))))
  }
}
