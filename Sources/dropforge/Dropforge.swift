import ArgumentParser
import Domain
import Platform
import SystemPackage

@main
enum Main {
  static func main() async {
    // libdispatch renices its threads by their quality of service, and tells on standard error that a user without privileges
    // may not. Nobody can act on that line; it would stand before the answer to every command.
    Environment.offer("LIBDISPATCH_LOG", "NO")
    await Dropforge.main()
  }
}

struct Dropforge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dropforge",
    abstract: "Drop a dataset and a job file into folders; get a really trained language model.",
    version: DropforgeVersion.text,
    subcommands: [
      InitCommand.self, AgentCommand.self, StatusCommand.self, DropCommand.self, CheckCommand.self, LogsCommand.self, CancelCommand.self,
      PauseCommand.self, ResumeCommand.self, RescanCommand.self, ConfigsCommand.self, ModelsCommand.self, DeleteCommand.self,
      GenerateCommand.self, ScoreCommand.self, EvaluateCommand.self, EvaluationsCommand.self, DatasetsCommand.self, SamplesCommand.self,
      StatisticsCommand.self, TokenizationsCommand.self, DoctorCommand.self,
    ])
}

/// Which root a command works on.
struct RootOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The folder that holds inbox/ and workspace/. Default: $DROPFORGE_ROOT, else this folder.", valueName: "dir"))
  var root: String?

  var layout: RootLayout {
    let given = root ?? Environment.value("DROPFORGE_ROOT") ?? "."
    return RootLayout(root: Paths.absolute(given))
  }

  /// The root, where it is one.
  func existing() throws -> RootLayout {
    let layout = layout
    guard LinuxFileSystem().isFolder(layout.inbox.folder), LinuxFileSystem().isFolder(layout.workspace.folder) else {
      throw CommandFailure(
        "\(layout.root) is no Dropforge root: it has no inbox/ and workspace/. Make one with `dropforge init \(layout.root)`, or name another with --root.",
        code: .usage)
    }
    return layout
  }
}

/// What a command ends with when it did not do what it was asked to.
struct CommandFailure: Error, CustomStringConvertible {
  enum Code: Int32 {
    case saidNo = 1
    case usage = 64
    case agentUnreachable = 69
    case `internal` = 70
  }

  let message: String
  let code: Code

  init(_ message: String, code: Code) {
    self.message = message
    self.code = code
  }

  var description: String { message }
}

extension AsyncParsableCommand {
  /// Runs a command's body; a failure is told on standard error and becomes the exit code that docs/command.md promises.
  func reporting(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let exit as ExitCode {
      throw exit
    } catch let failure as CommandFailure {
      Terminal.complain(failure.message)
      throw ExitCode(failure.code.rawValue)
    } catch let problem as Problem {
      Terminal.complain(problem.description)
      throw ExitCode(CommandFailure.Code.saidNo.rawValue)
    } catch {
      Terminal.complain("dropforge: \(error)")
      throw ExitCode(CommandFailure.Code.internal.rawValue)
    }
  }
}
