import Domain
import StrictJSON
import Testing

/// Strategies that make rows, and what is undefined.
struct DataStrategyTests {
  private static let tools =
    #"[{"name": "calculator", "description": "Maths", "type": "function", "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}}, {"name": "get_weather", "description": "Weather", "parameters": {"type": "object", "properties": {"location": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}}, "required": ["location"]}}]"#

  private func findings(_ data: String, tools: String = "[]", evaluation: String = "{}") throws -> [String] {
    let text = #"{"training": {"method": "sft"}, "data": \#(data), "tools": \#(tools), "evaluation": \#(evaluation)}"#
    return Configuration.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8))).1.map(\.description)
  }

  @Test(
    arguments: [
      (#"{"strategy": "knowledge_dense", "generation_type": "real"}"#, "[]", []),
      (#"{"strategy": "pc_building"}"#, "[]", []),
      (#"{"strategy": "custom"}"#, "{}", []),
      (
        #"{"strategy": "knowledge_dense", "generation_type": "synthetic"}"#, tools,
        [
          #"error: data.generation_type (line 1): rows of knowledge_dense cannot be made from nothing: no generator for them is defined. Drop a dataset and set it to "real", or choose toolbench, teacher_mode or manual_templates"#
        ]
      ),
      (
        #"{"strategy": "teacher_mode", "generation_type": "synthetic"}"#, "[]",
        [#"error: data.generation_type (line 1): synthetic rows are made from tools, and "tools" names none; describe at least one"#]
      ),
      (
        #"{"strategy": "manual_templates", "generation_type": "real"}"#, "[]",
        [
          #"error: data.generation_type (line 1): manual_templates are made from "tools" and never read from a dataset; set it to "synthetic", or the strategy to "standard""#
        ]
      ),
      (#"{}"#, #"{"a": 1}"#, ["error: tools (line 1): must be a list of tools, but this is an object"]),
      (#"{}"#, #"[{"name": "x"}, {"name": "x"}]"#, [#"error: tools[2] (line 1): the tool "x" stands here twice"#]),
      (
        #"{}"#, #"[{"name": "x", "type": "command"}]"#,
        [#"warning: tools[1] (line 1): tools of the type "command" are described to the model and never run here"#]
      ),
    ] as [(String, String, [String])])
  func what_a_strategy_needs(_ data: String, _ tools: String, _ expected: [String]) throws {
    #expect(try findings(data, tools: tools) == expected)
  }

  @Test func what_an_evaluation_cannot_measure_is_said() throws {
    #expect(
      try findings(
        "{}", evaluation: #"{"metrics": ["tool_format_correctness", "execution_success"], "test_cases": [{"prompt": "a", "tool": 1}, 3]}"#)
        == [
          "warning: evaluation.metrics (line 1): execution_success is not measured: tools are never run here; format_correctness judges the call",
          #"warning: evaluation.metrics (line 1): without "tools" in the config the tools that are known are those that the held-out answers call"#,
          "error: evaluation.test_cases[1].tool: no such field in a test case; known are expected_params, expected_tool, prompt",
          #"error: evaluation.test_cases[2]: a test case is an object with a "prompt""#,
        ])
  }

  private func dialogues(_ strategy: DataStrategy, count: Int? = nil, seed: UInt64 = 42, asPairs: Bool = false) throws -> [JSONNode] {
    let tools = ToolDefinition.all(try JSONParser.parse(Self.tools))
    let rows = ToolDialogues(tools: tools, strategy: strategy, count: count, seed: seed, asPairs: asPairs).rows
    return try rows.split(separator: "\n").map { try JSONParser.parse($0.utf8) }
  }

  @Test func a_row_that_is_made_calls_a_tool_with_what_the_question_names() throws {
    for strategy in [DataStrategy.toolbench, .teacherMode, .manualTemplates] {
      for row in try dialogues(strategy) {
        let turns = try #require(row["messages"]?.array)
        let question = try #require(turns[0]["content"]?.string)
        let answer = try #require(turns[1]["content"]?.string)
        let tool = try #require(row["tool_name"]?.string)
        let judgement = ToolCallJudgement(answer: answer, expected: tool, known: ["calculator", "get_weather"])
        #expect(judgement.isToolRight && judgement.isFormatRight, "\(answer)")
        for argument in try #require(ToolCallJudgement.call(in: answer)?["parameters"]?.object).members {
          #expect(question.contains(argument.node.string ?? argument.node.text()), "\(question) names no \(argument.key)")
        }
      }
    }
  }

  @Test func so_many_rows_are_made_and_the_same_each_time() throws {
    #expect(try dialogues(.toolbench).count == 40)
    #expect(try dialogues(.teacherMode).count == 100)
    #expect(try dialogues(.teacherMode, count: 7).count == 7)
    let templates = try dialogues(.manualTemplates)
    #expect(templates.count > 40 && templates.count <= 80 && Set(templates.map { $0.text() }).count == templates.count)
    #expect(try dialogues(.teacherMode) == dialogues(.teacherMode))
    #expect(try dialogues(.teacherMode) != dialogues(.teacherMode, seed: 43))
    #expect(
      try dialogues(.teacherMode, count: 2).map { $0.text() } == [
        #"{"messages":[{"role":"user","content":"Calculate 37 + 32."},{"role":"assistant","content":"[TOOL_CALL]{\"name\":\"calculator\",\"parameters\":{\"expression\":\"37 + 32\"}}[/TOOL_CALL]"}],"tool_name":"calculator"}"#,
        #"{"messages":[{"role":"user","content":"I need the weather of Paris (unit c)."},{"role":"assistant","content":"[TOOL_CALL]{\"name\":\"get_weather\",\"parameters\":{\"location\":\"Paris\",\"unit\":\"c\"}}[/TOOL_CALL]"}],"tool_name":"get_weather"}"#,
      ])
  }

  @Test func methods_that_compare_answers_get_pairs() throws {
    for row in try dialogues(.manualTemplates, asPairs: true) {
      let chosen = try #require(row["chosen"]?.array?.first?["content"]?.string)
      let rejected = try #require(row["rejected"]?.array?.first?["content"]?.string)
      #expect(chosen == "[TOOL_CALL]\(rejected)[/TOOL_CALL]")
      #expect(row["prompt"]?.array?.count == 1)
    }
  }

  @Test(
    arguments: [
      (#"[TOOL_CALL]{"name": "a", "parameters": {}}[/TOOL_CALL]"#, "a", "a", true, true),
      (#"I'll help. [TOOL_CALL]{"name": "b", "parameters": {}}[/TOOL_CALL]"#, "a", "b", false, true),
      (#"<tool_call>\n{"name": "a", "arguments": {"x": 1}}\n</tool_call>"#.replacing("\\n", with: "\n"), "a", "a", true, true),
      (#"{"name": "a", "parameters": {"x": 1}}"#, "a", "a", true, true),
      (#"[TOOL_CALL]{"name": "a"}[/TOOL_CALL]"#, "a", "a", true, false),
      (#"[TOOL_CALL]{"name": "z", "parameters": {}}[/TOOL_CALL]"#, "z", "z", true, false),
      (#"[TOOL_CALL]{"name": "a", [/TOOL_CALL]"#, "a", "a", true, false),
      (#"[TOOL_CALL]{"name": "a", "parameters": {}}"#, "a", "a", true, false),
      ("first b, then a", "a", "b", false, false),
      ("nothing of it", "a", nil, false, false),
      ("just words", nil, nil, true, true),
    ] as [(String, String?, String?, Bool, Bool)])
  func an_answer_is_judged(_ answer: String, _ expected: String?, _ predicted: String?, _ tool: Bool, _ format: Bool) {
    let judgement = ToolCallJudgement(answer: answer, expected: expected, known: ["a", "b"])
    #expect(judgement.predicted == predicted)
    #expect(judgement.isToolRight == tool)
    #expect(judgement.isFormatRight == format)
  }

  @Test func quality_is_the_mean_of_the_two() {
    var metrics = EvaluationRecord.Metrics(step: 3)
    let right = ToolCallJudgement(answer: #"{"name": "a", "parameters": {}}"#, expected: "a", known: ["a"])
    let wrong = ToolCallJudgement(answer: "a", expected: "a", known: ["a"])
    metrics.take([right, wrong], wanted: [.toolAccuracy, .formatCorrectness, .responseQuality])
    #expect(metrics.toolAccuracy == 1 && metrics.formatCorrectness == 0.5 && metrics.responseQuality == 0.75)
    var none = EvaluationRecord.Metrics(step: 3)
    none.take([right], wanted: [.toolAccuracy])
    #expect(none.toolAccuracy == 1 && none.formatCorrectness == nil && none.responseQuality == nil)
  }

  @Test func curves_are_told_by_step_and_by_epoch() {
    func row(_ step: Int, _ epoch: Double, loss: Double? = nil, eval: Double? = nil) -> MetricsRow {
      var row = MetricsRow(step: step, epoch: epoch)
      row.loss = loss
      row.evalLoss = eval
      return row
    }
    let curves = EvaluationRecord.Curves(rows: [
      row(0, 0, eval: 5), row(1, 0.5, loss: 4), row(2, 1, loss: 3), row(2, 1, eval: 3.5), row(3, 1.5, loss: 2), row(4, 2, loss: 1),
      row(4, 2, eval: 2.5),
    ])
    #expect(curves.train.map(\.loss) == [4, 3, 2, 1] && curves.validation.map(\.loss) == [5, 3.5, 2.5])
    #expect(curves.epochs == [.init(epoch: 1, train: 3.5, validation: 3.5), .init(epoch: 2, train: 1.5, validation: 2.5)])
  }
}
