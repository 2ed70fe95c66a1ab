import ArgumentParser
import Domain
import Engines
import Intake
import Platform
import StrictJSON
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "The agent's verdict on a file, without dropping it. Exit code 0: it would be taken, 1: not.")

  @OptionGroup var root: RootOption
  @Argument(help: ArgumentHelp("A dataset, config, job file, model or request.", valueName: "file")) var path: String
  @Option(help: "What it is, where that cannot be told: dataset, config, job, model or request.") var kind: String?
  @Flag(help: "One JSON object.") var json = false

  func run() async throws {
    try await reporting {
      let files = LinuxFileSystem()
      let source = Paths.absolute(path)
      let scratch = try Scratch()
      defer { scratch.remove() }
      let settings = try root.settings()
      let check = DropCheck(
        layout: root.layout, files: files, engine: NativeEngine(worker: Program.worker), limits: settings.ingestLimits,
        python: settings.python)
      let now = Timestamp(nanoseconds: WallClock.system.now())
      let verdict = try await check.check(source, kind: kind.flatMap(DropKind.init(rawValue:)), scratch: scratch.path, at: now)
      try show(verdict, quoting: try Self.text(of: source, files))
    }
  }

  private func show(_ verdict: DropCheck.Verdict, quoting text: String) throws {
    switch verdict {
    case .fine(let message, let findings):
      if json {
        Terminal.say(try answer(CheckAnswer(accepted: true, message: message, problem: nil, findings: findings)))
      } else {
        Terminal.say(message)
        if !findings.isEmpty { FindingsView.say(findings, of: text) }
      }
    case .refused(let problem, let findings):
      if json {
        Terminal.say(try answer(CheckAnswer(accepted: false, message: problem.description, problem: problem, findings: findings)))
      } else {
        Terminal.say(problem.description)
        if !findings.isEmpty { FindingsView.say(findings, of: text) }
      }
      throw ExitCode(CommandFailure.Code.saidNo.rawValue)
    }
  }

  /// For the lines that findings are about; "" where it is no small JSON.
  private static func text(of path: FilePath, _ files: LinuxFileSystem) throws -> String {
    guard path.extension == "json", let status = try? files.status(path), status.kind == .file, status.size < 1 << 20 else { return "" }
    return String(decoding: try files.contents(of: path), as: UTF8.self)
  }

  private func answer(_ answer: CheckAnswer) throws -> String {
    String(decoding: try PublishedJSON.bytes(of: answer).dropLast(), as: UTF8.self)
  }
}

private struct CheckAnswer: Encodable {
  var schema = "dropforge.check/1"
  var accepted: Bool
  var message: String
  var problem: Problem?
  var findings: [Finding]
}

/// A folder for a moment, in the system's place for such.
struct Scratch {
  let path: FilePath

  init() throws {
    var template = Array(((Environment.value("TMPDIR") ?? "/tmp") + "/dropforge-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw CommandFailure("No temporary folder could be made; set TMPDIR to a folder with space.", code: .internal)
    }
    path = FilePath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  func remove() { try? LinuxFileSystem().removeTree(path) }  // a leftover in the temporary folder harms nobody
}
