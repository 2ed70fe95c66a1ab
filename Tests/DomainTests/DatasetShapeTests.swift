import Domain
import StrictJSON
import TestSupport
import Testing

/// The shapes that people know rows by.
struct DatasetShapeTests {
  private func shape(
    _ schema: DatasetSchema, _ columns: [String: DatasetColumn.ValueKind], mapping: [String: String] = [:], format: DatasetFormat = .jsonl
  ) -> DatasetShape {
    var result = Specimen.ingest(detected: schema, columns: columns.keys.sorted(), mapping: mapping)
    result.columns = columns.sorted { $0.key < $1.key }.map { DatasetColumn(name: $0.key, kinds: [$0.value], rows: 3) }
    result.files[0].format = format
    return DatasetShape(result)
  }

  @Test func every_shape_is_told_from_schema_and_columns() {
    #expect(shape(.instruction, ["instruction": .string, "input": .string, "output": .string]) == .alpaca)
    #expect(
      shape(
        .instruction, ["system_prompt": .string, "question": .string, "response": .string],
        mapping: ["system": "system_prompt", "instruction": "question", "output": "response"]) == .openorca)
    #expect(shape(.table, ["instruction": .string, "instances": .list]) == .unnatural)
    #expect(shape(.conversations, ["conversations": .list]) == .sharegpt)
    #expect(shape(.messages, ["messages": .list]) == .chatml)
    #expect(shape(.messages, ["messages": .list, "tools": .list]) == .toolUse)
    #expect(shape(.conversations, ["conversations": .list, "tools": .string]) == .toolUse)
    #expect(shape(.promptCompletion, ["prompt": .string, "completion": .string]) == .promptCompletion)
    #expect(
      shape(.promptCompletion, ["prompt": .string, "response": .string, "reward": .number], mapping: ["completion": "response"]) == .rated)
    #expect(shape(.promptCompletion, ["prompt": .string, "completion": .string, "label": .boolean]) == .rated)
    #expect(shape(.promptCompletion, ["prompt": .string, "completion": .string, "label": .string]) == .promptCompletion)
    #expect(shape(.preference, ["prompt": .string, "chosen": .string, "rejected": .string]) == .preference)
    #expect(shape(.preference, ["chosen": .string, "rejected": .string]) == .implicitPreference)
    #expect(shape(.problemSolution, ["problem": .string, "solution": .string]) == .problemSolution)
    #expect(shape(.text, ["text": .string]) == .text)
    #expect(shape(.text, ["text": .string], format: .plainText) == .corpus)
    #expect(shape(.table, ["a": .string, "b": .number]) == .table)
  }

  @Test func what_a_shape_converts_to_is_never_what_it_is() {
    for shape in DatasetShape.allCases {
      #expect(!shape.title.isEmpty && !shape.conversions.contains(.table))
      #expect(Set(shape.conversions).count == shape.conversions.count)
    }
    #expect(DatasetSchema(called: "alpaca") == .instruction && DatasetSchema(called: "ShareGPT") == .conversations)
    #expect(DatasetSchema(called: "prompt/completion") == .promptCompletion && DatasetSchema(called: "table") == nil)
  }

  @Test func references_name_a_version_or_not() {
    #expect(DatasetReference("rows") == DatasetReference(name: SafeName(from: "rows")))
    #expect(DatasetReference("rows@3") == DatasetReference(name: SafeName(from: "rows"), version: 3))
    for wrong in ["", "rows@", "rows@x", "rows@0", "@2"] { #expect(DatasetReference(wrong) == nil, "\(wrong)") }
  }

  private func decode(_ text: String) throws -> (InboxRequest?, [String]) {
    let (request, findings) = InboxRequest.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    return (request, findings.map { "\($0)" })
  }

  @Test func requests_about_datasets_are_read() throws {
    let rows = DatasetReference(name: SafeName(from: "rows"))
    let read: [(String, DatasetRequest)] = [
      (#"{"action":"describe","dataset":"rows","tags":["a"]}"#, .describe(rows, description: nil, tags: ["a"], licence: nil)),
      (
        #"{"action":"convert","dataset":"rows@2","to":"sharegpt"}"#,
        .convert(.init(name: rows.name, version: 2), to: .conversations, name: nil)
      ),
      (#"{"action":"convert","dataset":"rows","to":"messages","name":"x"}"#, .convert(rows, to: .messages, name: "x")),
      (#"{"action":"export","dataset":"rows","format":"csv"}"#, .export(rows, format: .csv)),
      (#"{"action":"export","dataset":"rows"}"#, .export(rows, format: .jsonl)),
      (#"{"action":"restore","dataset":"rows"}"#, .restore(rows)),
      (#"{"action":"delete","kind":"dataset","name":"rows","force":true}"#, .delete(rows, isForced: true)),
    ]
    for (text, request) in read { #expect(try decode(text) == (.dataset(request), []), "\(text)") }
  }

  @Test(arguments: [
    (
      #"{"action":"convert","dataset":"rows"}"#,
      "error: to: this field is missing; it is one of text, prompt/completion, instruction/input/output, messages, conversations, prompt/chosen/rejected, problem/solution"
    ),
    (
      #"{"action":"convert","dataset":"rows","to":"mesages"}"#,
      "error: to (line 1): \"mesages\" is not allowed; it must be one of text, prompt/completion, instruction/input/output, messages, conversations, prompt/chosen/rejected, problem/solution. Did you mean \"messages\"?"
    ),
    (#"{"action":"convert","to":"messages"}"#, "error: dataset: this field is missing; it names the dataset to convert"),
    (
      #"{"action":"export","dataset":"rows@x"}"#,
      "error: dataset (line 1): \"rows@x\" is no dataset's name; write NAME, or NAME@2 for a version"
    ),
    (#"{"action":"describe","dataset":"rows"}"#, "error: description: this field is missing; say a description, tags or a license"),
    (
      #"{"action":"describe","dataset":"rows","tags":"a"}"#,
      "error: tags (line 1): this is a string, but it must be a list, each element a string"
    ),
    (#"{"action":"restore","datset":"rows"}"#, "error: datset (line 1): no such field in a request. Did you mean \"dataset\"?"),
  ])
  func a_wrong_request_is_named(_ text: String, _ words: String) throws {
    let (request, findings) = try decode(text)
    #expect(request == nil && findings == [words], "\(findings)")
  }

  @Test func what_is_said_for_people_makes_no_other_version() throws {
    var sidecar = DatasetSidecar()
    #expect(sidecar.reading == nil)
    sidecar.description = "Rows."
    sidecar.tags = ["a"]
    sidecar.licence = "MIT"
    #expect(sidecar.reading == nil)
    sidecar.maximumRows = 3
    #expect(sidecar.reading?.maximumRows == 3 && sidecar.reading?.description == nil)
  }

  @Test func a_job_on_rows_that_must_be_converted_says_how() {
    func problem(_ method: TrainingMethod, _ result: IngestResult) -> String {
      MethodFit.problem(method: method, data: DataSection(), dataset: SafeName(from: "rows"), ingest: result).map { "\($0)" } ?? "fits"
    }
    var unnatural = Specimen.ingest(detected: .table)
    unnatural.columns = [.init(name: "instruction", kinds: [.string], rows: 3), .init(name: "instances", kinds: [.list], rows: 3)]
    #expect(
      problem(.sft, unnatural)
        == "the rows of the dataset 'rows' hold several examples each (Unnatural Instructions: an instruction with several instances a row). "
        + "Convert them, an example a row: drop {\"action\": \"convert\", \"dataset\": \"rows\", \"to\": \"instruction/input/output\"} into inbox/requests/. Then run the job on 'rows-alpaca'."
    )
    var lists = Specimen.ingest(detected: .promptCompletion)
    lists.columns = ["prompt", "completion"].map { .init(name: $0, kinds: [.list], rows: 3) }
    #expect(
      problem(.sft, lists)
        == "the prompts and completions of the dataset 'rows' are lists of messages, which sft reads in one column. "
        + "Convert them: drop {\"action\": \"convert\", \"dataset\": \"rows\", \"to\": \"messages\"} into inbox/requests/. Then run the job on 'rows-messages'."
    )
    var rated = Specimen.ingest(detected: .promptCompletion)
    rated.columns.append(.init(name: "reward", kinds: [.number], rows: 3))
    #expect(
      problem(.dpo, rated)
        == "dpo trains on pairs of answers, and the dataset 'rows' has single ones with what each is worth. Where a prompt has several, the best and the worst of them are a pair. "
        + "Make pairs of them: drop {\"action\": \"convert\", \"dataset\": \"rows\", \"to\": \"prompt/chosen/rejected\"} into inbox/requests/. Then run the job on 'rows-preference'."
    )
    #expect(problem(.sft, rated) == "fits")
  }
}
