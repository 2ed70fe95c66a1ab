import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// The documents' commands are run, and the templates too.
struct ReadmeTests {
  /// The commands of README.md as they stand there, from a folder with the same files. Only the job is shortened, and the
  /// shell waits where a reader would.
  @Test func the_commands_by_hand_do_what_the_readme_says() async throws {
    let files = LinuxFileSystem()
    let readme = String(decoding: try files.contents(of: Fixtures.repository.appending("README.md")), as: UTF8.self)
    let blocks = readme.components(separatedBy: "```sh\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    try #require(blocks.count == 3)
    let work = try TemporaryFolder()
    for folder in ["Demo", "templates"] { try files.copyTree(Fixtures.repository.appending(folder), to: work.path.appending(folder)) }
    let template = work.path.appending("templates/pretrain-shakespeare-char.json")
    let text = String(decoding: try files.contents(of: template), as: UTF8.self)
    try files.publish(text.replacing("\"max_steps\": 2000", with: "\"max_steps\": 20").utf8, to: template)
    // Who types the commands is slower than the agent's start; this script is not.
    let first = blocks[0].replacing(
      "dropforge status --root lab", with: "until dropforge status --root lab | grep 'agent running'; do sleep 0.1; done")
    #expect(first != blocks[0])
    let script = """
      set -eu
      PATH="\(Programs.folder):$PATH"
      trap 'kill %1; wait' EXIT
      \(first)
      until grep -qs '"state": "completed"' lab/workspace/jobs/shakespeare-char-1/status.json; do
        if grep -qs '"state": "error"' lab/workspace/jobs/shakespeare-char-1/status.json; then cat lab/workspace/jobs/*/status.json; exit 3; fi
        sleep 0.1
      done
      \(blocks[1])
      \(blocks[2])
      until test -s lab/workspace/configs/my-sft/config.json; do sleep 0.1; done
      """
    let ran = try await Programs.run("/bin/bash", ["-c", script], environment: ["LC_ALL": "C.UTF-8"], folder: work.path)
    #expect(ran.code == 0, "\(ran.output)\n\(ran.errors)")
    #expect(ran.output.contains("agent running"))
    #expect(ran.output.contains("Epoch 1/1 [Step 20/20] - loss: "))
    #expect(ran.output.contains("ROMEO:"))
    #expect(ran.output.contains("18 predictions"))
    #expect(ran.output.contains("my-sft.json"))
  }

  @Test func the_job_file_in_the_readme_has_no_errors() throws {
    let readme = String(decoding: try LinuxFileSystem().contents(of: Fixtures.repository.appending("README.md")), as: UTF8.self)
    let block = try #require(readme.components(separatedBy: "```json\n").dropFirst().first?.components(separatedBy: "```")[0])
    let (job, findings) = JobFile.decode(try JSONParser.parse(block), source: .none, fallbackName: "x")
    guard case .inline(let config)? = job?.config else {
      Issue.record("\(findings)")
      return
    }
    #expect(Configuration.decode(config, source: .none).1.isEmpty)
  }
}
