import ArgumentParser
import Domain
import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Limits, libraries, processor, permissions, disk: each with its mend. Exit code 1 where something must be mended.")

  @OptionGroup var root: RootOption
  @Flag(help: "One JSON object.") var json = false

  func run() async throws {
    try await reporting {
      let checkUp = CheckUp(root.layout)
      let symptoms = await checkUp.all()
      if json {
        Terminal.say(String(decoding: try PublishedJSON.bytes(of: CheckUpAnswer(symptoms: symptoms)).dropLast(), as: UTF8.self))
      } else {
        for symptom in symptoms { Terminal.say(symptom.text) }
      }
      if symptoms.contains(where: { $0.verdict == .bad }) { throw ExitCode(CommandFailure.Code.saidNo.rawValue) }
    }
  }
}

private struct CheckUpAnswer: Encodable {
  var schema = "dropforge.doctor/1"
  var symptoms: [Symptom]
}

/// One thing that was looked at.
struct Symptom: Encodable {
  enum Verdict: String, Encodable { case good, remark, bad }

  var verdict: Verdict
  var what: String
  var found: String
  var mend: String?

  var text: String {
    let mark =
      switch verdict {
      case .good: "ok  "
      case .remark: "note"
      case .bad: "BAD "
      }
    return "\(mark)  \(what): \(found)" + (mend.map { "\n      \($0)" } ?? "")
  }
}
