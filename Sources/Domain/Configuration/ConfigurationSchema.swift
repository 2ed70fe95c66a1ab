import StrictJSON

/// JSON Schemas (draft 2020-12) of a config and of a job file, made from the tables of fields: for editors, which complete and
/// explain fields by them. What a schema cannot say, the rules between fields, `dropforge check` does.
package enum ConfigurationSchema {
  private static let dialect = "https://json-schema.org/draft/2020-12/schema"

  /// `docs/config.schema.json`.
  package static var config: JSONNode {
    var root = configObject
    root["$schema"] = dialect.node
    root["title"] = "Dropforge config"
    root["required"] = ["training"]
    return JSONNode(
      .object(
        JSONObject(
          ["$schema", "title"].compactMap { key in root.members.first { $0.key == key } }
            + root.members.filter { !["$schema", "title"].contains($0.key) })))
  }

  /// `docs/job.schema.json`.
  package static var job: JSONNode {
    let name: JSONNode = ["type": "string", "minLength": 1]
    let table: [(String, String, JSONNode)] = [
      ("name", "What the job is called; with a running number it becomes its identifier. Default: the file's name.", name),
      ("description", "For people.", ["type": "string"]),
      ("engine", "What trains.", ["enum": ["native"]]),
      (
        "dataset", "The dataset to train on: a name, or one to train on and one to evaluate on.",
        ["anyOf": [name, ["type": "array"], ["type": "object"]]]
      ),
      ("config", "The name of a stored config, NAME or NAME@VERSION, or a config itself.", ["anyOf": [name, ["$ref": "#/$defs/config"]]]),
      (
        "overrides",
        "Paths of fields and their values, laid over the config: {\"training.learning_rate\": 1e-4}. A list of values makes a sweep, one job each.",
        ["type": "object"]
      ),
      ("sweep", "How a sweep chooses its points, and by what its winner is.", JSONNode(.object(object(SweepSection.self)))),
      ("after", "The job that must be completed before. Where the config names no model, its result is the base.", name),
      ("priority", "Higher runs first. Default: 0.", ["type": "integer"]),
    ]
    var properties = JSONObject()
    properties["$schema"] = ["type": "string"]
    for (key, summary, schema) in table { properties[key] = described(schema, summary) }
    return [
      "$schema": dialect.node, "title": "Dropforge job", "type": "object", "required": ["dataset", "config"],
      "properties": JSONNode(.object(properties)), "patternProperties": remarks, "additionalProperties": false,
      "$defs": ["config": JSONNode(.object(configObject))],
    ]
  }

  private static var configObject: JSONObject {
    var properties = JSONObject()
    properties["$schema"] = ["type": "string"]
    properties["schema"] = ["type": "string"]
    properties["version"] = [:]
    properties["name"] = described(["type": "string"], "For people.")
    properties["description"] = described(["type": "string"], "For people.")
    for (section, fields) in Configuration.tables {
      var object = object(of: fields)
      if section == "training" { object["required"] = ["method"] }
      properties[section] =
        section == "tokenizer" ? ["anyOf": [["type": "string"], JSONNode(.object(object))]] : JSONNode(.object(object))
    }
    properties["tools"] = described(["type": ["array", "object"]], "Tools that the model is to call.")
    properties["seed"] = described(
      ["type": "integer", "minimum": 0],
      "Everything that is drawn by lot comes from it: first weights, order, dropout, samples. Default: 42.")
    return [
      "type": "object", "properties": JSONNode(.object(properties)), "patternProperties": remarks, "additionalProperties": false,
    ]
  }

  /// Members for people, anywhere.
  private static let remarks: JSONNode = ["^(_.*|comment)$": [:]]

  private static func object<S: Section>(_ type: S.Type) -> JSONObject {
    object(of: S.fields.map { FieldDescription($0, of: "") })
  }

  private static func object(of fields: [FieldDescription]) -> JSONObject {
    var properties = JSONObject()
    for field in fields {
      for (index, spelling) in field.spellings.enumerated() where properties[spelling] == nil {
        let summary = index == 0 ? field.summary : "Another spelling of \(field.key). \(field.summary)"
        var schema = described(field.schema, summary).object ?? JSONObject()
        if index > 0 || !field.hasEffect { schema["deprecated"] = true }
        properties[spelling] = JSONNode(.object(schema))
      }
    }
    return [
      "type": "object", "properties": JSONNode(.object(properties)), "patternProperties": remarks, "additionalProperties": false,
    ]
  }

  private static func described(_ schema: JSONNode, _ summary: String) -> JSONNode {
    var object = schema.object ?? JSONObject()
    object["description"] = summary.node
    return JSONNode(.object(object))
  }
}
