import Domain
import StrictJSON
import TestSupport
import Testing

struct TemplatesTests {
  /// Each is a whole job file with its config inside, and has no error in it.
  @Test func every_template_is_a_job_that_can_be_dropped() throws {
    for file in try SourceFile.all(in: "templates", endings: [".json"]) {
      let source = ConfigSource(Array(file.text.utf8))
      let (job, findings) = JobFile.decode(try JSONParser.parse(file.text), source: source, fallbackName: "template")
      #expect(findings.errors.isEmpty, "\(file.path): \(findings.errors)")
      guard case .inline(let config)? = job?.config else {
        Issue.record("\(file.path) has no config in it")
        continue
      }
      #expect(
        Configuration.decode(config, source: source).1.errors.isEmpty,
        "\(file.path): \(Configuration.decode(config, source: source).1.errors)")
    }
  }
}
