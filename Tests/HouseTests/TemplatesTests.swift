import Domain
import StrictJSON
import TestSupport
import Testing

struct TemplatesTests {
  /// Each is a whole job file with its config inside, says what it is, and has neither an error nor a warning in it.
  @Test func every_template_is_a_job_that_can_be_dropped() throws {
    let files = try SourceFile.all(in: "templates", endings: [".json"]).filter { $0.path.split(separator: "/").count == 2 }
    #expect(files.count > 10)
    for file in files {
      let source = ConfigSource(Array(file.text.utf8))
      let node = try JSONParser.parse(file.text)
      #expect(node["comment"]?.string?.isEmpty == false, "\(file.path) says nothing of itself")
      let (job, findings) = JobFile.decode(node, source: source, fallbackName: "template")
      #expect(findings.isEmpty, "\(file.path): \(findings)")
      guard let job, case .inline(let config) = job.config else {
        Issue.record("\(file.path) has no config in it")
        continue
      }
      let (overlaid, _) = job.applyOverrides(to: config)
      let said = Configuration.decode(overlaid, source: source).1
      #expect(said.isEmpty, "\(file.path): \(said)")
      #expect(!file.text.contains("<"), "\(file.path) has a placeholder in it")
    }
  }

  /// What a template trains on lies beside it, and what it comes after is another template.
  @Test func everything_that_a_template_needs_is_here() throws {
    let all = try SourceFile.all(in: "templates", endings: [".json", ".jsonl", ".txt"])
    let data = Set(
      all.filter { $0.path.hasPrefix("templates/data/") }.map {
        DroppedFileName($0.path.split(separator: "/").last.map(String.init) ?? "").stem
      })
    let jobs = try all.filter { $0.path.hasSuffix(".json") && $0.path.split(separator: "/").count == 2 }.map {
      try #require(JobFile.decode(try JSONParser.parse($0.text), source: .none, fallbackName: "template").0, "\($0.path)")
    }
    for job in jobs {
      for name in job.dataset.names where !name.isEmpty {
        #expect(data.union(["tinyshakespeare"]).contains(name), "\(job.name) wants the dataset \(name)")
      }
      if let after = job.after { #expect(jobs.contains { $0.name == after }, "\(job.name) comes after \(after)") }
    }
    #expect(Set(jobs.map(\.name)).count == jobs.count)
  }
}
