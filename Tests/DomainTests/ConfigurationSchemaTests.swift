import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// docs/config.schema.json and docs/job.schema.json are made from the tables of fields; RECORD=1 writes them anew.
struct ConfigurationSchemaTests {
  @Test(arguments: ["config", "job"])
  func the_schemas_say_what_the_tables_say(name: String) throws {
    let path = Fixtures.repository.pushing(FilePath("docs/\(name).schema.json"))
    let text = (name == "job" ? ConfigurationSchema.job : ConfigurationSchema.config).text(.pretty) + "\n"
    if ProcessInfo.processInfo.environment["RECORD"] == "1" { try LinuxFileSystem().publish(text.utf8, to: path) }
    let stands = String(decoding: try LinuxFileSystem().contents(of: path), as: UTF8.self)
    let isSame = stands == text  // not in the expectation: it would print both
    #expect(isSame, "docs/\(name).schema.json is not what the tables say: RECORD=1 make test writes it anew")
  }

  @Test func every_spelling_of_every_field_is_known_to_editors() throws {
    let sections = try #require(ConfigurationSchema.config["properties"])
    for (section, fields) in Configuration.tables {
      let object = section == "tokenizer" ? sections[section]?["anyOf"]?.array?.last : sections[section]
      let properties = try #require(object?["properties"]?.object)
      for field in fields { for spelling in field.spellings { #expect(properties[spelling] != nil, "\(section).\(spelling)") } }
    }
  }

  @Test func limits_and_words_stand_in_the_schema() throws {
    let training = try #require(ConfigurationSchema.config["properties"]?["training"]?["properties"])
    #expect(training["learning_rate"]?["exclusiveMinimum"]?.double == 0 && training["learning_rate"]?["type"]?.string == "number")
    #expect(training["max_steps"]?["type"] == ["integer", "null"] && training["max_steps"]?["minimum"]?.int == 1)
    #expect(training["method"]?["enum"]?.array?.contains("pretrain") == true)
    #expect(training["push_to_hub"]?["deprecated"]?.bool == true)
    #expect(ConfigurationSchema.job["properties"]?["sweep"]?["properties"]?["search"]?["enum"] == ["grid", "random"])
  }

  @Test func a_finding_says_value_limits_and_what_was_meant_to_programs() throws {
    let text = #"{"training": {"method": "sft", "lr_scheduler_type": "cosin", "num_epochs": 0, "learning_rat": 1}}"#
    let findings = Configuration.decode(try JSONParser.parse(text), source: .none).1
    #expect(findings.map(\.value) == [#""cosin""#, "0", "1"])
    #expect(findings.map(\.suggestion) == ["cosine", nil, "learning_rate"])
    #expect(findings[1].allowed == "a number, greater than 0" && findings[2].allowed == nil)
  }

  @Test func a_finding_quotes_its_line_with_the_field_marked() throws {
    let text = "{\n  \"training\": { \"method\": \"sft\", \"batch_size\": 0 }\n}"
    let findings = Configuration.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8))).1
    #expect(
      findings.first?.text(quoting: text.split(separator: "\n", omittingEmptySubsequences: false)) == """
        error: training.batch_size (line 2): 0 is outside of what is allowed: at least 1
          2 |   "training": { "method": "sft", "batch_size": 0 }
            |                                  ^^^^^^^^^^^^
        """)
    let alias = "{\"training\": {\"method\": \"sft\", \"lr\": -1}}"
    #expect(
      Configuration.decode(try JSONParser.parse(alias), source: ConfigSource(Array(alias.utf8))).1.first?.text(quoting: [alias[...]])
        .hasSuffix("\n    |                                ^^^^") == true)
    #expect(findings.first?.text(quoting: []) == findings.first?.description)
    #expect(findings.tally == "1 error" && [Finding]().tally == "no findings")
  }
}

struct ConfigDifferenceTests {
  @Test func fields_differ_with_their_defaults() throws {
    let left = try JSONParser.parse(#"{"training": {"method": "sft", "lr": 1e-4}, "seed": 1}"#)
    let right = try JSONParser.parse(#"{"training": {"method": "sft", "max_steps": 5}, "tools": [1]}"#)
    let difference = ConfigDifference(left, called: "a@1", right, called: "a@2")
    #expect(
      difference.text == """
        training.learning_rate  0.0001 -> 2e-05 (default)
        tools                   [] (default) -> [1]
        seed                    1 -> 42 (default)
        training.max_steps      not set -> 5
        """)
    #expect(ConfigDifference(left, called: "a@1", left, called: "b@1").text == "a@1 and b@1 train alike: no field differs.")
  }
}
