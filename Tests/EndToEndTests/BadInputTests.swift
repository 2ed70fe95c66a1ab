import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// What users drop by mistake: each gets an answer that they can act on, nothing is lost, and the agent goes on.
struct BadInputTests {
  @Test func bad_files_are_refused_with_what_where_why_and_the_mend() async throws {
    let agent = try await RunningAgent.start()
    let rows = String(repeating: "{\"text\": \"some row\"}\n", count: 500)
    let cut = Array(try ArchiveMaker.compressed(Array(rows.utf8), .gzip).prefix(40))
    let cases: [(name: String, kind: DropKind, bytes: [UInt8], message: String)] = [
      (
        "empty.csv", .dataset, [],
        "empty.csv: the file is empty. It has no bytes, or none but white space. Look whether the program that wrote it had finished, and drop it again."
      ),
      (
        "cut.jsonl.gz", .dataset, cut,
        "cut.jsonl.gz: the gzip file is cut off: it ends after 40 bytes, before its end is reached. The download or the copy was probably interrupted. Fetch or copy it again, compare the sizes, and drop the whole file."
      ),
      (
        "ragged.csv", .dataset, Array("question,answer\nq1,a1\nq2,a2,extra\nq3\n".utf8),
        "ragged.csv: 2 of 3 rows cannot be read; at most 5 % are tolerated. Row 3 (line 3, byte 22): 3 fields where the header has 2; row 4 (line 4, byte 34): 1 field where the header has 2. Mend these rows in the file and drop it again."
      ),
      (
        "comma.json", .dataset, Array("[{\"text\": \"one\"},\n {\"text\": \"two\"},]".utf8),
        "comma.json (line 2, character 17, byte 34): it is not valid JSON. A comma stands before the closing ]; JSON allows none there. Remove that comma and drop the file again."
      ),
      (
        "misspelt.json", .job,
        Array(#"{"nmae": "x", "dataset": "d", "config": {"training": {"method": "pretrain", "learning_rat": 0.1}}}"#.utf8),
        "misspelt.json, nmae (line 1): it has 2 errors. No such field in a job file. Did you mean \"name\"? And 1 more, listed below. Mend them and drop the file again; `dropforge check FILE` tells beforehand."
      ),
      (
        "half.json", .config, Array("{\"training\": {\n  \"method\": \"sft\"".utf8),
        "half.json (line 2, character 18, byte 32): half.json is not valid JSON. The text ends where a comma or } should stand. Mend that place in the file and drop it again."
      ),
    ]
    for (name, kind, bytes, message) in cases {
      try agent.drop(bytes, as: name, into: kind)
      let receipt = try await agent.receipt(name)
      #expect(receipt.status == .rejected)
      #expect(receipt.message == message)
      let folder = agent.layout.absolute(try #require(receipt.path))
      #expect(try agent.files.contents(of: folder.appending(name)) == bytes, "the drop lies beside its reason, unchanged")
      let reason = try agent.text(folder.appending("REASON.md"))
      #expect(reason.hasPrefix("# \(name) was not taken\n\n**What happened:** "))
      #expect(reason.split(separator: "\n", omittingEmptySubsequences: false).count < 30, "one screen")
    }
    // It goes on, and three rows are a dataset.
    let three = try await agent.dropAndWait("{\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"text\":\"c\"}\n", as: "three.jsonl", into: .dataset)
    #expect(three.status == .accepted)
    #expect(
      three.message
        == "Dataset 'three': 3 rows of text. Only 3 rows: enough to try things out, too few to learn from (10 or more are advised).")
    #expect(try agent.files.names(in: agent.layout.inbox.claimed).isEmpty)
    _ = try await agent.stop()
  }

  /// root may read everything: the agent runs as nobody then.
  @Test func a_file_that_may_not_be_read_is_refused_with_the_mend() async throws {
    let folder = try TemporaryFolder()
    var user: [String] = []
    if geteuid() == 0 {
      chown(folder.path.string, 65_534, 65_534)
      user = ["/usr/sbin/runuser", "-u", "nobody", "--"]
      let made = try await Programs.run(FilePath(user[0]), user.dropFirst() + [Programs.dropforge.string, "init", folder.path.string])
      try #require(made.code == 0, "\(made.errors)")
    }
    let agent = try await RunningAgent.start(on: folder, as: user)
    let hidden = agent.layout.inbox.folder(of: .dataset).appending(".closed.part")
    try agent.files.writeInPlace(Array(#"{"text": "secret"}"#.utf8), to: hidden)
    chmod(hidden.string, 0)
    try agent.files.rename(hidden, to: agent.layout.inbox.folder(of: .dataset).appending("closed.jsonl"))
    let receipt = try await agent.receipt("closed.jsonl")
    #expect(
      receipt.message
        == "closed.jsonl: the agent has no right to read it. Its permissions close it to the agent's user. Open it for reading (chmod a+r 'closed.jsonl') and drop it again."
    )
    #expect(agent.files.exists(agent.layout.absolute(try #require(receipt.path)).appending("closed.jsonl")))
    _ = try await agent.stop()
  }

  @Test func the_same_bytes_are_one_dataset_and_other_bytes_its_next_version() async throws {
    let agent = try await RunningAgent.start()
    _ = try await agent.dropAndWait("{\"text\":\"a\"}\n", as: "rows.jsonl", into: .dataset)
    let same = try await agent.dropAndWait("{\"text\":\"a\"}\n", as: "rows.jsonl", into: .dataset)
    #expect(same.status == .duplicate)
    #expect(same.message == "The same bytes are here already as version 1 of the dataset 'rows'. Nothing is stored twice.")
    let renamed = try await agent.dropAndWait("{\"text\":\"a\"}\n", as: "other.jsonl", into: .dataset)
    #expect(renamed.status == .duplicate && renamed.result == "rows")
    #expect(
      renamed.message
        == "The same bytes are here already as version 1 of the dataset 'rows'; the name 'other' now means it too. Nothing is stored twice."
    )
    let next = try await agent.dropAndWait("{\"text\":\"b\"}\n", as: "rows.jsonl", into: .dataset)
    #expect(next.status == .accepted && next.path == "workspace/datasets/rows/versions/2")
    _ = try await agent.stop()
  }
}
