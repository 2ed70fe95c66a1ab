import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a root: the folders that are dropped into and read from.")

  @Argument(help: ArgumentHelp("The folder to make.", valueName: "dir"))
  var folder: String = "."

  func run() async throws {
    try await reporting {
      let layout = RootLayout(root: Paths.absolute(folder))
      let files = LinuxFileSystem()
      let stood = files.isFolder(layout.inbox.folder)
      for path in layout.folders { try files.makeFolders(path) }
      if !files.exists(layout.settings) {
        var object = AgentSettings().object
        object["schema"] = "dropforge.settings/1"
        try files.publish((JSONNode(.object(object)).text(.pretty) + "\n").utf8, to: layout.settings)
      }
      let copied = try copyTemplates(to: layout, files)
      Terminal.say(stood ? "\(layout.root) was a root already; what was missing has been made." : "\(layout.root) is a root now.")
      if copied > 0 { Terminal.say("Templates and their data lie in \(layout.templates): \(copied) files.") }
      Terminal.say(
        """

        Start the agent:   dropforge agent --root \(layout.root)
        Drop a dataset:    cp FILE \(layout.inbox.folder(of: .dataset))/
        Drop a job:        cp JOB.json \(layout.inbox.folder(of: .job))/
        Look:              dropforge status --root \(layout.root)
        """)
    }
  }

  /// Templates that the root lacks; those that stand are the user's and are left alone.
  private func copyTemplates(to layout: RootLayout, _ files: LinuxFileSystem) throws -> Int {
    guard let source = Installation.templates(files), source != layout.templates else { return 0 }
    var copied = 0
    for (path, status) in try files.walk(source) where status.kind == .file {
      let target = layout.templates.pushing(path)
      guard !files.exists(target) else { continue }
      try files.makeFolders(target.removingLastComponent())
      try files.publish(try files.contents(of: source.pushing(path)), to: target)
      copied += 1
    }
    return copied
  }
}

/// Where what belongs to the programs lies.
enum Installation {
  /// `../share/dropforge/templates` beside an installed program, `templates/` of the checkout beside a built one.
  static func templates(_ files: LinuxFileSystem) -> FilePath? {
    var folder = Program.path.removingLastComponent()
    let installed = folder.removingLastComponent().pushing("share/dropforge/templates")
    if files.isFolder(installed) { return installed }
    while !folder.components.isEmpty {
      if files.exists(folder.appending("Package.swift")), files.isFolder(folder.appending("templates")) {
        return folder.appending("templates")
      }
      folder.removeLastComponent()
    }
    return nil
  }
}
