import TestSupport
import Testing

/// Ways of writing that can be checked.
struct WritingTests {
  private let sources: [SourceFile]
  private let files: [SourceFile]

  init() throws {
    files = try Repository.swiftFiles.get()
    sources = files.filter { $0.path.hasPrefix("Sources/") }
  }

  /// What each rule looks for, put together here so that this file does not break it.
  private static let machinePaths = ["/wo" + "rk/", "/tmp/ora" + "cle", "/opt/sw" + "ift"]

  @Test func the_files_are_found() {
    #expect(files.count > 100)
    #expect(files.contains { $0.path == "Sources/Domain/SafeName.swift" })
  }

  @Test func a_file_over_four_hundred_lines_says_why_in_its_first_comment() {
    for file in files where file.lines.count > 400 {
      let comment = file.lines.prefix { $0.hasPrefix("//") }.joined(separator: " ")
      #expect(comment.contains("400 lines"), "\(file.path) has \(file.lines.count) lines")
    }
  }

  @Test func no_type_is_named_for_being_there() {
    let declaration = /\b(?:class|struct|enum|actor|protocol|typealias) (\w+)/
    for file in files {
      for match in file.text.matches(of: declaration) {
        let name = String(match.1)
        for ending in ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities"] {
          #expect(!name.hasSuffix(ending), "\(file.path): \(name)")
        }
      }
    }
  }

  @Test func nothing_is_left_for_later() {
    for file in files {
      for word in ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "NOT IMPLE" + "MENTED"] {
        if file.text.contains(word) { Issue.record("\(file.path): \(word)") }
      }
    }
  }

  @Test func an_application_has_no_api() {
    for file in sources {
      for (number, line) in file.lines.enumerated() {
        #expect(!line.drop(while: \.isWhitespace).hasPrefix("pub" + "lic "), "\(file.path):\(number + 1)")
      }
      if file.text.contains("[String: " + "Any]") { Issue.record("\(file.path): a dictionary of anything") }
    }
  }

  @Test func what_is_unchecked_says_because() {
    for file in sources {
      for (number, line) in file.lines.enumerated() where line.contains("@unchecked" + " Sendable") {
        let around = file.lines[max(0, number - 2)...min(file.lines.count - 1, number + 1)]
        #expect(around.contains { $0.contains("because") }, "\(file.path):\(number + 1)")
      }
    }
  }

  @Test func no_file_names_the_machine_that_it_was_written_on() throws {
    let folders = ["Sources", "Tests", "docs", "templates", "scripts", "systemd", "Benchmarks", ".github"]
    var texts = try folders.flatMap { try SourceFile.all(in: $0) }
    texts += try ["Package.swift", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile"].compactMap { try SourceFile($0) }
    for file in texts {
      for path in Self.machinePaths { if file.text.contains(path) { Issue.record("\(file.path) names \(path)") } }
    }
  }
}
