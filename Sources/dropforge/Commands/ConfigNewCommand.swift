import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct ConfigNewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Write a valid config, from a template and single fields.",
    discussion: "dropforge config new --template sft --set training.learning_rate=1e-4 -o mine.json")

  @OptionGroup var root: RootOption
  @Option(help: "The name of a file in templates/, without .json.") var template: String
  @Option(name: .customLong("set"), help: ArgumentHelp("A field and its value, as JSON or as a plain word.", valueName: "path=value"))
  var changes: [String] = []
  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write it; else it is printed.", valueName: "file")) var output: String?
  @Flag(help: "Even over a file that stands there.") var force = false

  func run() async throws {
    try await reporting {
      let files = LinuxFileSystem()
      var object = try config(of: try TemplateShelf(root.layout, files).template(named: template))
      for change in changes { try apply(change, to: &object) }
      let text = JSONNode(.object(object)).text(.pretty) + "\n"
      let findings = Configuration.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8))).1
      guard findings.errors.isEmpty else {
        throw CommandFailure("This would be no valid config:\n\(FindingsView.text(findings, of: text))", code: .saidNo)
      }
      if let output {
        let path = Paths.absolute(output)
        if files.exists(path), !force {
          throw CommandFailure("\(path) stands already; choose another name, or say --force.", code: .saidNo)
        }
        try files.publish(text.utf8, to: path)
        Terminal.say("\(path) is a valid config. Keep it: cp \(output) \(root.layout.inbox.folder(of: .config))/")
      } else {
        Terminal.write(text)
      }
      if !findings.isEmpty { Terminal.complain(FindingsView.text(findings, of: text)) }
    }
  }

  /// A template is a job file with its config inside, or a config.
  private func config(of node: JSONNode) throws -> JSONObject {
    guard let object = node["config"]?.object ?? node.object else {
      throw CommandFailure("The template \(template) holds no config.", code: .saidNo)
    }
    return object
  }

  private func apply(_ change: String, to object: inout JSONObject) throws {
    let parts = change.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else {
      throw CommandFailure("--set wants a path and a value, training.learning_rate=1e-4; this is \(change).", code: .usage)
    }
    // What is no JSON is a word: --set training.method=sft.
    let value = (try? JSONParser.parse(Array(parts[1].utf8))) ?? JSONNode(.string(parts[1]))
    let path = parts[0].split(separator: ".", maxSplits: 1).map(String.init)
    guard path.count == 2 else { return object[parts[0]] = value }
    var section = object[path[0]]?.object ?? JSONObject()
    // A template may spell the field otherwise.
    let field = Configuration.field(at: parts[0])
    let key = field?.spellings.first { section[$0] != nil } ?? path[1]
    section[key] = value
    object[path[0]] = JSONNode(.object(section))
  }
}

struct ConfigSchemaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "The JSON Schema of a config, for editors; with --job that of a job file.")
  @Flag(help: "Of a job file.") var job = false

  func run() async throws {
    Terminal.say((job ? ConfigurationSchema.job : ConfigurationSchema.config).text(.pretty))
  }
}

/// The templates: the root's own, else those that came with the program.
struct TemplateShelf {
  private let folders: [FilePath]
  private let files: LinuxFileSystem

  init(_ layout: RootLayout, _ files: LinuxFileSystem) {
    self.files = files
    folders = [layout.templates, Installation.templates(files)].compactMap(\.self).filter { files.isFolder($0) }
  }

  func template(named name: String) throws -> JSONNode {
    for folder in folders {
      let path = folder.pushing(FilePath(name + ".json"))
      if files.exists(path) { return try JSONParser.parse(try files.contents(of: path)) }
    }
    let names = try folders.flatMap { folder in
      try files.walk(folder).filter { $0.1.kind == .file && $0.0.extension == "json" && $0.0.components.first?.string != "data" }
        .map { $0.0.string.dropLast(".json".count) }
    }
    let known = Set(names.map(String.init)).sorted()
    if known.isEmpty {
      throw CommandFailure(
        "There is no template '\(name)': no template is here at all. Copy the folder templates/ of Dropforge to \(folders.first ?? "templates/ in the root").",
        code: .saidNo)
    }
    let near = known.filter { $0.hasPrefix(name) }
    let hint =
      near.isEmpty
      ? NearestKey.suggestion(for: name, among: known).map { "Did you mean \($0)?" } ?? "There are: \(known.joined(separator: ", "))."
      : "Did you mean \(near.joined(separator: ", "))?"
    throw CommandFailure("There is no template '\(name)'. \(hint)", code: .saidNo)
  }
}
