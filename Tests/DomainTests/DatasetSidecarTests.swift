import Domain
import StrictJSON
import Testing

struct DatasetSidecarTests {
  @Test func it_is_read_with_its_aliases() throws {
    let text =
      #"{"description": "d", "format": "txt", "text_rows": "line", "mapping": {"prompt": "q", "completion": "a"}, "max_rows": 5, "license": "MIT"}"#
    var sidecar = DatasetSidecar()
    let findings = sidecar.overlay(try #require(try JSONParser.parse(text).object), path: "", source: ConfigSource(Array(text.utf8)))
    #expect(findings.isEmpty)
    #expect(sidecar.format == .plainText)
    #expect(sidecar.textRows == .line)
    #expect(sidecar.columns == ["prompt": "q", "completion": "a"])
    #expect(sidecar.maximumRows == 5)
    #expect(sidecar.licence == "MIT")
  }

  @Test func what_is_wrong_is_named() throws {
    let text = "{\"columns\": {\"prompt\": 3},\n\"format\": \"cvs\",\n\"max_rows\": 0,\n\"token\": \"hf_x\"}"
    var sidecar = DatasetSidecar()
    let findings = sidecar.overlay(try #require(try JSONParser.parse(text).object), path: "", source: ConfigSource(Array(text.utf8)))
    #expect(
      findings.map(\.description) == [
        #"error: columns (line 1): member "prompt": this is a number, but it must be a string"#,
        #"error: format (line 2): "cvs" is not allowed; it must be one of csv, tsv, jsonl, json, txt. Did you mean "csv"?"#,
        "error: max_rows (line 3): 0 is outside of what is allowed: at least 1",
        "error: token (line 4): tokens are not taken from files that are kept; set HF_TOKEN in the agent's environment, or name a file of mode 600 in dropforge.json (\"hub_token_file\")",
      ])
  }

  @Test func a_schemas_columns_are_known() {
    for schema in DatasetSchema.allCases where schema != .table { #expect(!schema.requiredColumns.isEmpty) }
    #expect(DatasetSchema.instruction.optionalColumns == ["input", "system"])
    #expect(DatasetSchema(rawValue: "prompt/chosen/rejected") == .preference)
  }
}
