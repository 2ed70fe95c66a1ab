import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage

/// A program that judges: it reads a line of JSON for each answer (`prompt`, `completion`, `row`) from standard input, and writes a number
/// (or null) a line. Only where the agent's settings allow it.
struct CommandReward: Reward {
  let command: [String]
  /// Seconds.
  let timeout: Double
  /// Where it runs: the job's folder.
  let folder: FilePath

  func scores(_ answers: [RewardInput]) throws -> [Double?] {
    let lines = answers.map { answer in
      var object: JSONObject = ["prompt": answer.prompt.node, "completion": answer.completion.node]
      object["row"] = (try? answer.row.node()) ?? JSONNode(.null)  // a row that was damaged since
      return JSONNode(.object(object)).text() + "\n"
    }
    let run: ChildProgram.Run
    do {
      run = try ChildProgram(command, folder: folder).run(input: Array(lines.joined().utf8), timeout: timeout)
    } catch {
      throw RewardFailure(error.what)
    }
    guard run.status == 0 else {
      let last = run.errors.split(separator: "\n").last.map { ": \($0)" } ?? ""
      throw RewardFailure("'\(command.joined(separator: " "))' ended with status \(run.status)\(last)")
    }
    return try run.output.split(separator: "\n").map { line in
      let word = line.filter { !$0.isWhitespace }
      if word == "null" || word == "None" { return nil }
      guard let value = Double(word) else { throw RewardFailure("it wrote '\(line.prefix(80))' where a number was due") }
      return value
    }
  }
}
