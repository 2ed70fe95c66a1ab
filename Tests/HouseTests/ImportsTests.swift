import TestSupport
import Testing

/// Imports go down only, rooms know nothing of each other, and the wall between the two programs has no hole.
struct ImportsTests {
  let manifest: PackageManifest
  let files: [SourceFile]
  private static let rooms: Set<String> = ["Watching", "Intake", "Scheduling", "Reporting", "Ingestion", "Training", "Hub"]
  /// What comes with the compiler and the system.
  private static let system: Set<String> = [
    "Swift", "Glibc", "Dispatch", "Synchronization", "Foundation", "FoundationEssentials", "Testing", "_StringProcessing",
  ]

  init() throws {
    manifest = try PackageManifest()
    files = try Repository.swiftFiles.get()
  }

  private func files(of target: PackageManifest.Target) -> [SourceFile] { files.filter { $0.path.hasPrefix(target.folder + "/") } }

  @Test func the_manifest_is_read_rightly() {
    #expect(manifest.targets.count > 30)
    #expect(manifest["Domain"]?.dependencies == ["StrictJSON", "SystemPackage"])
    #expect(manifest["Watching"]?.dependencies == ["Domain", "Platform", "Logging", "SystemPackage"])
    #expect(manifest["CLinux"]?.dependencies == [])
    #expect(manifest.closure(of: "dropforge").isSuperset(of: ["Domain", "GRDB", "ServiceLifecycle", "CLinux"]))
  }

  @Test func a_target_depends_only_on_what_stands_above_it() {
    var above: Set<String> = []
    let names = Set(manifest.targets.map(\.name))
    for target in manifest.targets {
      for dependency in target.dependencies where names.contains(dependency) {
        #expect(above.contains(dependency), "\(target.name) stands above \(dependency), which it depends on")
      }
      above.insert(target.name)
    }
  }

  @Test func every_import_is_declared() throws {
    for target in manifest.targets {
      for file in files(of: target) {
        for module in file.imports where module != target.name && !Self.system.contains(module) {
          #expect(
            target.dependencies.contains(module), "\(file.path) imports \(module), which Package.swift does not declare for \(target.name)")
        }
      }
    }
  }

  @Test func rooms_never_import_one_another() throws {
    for room in Self.rooms {
      let target = try #require(manifest[room])
      #expect(Self.rooms.isDisjoint(with: target.dependencies), "\(room) depends on another room")
      for file in files(of: target) {
        #expect(Self.rooms.subtracting([room]).isDisjoint(with: file.imports), "\(file.path) imports another room")
      }
    }
  }

  @Test(arguments: [
    (
      "dropforge",
      [
        "Kernels", "CKernels", "LanguageModels", "Tokenizers", "Training", "Ingestion", "DatasetFormats", "CDNNL", "CArchive", "Hub",
        "CCurl",
      ]
    ),
    (
      "dropforge-worker",
      ["Catalogue", "GRDB", "Engines", "Watching", "Intake", "Scheduling", "Reporting", "ServiceLifecycle", "ArgumentParser"]
    ),
  ])
  func nothing_crosses_the_wall(program: String, forbidden: [String]) throws {
    let target = try #require(manifest[program])
    #expect(
      manifest.closure(of: program).isDisjoint(with: forbidden),
      "\(program) would link \(manifest.closure(of: program).intersection(forbidden))")

    // By what the files import, transitively: a manifest that is read wrongly must not hide a hole.
    var reached: Set<String> = []
    var pending = [target.name]
    while let next = pending.popLast() {
      guard let target = manifest[next] else { continue }
      for module in files(of: target).flatMap(\.imports) where reached.insert(module).inserted { pending.append(module) }
    }
    #expect(reached.isDisjoint(with: forbidden), "\(program) reaches \(reached.intersection(forbidden))")
  }

  @Test func imports_are_read_in_every_form() {
    // Joined here, so that these lines are no imports of this file.
    let forms = [
      "# Domain", "@preconcurrency # Glibc", "@_spi(_Unicode) # Swift", "package # SystemPackage", "# struct Foundation.Data",
      "  # Indented", "// # Comment",
      "let text = \"# nothing\"",
    ]
    let text = forms.map { form in form.map { $0 == "#" ? "import" : String($0) }.joined() }.joined(separator: "\n")
    #expect(SourceFile(path: "x", text: text).imports == ["Domain", "Glibc", "Swift", "SystemPackage", "Foundation", "Indented"])
  }
}
