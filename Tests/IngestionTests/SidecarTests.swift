import Domain
import Testing

struct SidecarTests {
  private func sidecar(_ set: (inout DatasetSidecar) -> Void) -> DatasetSidecar {
    var sidecar = DatasetSidecar()
    set(&sidecar)
    return sidecar
  }

  private let questions = (0..<10).map { "{\"q\":\"\($0)\",\"a\":\"\($0)\",\"x\":\($0)}\n" }.joined()

  @Test func columns_are_mapped_as_it_says() throws {
    let drop = try Drop("a.jsonl", questions, sidecar: sidecar { $0.columns = ["prompt": "q", "completion": "a"] })
    #expect(drop.result.detected == .promptCompletion)
    #expect(drop.result.mapping == ["prompt": "q", "completion": "a"])
    #expect(try Drop("a.jsonl", questions, sidecar: sidecar { $0.columns = ["text": "a"] }).result.detected == .text)
  }

  @Test func one_role_is_enough_where_the_other_has_its_name() throws {
    let text = (0..<10).map { "{\"question\":\"\($0)\",\"solution_text\":\"\($0)\"}\n" }.joined()
    let drop = try Drop("a.jsonl", text, sidecar: sidecar { $0.columns = ["completion": "solution_text"] })
    #expect(drop.result.mapping == ["prompt": "question", "completion": "solution_text"])
  }

  @Test func a_role_that_is_none_is_refused() {
    #expect(
      Drop.problem("a.jsonl", questions, sidecar: sidecar { $0.columns = ["promt": "q"] })
        == "columns: the sidecar maps a column to 'promt', which is no role. The roles are chosen, completion, conversations, input, instruction, "
        + "messages, output, problem, prompt, rejected, solution, system, text. Did you mean \"prompt\"?")
  }

  @Test func a_column_that_is_not_there_is_refused() {
    #expect(
      Drop.problem("a.csv", "question,answer\nx,y\n", sidecar: sidecar { $0.columns = ["prompt": "qestion", "completion": "answer"] })
        == "columns: the sidecar maps 'prompt' to a column 'qestion', which the rows do not have. The columns are question, answer. Did you mean \"question\"?"
    )
  }

  @Test func half_a_schema_is_refused() {
    #expect(
      Drop.problem("a.jsonl", questions, sidecar: sidecar { $0.columns = ["prompt": "q"] })
        == "columns: the columns that the sidecar names make no whole schema: it maps 'prompt'. 'q' holds string, or another column of the schema is missing. "
        + "Map every column of one schema: text; prompt + completion; instruction + output; messages; conversations; chosen + rejected; problem + solution."
    )
    #expect(Drop.problem("a.jsonl", questions, sidecar: sidecar { $0.columns = ["text": "x"] }).contains("'x' holds number"))
  }

  @Test func split_and_max_rows_are_honoured() throws {
    let drop = try Drop(
      "a.jsonl", questions,
      sidecar: sidecar {
        $0.split = "held-out"; $0.maximumRows = 4
      })
    #expect(drop.result.splits.map(\.name) == ["held-out"])
    #expect(drop.result.rows == 4)
    #expect(drop.result.sourceBytes == questions.utf8.count)
    #expect(
      Drop.problem("a.jsonl", questions, sidecar: sidecar { $0.split = "../x" })
        == "split: the sidecar's split is called '../x', which cannot be a file's name. Use letters, digits, '-' and '_': \"train\", \"validation\", \"test\"."
    )
  }

  @Test func max_rows_counts_for_each_split() throws {
    let files = ["train-1.jsonl": questions, "train-2.jsonl": questions, "test.jsonl": questions]
    let drop = try Drop(folder: "set", files, sidecar: sidecar { $0.maximumRows = 12 })
    #expect(drop.result.splits.map(\.rows) == [12, 10])
    #expect(drop.result.warnings.contains("Of each split the first 12 rows are taken, as \"max_rows\" says."), "\(drop.result.warnings)")
  }

  @Test func the_format_it_names_wins() throws {
    #expect(try Drop("a.dat", "x;y\n1;2\n", sidecar: sidecar { $0.format = .csv }).rows() == ["{\"x\":\"1\",\"y\":\"2\"}"])
    #expect(try Drop("a.csv", "one, two", sidecar: sidecar { $0.format = .plainText }).texts() == ["one, two"])
    #expect(
      Drop.problem("a.jsonl", questions, sidecar: sidecar { $0.format = .csv })
        == "a.jsonl, format: the sidecar says it is CSV, but its content is JSON lines. Take \"format\" out of a.dataset.json, or drop the file that it was meant for."
    )
    #expect(
      Drop.problem("a.csv", "x,y\n", sidecar: sidecar { $0.format = .jsonl }).contains(
        "the sidecar says it is JSON lines, but its content is no JSON: it begins with 'x,y'"))
  }

  @Test func csv_settings_for_another_format_are_refused() {
    #expect(
      Drop.problem("a.jsonl", questions, sidecar: sidecar { $0.delimiter = ";" })
        == "delimiter: the sidecar says 'delimiter', which is for CSV, but the drop is JSON lines. "
        + "Take 'delimiter' out of the sidecar, or say \"format\" where the drop is not what it is taken for.")
    #expect(
      Drop.problem("a.csv", "a\nb\n", sidecar: sidecar { $0.textRows = .line }).contains(
        "the sidecar says 'text_rows', which is for plain text, but the drop is CSV"))
  }
}
